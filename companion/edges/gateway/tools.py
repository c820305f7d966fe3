"""The one table that maps an agent's tool and arguments to actions.

Sources: the tool lists that Cline 3.0, Claude Code 2.1 and Codex 0.169 offer to a model. A tool that is not here is a
ToolCall under its own name; arguments that cannot be read are refused.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from companion.edges.gateway.tooluse import Form, ToolUse
from companion.model.action import Action, FileAccess, Operation, ShellCommand, ToolCall
from companion.policy.guards.tools import TOOLS


class Unreadable(ValueError):  # noqa: N818 - a verdict in waiting
    """Arguments that two readers could read in two ways, or not at all. The message is for the model."""


@dataclass(frozen=True, slots=True)
class Part:
    """One action of a call. `place` is its index in the list under `list_key`, None when it is the whole call."""

    action: Action
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A call as actions. With a `list_key`, single entries of that list can be refused and the rest go on."""

    parts: tuple[Part, ...]
    list_key: str = ""
    commands: bool = False
    """Whether the list holds commands, so that a refusal can take an entry's place."""


_Arguments = dict[str, Any]
_Reader = Callable[[_Arguments], Reading]

_LONGEST_NAME = 256

_PATCH_FILE = re.compile(
    r"^\s*\*\*\* (Add|Update|Delete) File: (.+?)\s*$|^\s*\*\*\* (Move) to: (.+?)\s*$", re.MULTILINE
)


