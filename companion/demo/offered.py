"""The tools that an agent offers, and which call of them carries out a step."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from companion.demo.play import Read, Run, Step, Tool, Write


@dataclass(frozen=True, slots=True)
class Offered:
    """One tool of a request. `custom` tools (Responses only) take plain text instead of JSON."""

    name: str
    custom: bool = False
    namespace: str = ""
    properties: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it goes on the wire: `arguments` is JSON text, or the plain input of a custom tool."""

    name: str
    arguments: str
    custom: bool = False
    namespace: str = ""


Tools = Mapping[str, Offered]


def offered_tools(body: Mapping[str, Any]) -> dict[str, Offered]:
    """By name, from a request body of any of the three dialects. What has no name (a server's own tool) is left out."""
    found: dict[str, Offered] = {}
    for tool in body.get("tools") or ():
        if not isinstance(tool, dict):
            continue
        if tool.get("type") == "namespace":
            inner, space = tool.get("tools") or (), str(tool.get("name", ""))
        else:
            inner, space = (tool,), ""
        for entry in inner:
            if isinstance(entry, dict) and (one := _offered(entry, space)):
                found[one.name] = one
    return found


def _offered(tool: Mapping[str, Any], namespace: str) -> Offered | None:
    function = tool.get("function")
    spec = function if isinstance(function, dict) else tool
    name = spec.get("name")
    if not isinstance(name, str):
        return None
    schema = spec.get("parameters") or spec.get("input_schema")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return Offered(name, tool.get("type") == "custom", namespace, frozenset(properties or ()))


def call_for(step: Step, tools: Tools) -> Call | None:
    """The call that carries out `step`, or None where none of the tools can. A Say needs no call."""
    match step:
        case Read(path):
            return _read(path, tools) or _run(f"cat {shlex.quote(path)}", tools)
        case Write(path, text):
            return _write(path, text, tools) or _run(_shell_write(path, text), tools)
        case Run(command):
            return _run(command, tools)
        case Tool(name, arguments):
            return _call(tools, name, arguments) if name in tools else None
        case _:
            return None


def _read(path: str, tools: Tools) -> Call | None:
    if "read_files" in tools:
        return _call(tools, "read_files", {"files": [{"path": path}]})
    if "Read" in tools:
        return _call(tools, "Read", {"file_path": path})
    return None


def _write(path: str, text: str, tools: Tools) -> Call | None:
    if "Write" in tools:
        return _call(tools, "Write", {"file_path": path, "content": text})
    if "editor" in tools:
        return _call(tools, "editor", {"path": path, "new_text": text})
    if "apply_patch" in tools:
        lines = "".join(f"+{line}\n" for line in text.splitlines())
        patch = f"*** Begin Patch\n*** Add File: {path}\n{lines}*** End Patch"
        return _call(tools, "apply_patch", {"input": patch}, plain=patch)
    return None


def _shell_write(path: str, text: str) -> str:
    folder = str(PurePosixPath(path).parent)
    make = "" if folder == "." else f"mkdir -p {shlex.quote(folder)} && "
    return f"{make}printf %s {shlex.quote(text)} > {shlex.quote(path)}"


def _run(command: str, tools: Tools) -> Call | None:
    if "run_commands" in tools:
        return _call(tools, "run_commands", {"commands": [command]})
    if "Bash" in tools:
        return _call(tools, "Bash", {"command": command, "description": "Run a command"})
    if "exec_command" in tools:
        return _call(tools, "exec_command", {"cmd": command})
    if "shell" in tools:
        return _call(tools, "shell", {"command": ["bash", "-lc", command]})
    return None


def _call(tools: Tools, name: str, arguments: Mapping[str, Any], *, plain: str = "") -> Call:
    tool = tools[name]
    text = plain if tool.custom and plain else json.dumps(arguments, ensure_ascii=False)
    return Call(name, text, tool.custom, tool.namespace)
