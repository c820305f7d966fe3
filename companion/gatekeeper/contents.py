"""What a yes is bound to: the action, where it happens, under which variables, and the bytes of what it runs."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os.path
from collections.abc import Iterable
from dataclasses import dataclass

from companion.gatekeeper.ports import ScriptFiles
from companion.model.action import Action, FileAccess, ModelCall, ShellCommand, ToolCall, kind_of
from companion.model.exchange import Exchange
from companion.model.grant import Content, Script
from companion.policy.scripts import scripts_of


@dataclass(frozen=True, slots=True)
class Contents:
    """Takes an action's content as it is at this moment."""

    files: ScriptFiles

    async def take(self, exchange: Exchange) -> Content:
        """Reads the scripts from disk, off the loop."""
        action = exchange.action
        scripts: tuple[Script, ...] = ()
        if isinstance(action, ShellCommand) and (paths := scripts_of(action.command)):
            folder = action.cwd or exchange.origin.workspace
            scripts = await asyncio.to_thread(self.files.read, paths, folder)
        return Content(digest_of(action, exchange.origin.workspace, scripts), scripts)


def digest_of(action: Action, workspace: str, scripts: Iterable[Script] = ()) -> str:
    """The same for the same action in the same folder, whichever layer sees it."""
    parts = [kind_of(action)]
    match action:
        case ShellCommand(command=command, cwd=cwd, environment=environment):
            parts += [command, os.path.normpath(os.path.join(workspace, cwd)) if workspace or cwd else ""]  # noqa: PTH118
            parts += [f"{name}={value}" for name, value in environment]
        case FileAccess(path=path, operation=operation):
            parts += [operation.value, os.path.normpath(os.path.join(workspace, path))]  # noqa: PTH118
        case ToolCall(tool=tool, arguments=arguments):
            parts += [tool, _canonical(arguments), workspace]
        case ModelCall(model=model):
            parts += [model, workspace]
    parts += [f"{script.path}\0{script.sha256}" for script in scripts]
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        # With its length before it, no part can pose as two.
        digest.update(len(raw).to_bytes(8) + raw)
    return digest.hexdigest()


def _canonical(arguments: str) -> str:
    try:
        return json.dumps(json.loads(arguments or "{}"), sort_keys=True)
    except (ValueError, RecursionError):
        return arguments
