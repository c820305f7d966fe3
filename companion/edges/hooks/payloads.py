"""What agents tell their hooks: which tool, with what, where, in whose session.

Shapes measured on Claude Code 2.1, Codex 0.169 and Cline 3.0; what Cline in VS Code sends was read in its source.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from companion.model.action import Tier

_LONGEST_SESSION = 80
_MOST_VARIABLES = 50
_LONGEST_VALUE = 4096


class BadPayload(ValueError):  # noqa: N818 - the caller blocks
    """Not what this agent's hook sends; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One tool call that is about to happen. `arguments` is JSON text, `cwd` absolute or ""."""

    client: str
    tool: str
    arguments: str
    cwd: str = ""
    session: str = ""
    tier: Tier | None = None
    """None where the agent does not say whether it plans."""
    workspace: str = ""
    """The folder that the session works in; "" where the hook does not say."""
    environment: tuple[tuple[str, str], ...] = ()
    """Variables that change what programs do, sorted by name; where somebody said them."""


_Payload = Mapping[str, Any]


def read_payload(agent: str, raw: bytes) -> Asked:
    """Raises BadPayload, also for an agent that is not known."""
    reader = READERS.get(agent)
    if reader is None:
        raise BadPayload(f"no agent {agent!r}; known are {', '.join(READERS)}")
    try:
        payload = json.loads(raw, object_pairs_hook=_once)
    except BadPayload:
        raise
    except (ValueError, RecursionError) as error:
        raise BadPayload("what the hook sent is not JSON") from error
    if not isinstance(payload, dict):
        raise BadPayload("what the hook sent is not an object")
    return reader(payload)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadPayload("what the hook sent names a key twice")
    return found


def _text(payload: _Payload, key: str) -> str:
    found = payload.get(key, "")
    if found is None:
        return ""
    if not isinstance(found, str):
        raise BadPayload(f"{key}: expected a string")
    return found


def _needed(payload: _Payload, key: str) -> str:
    if found := _text(payload, key):
        return found
    raise BadPayload(f"{key} is missing")


def _folder(given: str) -> str:
    """An absolute folder that bounds something; else ""."""
    absolute = PurePosixPath(given).is_absolute() or PureWindowsPath(given).is_absolute()
    return given if given.isprintable() and absolute else ""


def _arguments(given: Any) -> str:
    if not isinstance(given, dict):
        raise BadPayload("the tool's input is not an object")
    return json.dumps(given, ensure_ascii=False)


def _claude(payload: _Payload) -> Asked:
    planning = _text(payload, "permission_mode") == "plan"
    return Asked(
        "claude",
        _needed(payload, "tool_name"),
        _arguments(payload.get("tool_input")),
        _folder(_text(payload, "cwd")),
        _text(payload, "session_id")[:_LONGEST_SESSION],
        Tier.PLAN if planning else Tier.ACT,
    )


def _codex(payload: _Payload) -> Asked:
    """Codex calls each of its shell tools "Bash"; a patch comes as the command of `apply_patch`."""
    tool, given = _needed(payload, "tool_name"), payload.get("tool_input")
    if tool == "apply_patch" and isinstance(given, dict) and isinstance(given.get("command"), str):
        given = {"patch": given["command"]}
    planning = _text(payload, "permission_mode") == "plan"
    return Asked(
        "codex",
        tool,
        _arguments(given),
        _folder(_text(payload, "cwd")),
        _text(payload, "session_id")[:_LONGEST_SESSION],
        Tier.PLAN if planning else None,
    )


def _cline(payload: _Payload) -> Asked:
    """From the plugin, which has the tool's input as it is; or from a hook file, where VS Code makes it all text."""
    if "toolName" in payload:
        tool, given = _needed(payload, "toolName"), payload.get("input")
    elif isinstance(call := payload.get("tool_call"), dict):
        tool, given = _needed(call, "name"), call.get("input")
    elif isinstance(call := payload.get("preToolUse"), dict):
        tool, given = _needed(call, "toolName"), call.get("parameters")
        given = {key: _unpacked(value) for key, value in given.items()} if isinstance(given, dict) else given
    else:
        raise BadPayload("toolName is missing")
    roots = payload.get("workspaceRoots")
    folder = roots[0] if isinstance(roots, list) and roots and isinstance(roots[0], str) else _text(payload, "cwd")
    return Asked("cline", tool, _arguments(given), _folder(folder))


def _unpacked(value: Any) -> Any:
    """Lists and objects that were made text; any other text stays."""
    if isinstance(value, str) and value[:1] in {"[", "{"}:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _run(payload: _Payload) -> Asked:
    """A person's own terminal: `companion run` and `companion shell`."""
    environment = payload.get("environment", {})
    if not isinstance(environment, dict) or len(environment) > _MOST_VARIABLES:
        raise BadPayload("environment: expected an object with few names")
    variables = tuple(sorted((name, _text(environment, name)[:_LONGEST_VALUE]) for name in environment))
    return Asked(
        "terminal",
        "Bash",
        _arguments({"command": _needed(payload, "command")}),
        _folder(_needed(payload, "cwd")),
        _text(payload, "session")[:_LONGEST_SESSION],
        Tier.ACT,
        _folder(_text(payload, "workspace")),
        variables,
    )


READERS: Mapping[str, Callable[[_Payload], Asked]] = {
    "claude": _claude,
    "codex": _codex,
    "cline": _cline,
    "terminal": _run,
}
