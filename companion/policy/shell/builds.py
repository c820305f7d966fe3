"""Whether a call of a builder, a tester or a formatter stays in the project, by the words that are known of it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from companion.policy.shell.builders import BUILDERS, ENTRIES, Build
from companion.policy.shell.effects import PLACE, is_system_file
from companion.policy.shell.invocation import Finding, Invocation, Look, UnreadableFile, read, write
from companion.policy.shell.state import join
from companion.policy.shell.testers import TESTERS
from companion.policy.shell.tools import named_files
from companion.policy.shell.words import Value

_NAME = re.compile(r"[\w:+-]+(?:,[\w:+-]+)*")
_GIVEN = re.compile(r"(--?[A-Za-z][\w.-]*)=(.*)", re.DOTALL)
_PROJECT = (
    ".git/HEAD package.json pyproject.toml setup.py Cargo.toml go.mod pom.xml build.gradle build.gradle.kts Makefile "
    "CMakeLists.txt composer.json Gemfile mix.exs pubspec.yaml Package.swift build.sbt deno.json"
)


BUILDS = BUILDERS | TESTERS


def is_project(look: Look | None) -> bool:
    """Whether the folder is that of a project, or of its repository."""
    return has_file(look, _PROJECT)


def judge_build(invocation: Invocation) -> list[Finding] | None:
    """The findings of a build, a test or a formatter that stays in the project; None where it is not known to."""
    for build in BUILDS.get(invocation.name, ()):
        called = _take_apart(build, invocation.args)
        if called is not None and has_file(invocation.look, build.files, called.folder):
            return [
                *ran(invocation, build.first and called.first),
                *(effect for path in called.written for effect in write(path)),
                *(named_files(invocation) if build.paths else ()),
            ]
    return None


def judge_entry(invocation: Invocation, args: tuple[Value, ...]) -> list[Finding] | None:
    """The findings of `python manage.py test` and its like; None where it is another script, or does something else."""
    name = args[0].constant if args else None
    name = name.removeprefix("./") if name is not None else None
    if name not in ENTRIES or invocation.look is None or len(args) < 2:
        return None
    marks, builds = ENTRIES[name]
    if marks.search(invocation.look(name) or "") is None:
        return None
    if all(_take_apart(build, args[1:]) is None for build in builds):
        return None
    return [*ran(invocation, name), *named_files(invocation)]


def ran(invocation: Invocation, told: str = "") -> Iterator[Finding]:
    """A run of the project's code, in a folder that has to be one of the project."""
    yield invocation.rule("project-run", " ".join(filter(None, [invocation.name, told])))
    yield from read(Value(".", invocation.start, invocation.end), PLACE)


def has_file(look: Look | None, files: str, folder: str = "") -> bool:
    """Whether one of the files lies in the folder; "" needs none."""
    return not files or (
        look is not None and any(is_there(look, posixpath.normpath(join(folder, file))) for file in files.split())
    )


def is_there(look: Look, file: str) -> bool:
    try:
        return look(file) is not None
    except UnreadableFile:
        return True


def is_own(path: str) -> bool:
    """Whether a path leads into the project, as far as its words say; reads of it are judged beside that."""
    return (
        path[:1] not in {"", "-", "@", "~", "+", "!"}
        and ".." not in path.split("/")
        and "://" not in path
        and not is_system_file(path, names_only=False)
    )


@dataclass(slots=True)
class _Call:
    """What the words of a call come to."""

    folder: str = ""
    first: str = ""
    written: list[Value] = field(default_factory=list[Value])


def _take_apart(build: Build, args: Iterable[Value]) -> _Call | None:
    """What the words come to; None where one of them is not among those that are known."""
    call, operands, needed = _Call(), 0, not build.needs
    waiting = iter(args)
    for arg in waiting:
        text = arg.text
        if text is None or arg.many or (arg.glob and (text[:1] in "*?[-" or build.words is not None)):
            return None
        if text == "--" and build.behind:
            known = all(_matches(build.behind, rest.constant or "") for rest in waiting)
            return call if known and needed and (operands or not build.first) else None
        if not text.startswith("-") or text == "-":
            operands += 1
            first = bool(build.first) and operands == 1
            if not (_matches(build.first, text) if first else _is_operand(build, text)):
                return None
            call.first = call.first or text
            continue
        needed = needed or text.partition("=")[0] == build.needs
        if _matches(build.flags, text) or (text == build.needs and not _takes_value(build, text)):
            continue
        given = _GIVEN.fullmatch(text)
        name, value = given.groups() if given else (text, None)
        following: Value | None = arg
        if value is None:
            following = next(waiting, None)
            value = following.constant if following is not None else None
        if value is None or following is None or not _may_be(build, name, value):
            return None
        if _matches(build.folder, name):
            call.folder = value
        if _matches(build.writes, name):
            call.written.append(Value(value, following.start, following.end))
    return call if needed and (operands or not build.first) else None


def _takes_value(build: Build, name: str) -> bool:
    return any(_matches(known, name) for known in (build.valued, build.named, build.places, build.folder, build.writes))


def _may_be(build: Build, name: str, value: str) -> bool:
    if _matches(build.pairs, f"{name} {value}"):
        return True
    if not _takes_value(build, name):
        return False
    if _matches(build.valued, name):
        return not value.startswith("-")
    if _matches(build.named, name):
        return _NAME.fullmatch(value) is not None and not value.startswith("-")
    return is_own(value) and not value.startswith("/")


def _is_operand(build: Build, text: str) -> bool:
    return is_own(text) if build.words is None else _matches(build.words, text)


def _matches(pattern: str, text: str) -> bool:
    return bool(pattern) and re.fullmatch(pattern, text) is not None