def parse_arguments(text: str) -> _Arguments:
    """The arguments as an object. Raises Unreadable, also for a key that stands twice: readers differ on which wins."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise Unreadable("the tool call's arguments name a key twice")
        return found

    try:
        arguments = json.loads(text or "{}", object_pairs_hook=once)
    except Unreadable:
        raise
    except (ValueError, RecursionError) as error:
        raise Unreadable("the tool call's arguments are not valid JSON") from error
    if not isinstance(arguments, dict):
        raise Unreadable("the tool call's arguments are not an object")
    return arguments


def read_use(use: ToolUse) -> Reading:
    """The actions of a call. Raises Unreadable."""
    if not use.name.isprintable() or len(use.name) > _LONGEST_NAME:
        raise Unreadable("the tool call's name is no name of a tool")
    if use.form is Form.CUSTOM:
        if use.name == "apply_patch":
            return _patch(use.arguments)
        return Reading((Part(ToolCall(use.name, json.dumps(use.arguments))),))
    reader = _READERS.get(use.name)
    if reader is None:
        parse_arguments(use.arguments)
        return Reading((Part(ToolCall(use.name, use.arguments or "{}")),))
    return reader(parse_arguments(use.arguments))


def actions_of(name: str, arguments: str) -> tuple[Action, ...]:
    """The actions of a call that somebody tells of by name. Raises Unreadable."""
    return tuple(part.action for part in read_use(ToolUse(None, name, arguments)).parts)


def _one_of(arguments: _Arguments, keys: tuple[str, ...]) -> str:
    """Which of the spellings of an argument is used. Raises Unreadable for two at once: agents differ on which wins."""
    used = [key for key in keys if arguments.get(key) is not None]
    if len(used) > 1:
        raise Unreadable(f"the arguments {' and '.join(used)} say the same thing twice")
    return used[0] if used else ""


def _text(arguments: _Arguments, *keys: str) -> str:
    key = _one_of(arguments, keys)
    if not key:
        raise Unreadable(f"the argument {keys[0]} is missing")
    if not isinstance(arguments[key], str):
        raise Unreadable(f"the argument {key} is not a string")
    return str(arguments[key])


def _optional(arguments: _Arguments, *keys: str) -> str:
    return _text(arguments, *keys) if _one_of(arguments, keys) else ""


def _only(arguments: _Arguments, *keys: str) -> None:
    """Raises Unreadable for an argument that is not among `keys`: nobody knows what the agent makes of it."""
    unknown = arguments.keys() - set(keys)
    if unknown:
        raise Unreadable(f"the argument {min(unknown)} is not known here")


def _command(*keys: str) -> _Reader:
    def read(arguments: _Arguments) -> Reading:
        cwd = _optional(arguments, "workdir", "cwd", "directory", "dir_path")
        return Reading((Part(ShellCommand(_text(arguments, *keys), cwd)),))

    return read


def _exec(arguments: _Arguments) -> Reading:
    if _optional(arguments, "shell").rsplit("/", 1)[-1] not in {"", "sh", "bash", "zsh", "dash"}:
        return Reading((Part(ToolCall("exec_command", json.dumps(arguments))),))
    return _command("cmd", "command")(arguments)


def _argv(arguments: _Arguments) -> Reading:
    argv = arguments.get("command")
    if isinstance(argv, str):
        return _command("command")(arguments)
    if not isinstance(argv, list) or not argv or not all(isinstance(word, str) for word in argv):
        raise Unreadable("the argument command is not a list of strings")
    if arguments.get("env") or arguments.get("user"):
        return Reading((Part(ToolCall("local_shell", json.dumps(arguments))),))
    cwd = _optional(arguments, "workdir", "cwd", "working_directory")
    script_at = 2
    if len(argv) == script_at + 1 and argv[0].rsplit("/", 1)[-1] in {"sh", "bash", "zsh"} and argv[1] in {"-c", "-lc"}:
        return Reading((Part(ShellCommand(argv[script_at], cwd)),))
    return Reading((Part(ShellCommand(shlex.join(argv), cwd)),))


def _commands(arguments: _Arguments) -> Reading:
    commands = arguments.get(_one_of(arguments, ("commands", "command", "cmd")))
    cwd = _optional(arguments, "cwd", "workdir", "directory")
    if isinstance(commands, str):
        return Reading((Part(ShellCommand(commands, cwd)),))
    if not isinstance(commands, list) or not commands:
        raise Unreadable("the argument commands is not a list of strings")
    parts = []
    for place, entry in enumerate(commands):
        if isinstance(entry, dict):
            _only(entry, "command", "cwd")
            parts.append(Part(ShellCommand(_text(entry, "command"), _optional(entry, "cwd") or cwd), place))
        elif isinstance(entry, str):
            parts.append(Part(ShellCommand(entry, cwd), place))
        else:
            raise Unreadable("the argument commands is not a list of strings")
    return Reading(tuple(parts), "commands", commands=True)


def _file(operation: Operation, *keys: str) -> _Reader:
    return lambda arguments: Reading((Part(FileAccess(_text(arguments, *keys), operation)),))


def _folder(operation: Operation, *keys: str) -> _Reader:
    return lambda arguments: Reading((Part(FileAccess(_optional(arguments, *keys) or ".", operation)),))


def _files(arguments: _Arguments) -> Reading:
    key = _one_of(arguments, ("files", "file_paths", "paths"))
    entries = arguments.get(key)
    if not isinstance(entries, list) or not entries:
        raise Unreadable("read_files names no list of files")
    paths = [_text(entry, "path", "file_path") if isinstance(entry, dict) else entry for entry in entries]
    if not all(isinstance(path, str) for path in paths):
        raise Unreadable("read_files names no list of files")
    parts = tuple(Part(FileAccess(path, Operation.READ), place) for place, path in enumerate(paths))
    return Reading(parts, key)


_NAMED_PATH = re.compile(r"<path>([^<>]*)</path>")


def _read_file(arguments: _Arguments) -> Reading:
    """One file; or several, as calls that are written as text name them."""
    if "args" not in arguments:
        return _file(Operation.READ, "path", "file_path", "absolute_path")(arguments)
    named = _text(arguments, "args")
    paths = [path.strip() for path in _NAMED_PATH.findall(named)]
    if not paths or len(paths) != named.count("<path"):
        raise Unreadable("read_file names no list of files")
    return Reading(tuple(Part(FileAccess(path, Operation.READ)) for path in paths))


def _glob(arguments: _Arguments) -> Reading:
    """A pattern that leads elsewhere is looked at as a path of its own."""
    folder, pattern = _optional(arguments, "path") or ".", _optional(arguments, "pattern")
    parts = [Part(FileAccess(folder, Operation.LIST))]
    if pattern.startswith(("/", "~", "\\")) or ".." in pattern or pattern[1:2] == ":":
        parts.append(Part(FileAccess(pattern, Operation.LIST)))
    return Reading(tuple(parts))


def _patch(patch: str) -> Reading:
    operations = {"Add": Operation.WRITE, "Update": Operation.WRITE, "Move": Operation.WRITE}
    parts = [
        Part(FileAccess(match[2] or match[4], operations.get(match[1] or match[3], Operation.DELETE)))
        for match in _PATCH_FILE.finditer(patch)
    ]
    if not parts:
        raise Unreadable("the patch names no file")
    return Reading(tuple(parts))


def _write_stdin(arguments: _Arguments) -> Reading:
    characters = arguments.get("chars") or ""
    name = "write_stdin_poll" if characters == "" else "write_stdin"
    return Reading((Part(ToolCall(name, json.dumps(arguments))),))


_READERS: dict[str, _Reader] = {
    # Cline
    "run_commands": _commands,
    "execute_command": _command("command"),
    "read_files": _files,
    "read_file": _read_file,
    "editor": _file(Operation.WRITE, "path"),
    "write_to_file": _file(Operation.WRITE, "path"),
    "replace_in_file": _file(Operation.WRITE, "path"),
    "apply_diff": _file(Operation.WRITE, "path"),
    "insert_content": _file(Operation.WRITE, "path"),
    "list_files": _folder(Operation.LIST, "path"),
    "list_code_definition_names": _folder(Operation.SEARCH, "path"),
    "search_files": _folder(Operation.SEARCH, "path"),
    "search_codebase": _folder(Operation.SEARCH, "path"),
    # Claude Code
    "Bash": _command("command"),
    "Read": _file(Operation.READ, "file_path"),
    "Write": _file(Operation.WRITE, "file_path"),
    "Edit": _file(Operation.WRITE, "file_path"),
    "MultiEdit": _file(Operation.WRITE, "file_path"),
    "NotebookRead": _file(Operation.READ, "notebook_path"),
    "NotebookEdit": _file(Operation.WRITE, "notebook_path"),
    "Glob": _glob,
    "LS": _folder(Operation.LIST, "path"),
    "Grep": _folder(Operation.SEARCH, "path"),
    # Codex
    "exec_command": _exec,
    "shell_command": _command("command"),
    "shell": _argv,
    "local_shell": _argv,
    "write_stdin": _write_stdin,
    "view_image": _file(Operation.READ, "path"),
    "apply_patch": lambda arguments: _patch(_text(arguments, "input", "patch")),
    # Gemini CLI
    "run_shell_command": _command("command"),
}

KNOWN_TOOLS = frozenset({*_READERS, *TOOLS})
"""Every tool that is known by name."""
