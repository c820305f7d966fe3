"""How agents ask companion before they run something: the commands and files that `companion connect` sets."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from companion.cli import hook
from companion.places import Places

HOOK_SECONDS = 86_700
"""How long an agent waits for its hook: longer than the hook waits for a person, because an agent whose patience ends
runs the command."""

OR_BLOCK = " || { echo 'companion did not let this run' >&2; exit 2; }"

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_ASKING_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file that is companion's alone, beside an agent's settings."""

    path: str
    content: str
    mode: int = 0o600


def hook_command(agent: str, places: Places) -> str:
    """For a shell. Whatever ends the hook but its own yes ends with 2 and a word, which agents take for a no.

    Codex runs the command after a 2 without a word.
    """
    # By absolute paths, as the agent's own environment finds nothing reliably; without site, which takes time.
    words = [sys.executable, "-I", "-S", str(Path(hook.__file__).resolve()), agent, where(places)]
    return f"{shlex.join(words)}{OR_BLOCK}"


def where(places: Places) -> str:
    return str(places.agent_socket if sys.platform != "win32" else places.discovery)


def version_of(program: str, environ: Mapping[str, str]) -> tuple[int, int, int] | None:
    """What an agent's program says of itself; None where it is not there, or does not say."""
    found = shutil.which(program, path=environ.get("PATH"))
    if found is None:
        return None
    try:
        done = subprocess.run(
            [found, "--version"],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_ASKING_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    numbers = _VERSION.search(done.stdout)
    return (int(numbers[1]), int(numbers[2]), int(numbers[3])) if numbers else None


def group(handler: dict[str, Any]) -> dict[str, Any]:
    """A hook for every tool, in the layout that Claude Code and Codex share."""
    return {"matcher": "*", "hooks": [handler]}


def listed(document: Any, *path: str) -> list[Any]:
    """The list at a path; [] for anything else."""
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return list(document) if isinstance(document, list) else []


def codex_hash(group: dict[str, Any]) -> str:
    """What Codex 0.169 calls the hash of a hook that somebody trusts: of its event, matcher and one handler."""
    [handler] = group["hooks"]
    told = {"event_name": "pre_tool_use", "matcher": group["matcher"], "hooks": [{"async": False, **handler}]}
    return (
        "sha256:"
        + hashlib.sha256(
            json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        ).hexdigest()
    )


def codex_hooks(program: str, folder: Path, environ: Mapping[str, str]) -> list[dict[str, Any]] | None:
    """The hooks that Codex itself says it has, with `command` and `trustStatus`; None where it does not say."""
    found = shutil.which(program, path=environ.get("PATH"))
    if found is None:
        return None
    info = {"name": "companion", "title": "companion", "version": "1"}
    lines: list[dict[str, Any]] = [
        {"id": 1, "method": "initialize", "params": {"clientInfo": info, "capabilities": {"experimentalApi": True}}},
        {"method": "initialized"},
        {"id": 2, "method": "hooks/list", "params": {"cwds": [str(folder)]}},
    ]
    said = "".join(json.dumps({"jsonrpc": "2.0", **line}) + "\n" for line in lines)
    try:
        return _answer(found, said, dict(environ) | {"CODEX_HOME": str(folder)})
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def _answer(program: str, said: str, environ: dict[str, str]) -> list[dict[str, Any]] | None:
    process = subprocess.Popen(
        [program, "app-server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environ,
        start_new_session=os.name == "posix",
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(said)
        process.stdin.flush()
        for line in process.stdout:
            message = json.loads(line)
            if message.get("id") == 2:
                data = message.get("result", {}).get("data", [])
                return [hook for entry in data for hook in entry.get("hooks", [])]
        return None
    finally:
        process.kill()
        process.communicate()
