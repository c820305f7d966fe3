"""Programs that write or delete the files they are told to, as far as their options are known to be harmless."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from companion.model.facts import Effect, EffectKind
from companion.policy.shell.effects import NAMES, TEMPORARY, TREE, is_temporary
from companion.policy.shell.invocation import Finding, Invocation, delete, plain, read, write
from companion.policy.shell.options import Arguments, split
from companion.policy.shell.rules import apply
from companion.policy.shell.state import join
from companion.policy.shell.words import Value

_REMOVE = "r R f i I d v recursive force interactive~ dir verbose one-file-system preserve-root~ no-preserve-root"


def _understood(invocation: Invocation, options: str) -> tuple[Arguments, list[Finding]]:
    arguments = split(invocation.args, options)
    if arguments.unknown is None:
        return arguments, [effect for path in arguments.reads for effect in read(path)]
    return arguments, [invocation.refuse(arguments.unknown)]


def _touch(invocation: Invocation) -> Iterator[Finding]:
    arguments, findings = _understood(invocation, "a c m h f d= t= r< date= reference< no-create time=")
    yield from findings
    for path in arguments.operands:
        yield from write(path)


def _mkdir(invocation: Invocation) -> Iterator[Finding]:
    arguments, findings = _understood(invocation, "p v m= parents verbose mode=")
    yield from findings
    for path in arguments.operands:
        yield from write(path)


def _tee(invocation: Invocation) -> Iterator[Finding]:
    arguments, findings = _understood(invocation, "a i p append ignore-interrupts output-error~")
    yield from findings
    for path in arguments.operands:
        yield from write(path)
    if not arguments.operands:
        yield invocation.runs()


def _copy(invocation: Invocation) -> Iterator[Finding]:
    arguments, findings = _understood(
        invocation,
        "a r R p v n i f u d x recursive archive verbose no-clobber interactive force update~ preserve~ no-dereference",
    )
    yield from findings
    deep = arguments.has("a", "r", "R", "recursive", "archive")
    yield from _into(invocation, arguments.operands, code=TREE if deep else "", moves=False)


def _move(invocation: Invocation) -> Iterator[Finding]:
    arguments, findings = _understood(invocation, "v n i f u verbose no-clobber interactive force update~")
    yield from findings
    yield from _into(invocation, arguments.operands, code=TREE, moves=True)


def _into(invocation: Invocation, operands: tuple[Value, ...], *, code: str, moves: bool) -> Iterator[Finding]:
    if len(operands) < 2:
        yield invocation.rule("unknown-word", f"{invocation.name} without a goal")
        return
    *sources, goal = operands
    if moves and (goal.constant or "").startswith("/dev/"):
        yield from (effect for source in sources for effect in delete(source))
    yield from write(goal)
    for source in sources:
        yield from read(source, code)
        if moves:
            yield from write(source)
        # The goal may be a folder; then a file of the source's name in it is written.
        name = (source.constant or "").rstrip("/").rpartition("/")[2]
        if goal.constant and name not in {"", ".", ".."}:
            yield from write(Value(join(goal.constant, name), goal.start, goal.end))


_GENERATED = re.compile(
    r"(?:\./)?(?:[\w-][\w.-]*/)*(?:node_modules|dist|build|target|out|coverage|htmlcov|__pycache__|\.pytest_cache|\.mypy_cache"
    r"|\.ruff_cache|\.tox|\.nox|\.next|\.nuxt|\.turbo|\.parcel-cache|\.svelte-kit|\.cache|\.gradle|\.eggs|[\w-]+\.egg-info"
    r"|cmake-build-\w+|\.nyc_output|storybook-static|\.coverage)/?"
)


def _is_generated(path: Value) -> bool:
    """Whether builds and package managers make what is deleted, and would make it again."""
    return path.constant is not None and _GENERATED.fullmatch(path.constant) is not None


def _remove(invocation: Invocation) -> Iterator[Finding]:
    arguments, findings = _understood(invocation, _REMOVE)
    yield from findings
    if arguments.operands and all(_is_generated(path) for path in arguments.operands):
        for path in arguments.operands:
            yield Effect(EffectKind.DELETE, plain(path.text or ""), path.start, path.end, "generated-delete")
        return
    if not arguments.operands:
        yield invocation.runs()
        return
    elsewhere = all(
        path.below_temporary or (is_temporary(path.constant or "") and ".." not in (path.constant or ""))
        for path in arguments.operands
    )
    if arguments.has("r", "R", "f", "recursive", "force") and not elsewhere:
        yield invocation.rule("rm-recursive")
    deep = arguments.has("r", "R", "recursive")
    for path in arguments.operands:
        if path.below_temporary:
            yield from delete(replace(path, text=TEMPORARY + path.below_temporary, many=False), deep=deep)
            # Where the variable is not set, what follows it counts from the root.
            first = "/" + path.below_temporary.split("/")[1]
            yield apply("delete-at-root", first, path.start, path.end)
        else:
            yield from delete(path, deep=deep)


_SYNC = (
    "a v r n z h i u c t p o g D l H A X S x W P R q d k L m dry-run archive verbose recursive compress human-readable "
    "itemize-changes update checksum times perms links delete delete-before delete-after delete-during delete-delay "
    "delete-excluded force stats progress info= out-format= exclude= include= existing ignore-existing size-only "
    "no-motd max-size= min-size= list-only"
)


def _sync(invocation: Invocation) -> Iterator[Finding]:
    """`rsync -n` only says what it would do; hosts are asked by a program that options may name."""
    arguments = split(invocation.args, _SYNC)
    operands = arguments.operands
    local = all(path.constant is not None and ":" not in path.constant for path in operands)
    if arguments.unknown is not None or not arguments.has("n", "dry-run", "list-only") or not local:
        yield invocation.rule("file-change")
        for path in operands[:-1]:
            yield from read(path, TREE)
        return
    yield invocation.runs()
    for path in operands:
        yield from read(path, NAMES)


def _remove_folder(invocation: Invocation) -> Iterator[Finding]:
    arguments, findings = _understood(invocation, "p v parents verbose ignore-fail-on-non-empty")
    yield from findings
    yield invocation.rule("rm")
    for path in arguments.operands:
        yield from delete(path)


def _rights(invocation: Invocation) -> Iterator[Finding]:
    words = invocation.words
    deep = any(word.startswith("-") and not word.startswith("--") and "R" in word for word in words)
    yield invocation.rule("chmod-recursive" if deep or "--recursive" in words else "ownership")


WRITERS: dict[str, Callable[[Invocation], Iterator[Finding]]] = {
    "touch": _touch,
    "mkdir": _mkdir,
    "tee": _tee,
    "cp": _copy,
    "mv": _move,
    "rm": _remove,
    "rsync": _sync,
    "unlink": _remove_folder,
    "rmdir": _remove_folder,
    "chmod": _rights,
    "chown": _rights,
    "chgrp": _rights,
}
