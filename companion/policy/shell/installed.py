"""Programs that the project has installed for itself: what `npx x` runs, and paths such as node_modules/.bin/x.

They are code of the project, and are judged as what they are called beside that. One that is not installed would be
fetched, and is not known here.
"""

from __future__ import annotations

import posixpath
import re

from companion.policy.shell.builds import is_there, ran
from companion.policy.shell.invocation import Finding, Inner, Invocation, Look
from companion.policy.shell.options import split
from companion.policy.shell.words import Value

_NODE_PROGRAMS = "node_modules/.bin"
_NAME = re.compile(r"[a-z0-9][\w.-]*")
_RUNNERS = {"npx": "", "bunx": "", "pnpx": "", "npm": "exec x", "pnpm": "exec", "yarn": "exec run", "bun": "x"}
"""With the words behind which a program's name stands."""
_BARE = frozenset({"yarn", "pnpm"})
"""Those that take the name of a program for one of their commands."""
_OPTIONS = {"npx": "y yes no no-install q quiet prefer-offline offline", "bunx": "bun silent"}
_NODE_TOOLS = frozenset("tsc eslint jest vitest mocha playwright vite prettier".split())  # noqa: SIM905 - a list of words
_OF_YARN = re.compile(r"--(?:cwd|use-yarnrc|modules-folder|registry|script-shell)\b")

_WRAPPERS = {"gradlew": "gradle", "mvnw": "mvn"}
_PYTHON_PROGRAMS = frozenset(
    {"python", "python3", "pytest", "mypy", "ruff", "black", "isort", "pyright", "tox", "nox", "hatch"}
)
_PROGRAMS = {
    _NODE_PROGRAMS: _NODE_TOOLS,
    "vendor/bin": frozenset({"phpunit"}),
    **dict.fromkeys((".venv/bin", "venv/bin"), _PYTHON_PROGRAMS),
}
"""Folders in which a project has programs, with those of them that are known."""
_ACTIVATE = re.compile(r"(?:\./)?\.?venv/bin/activate")


def judge_activation(invocation: Invocation) -> list[Finding] | None:
    """`source .venv/bin/activate`: code of the project as its programs are, which come first from then on."""
    path = invocation.args[0].constant if len(invocation.args) == 1 else None
    if invocation.look is None or path is None or not _ACTIVATE.fullmatch(path):
        return None
    text = invocation.look(posixpath.normpath(path))
    if text is None or "VIRTUAL_ENV" not in text or "deactivate" not in text:
        return None
    return list(ran(invocation, path))


def judge_installed(invocation: Invocation) -> list[Finding] | None:
    """What a runner of installed programs runs; None where it would fetch one, or nobody can say."""
    words = [None if arg.glob or arg.many else arg.text for arg in invocation.args]
    if invocation.name not in _RUNNERS or not words or invocation.look is None:
        return None
    behind = _RUNNERS[invocation.name].split()
    if not behind:
        arguments = split(invocation.args, _OPTIONS.get(invocation.name, ""), first=True)
        rest = None if arguments.unknown is not None else arguments.operands
    elif words[0] in behind:
        rest = _behind(invocation)
    else:
        rest = invocation.args if invocation.name in _BARE and words[0] in _NODE_TOOLS else None
    name = rest[0].constant if rest else None
    if not rest or name is None or not _NAME.fullmatch(name):
        return None
    if invocation.name == "yarn" and any(_OF_YARN.match(arg.text or "--cwd") for arg in rest):
        return None
    if not is_there(invocation.look, f"{_NODE_PROGRAMS}/{name}"):
        return None
    return [*ran(invocation, name), Inner(rest, invocation.feed)]


def _behind(invocation: Invocation) -> tuple[Value, ...] | None:
    """The program's words behind `exec`. npm takes options for its own wherever they stand before a `--`."""
    rest = invocation.args[1:]
    if rest and rest[0].constant == "--":
        return rest[1:]
    if invocation.name == "npm" and any((arg.text or "-").startswith("-") for arg in rest):
        return None
    return rest


def named_by_path(path: str, look: Look | None) -> str | None:
    """The name of a program that the project has at this path; None where it is none that is known."""
    path = posixpath.normpath(path)
    folder, _, name = path.rpartition("/")
    if look is None or path.startswith("/") or not is_there(look, path):
        return None
    if not folder:
        return _WRAPPERS.get(name)
    return name if name in _PROGRAMS.get(folder, ()) else None
