"""git commands that change the own repository in ways that git itself takes back, and those that talk to a remote."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.policy.shell.invocation import Finding, Invocation, read
from companion.policy.shell.options import Arguments, split
from companion.policy.shell.words import Value

_LOCAL: dict[str, str] = {
    "add": "v n i p e u verbose dry-run interactive patch intent-to-add N refresh chmod=",
    "commit": "m= message= a all v verbose q quiet s signoff allow-empty S~ no-gpg-sign dry-run",
    "checkout": "b= q quiet t track~ no-track l progress no-progress orphan=",
    "switch": "c= create= q quiet t track~ no-track guess no-guess orphan= progress no-progress",
    "branch": "q quiet t track~ no-track d u= set-upstream-to= unset-upstream",
    "tag": "a m= message= s annotate",
    "stash": "q quiet m= message= k keep-index u include-untracked p patch S staged",
}
"""Subcommands, with the options under which git loses nothing by them."""

_NAME = re.compile(r"[A-Za-z0-9][\w./@{}^~-]*")
_REMOTE = re.compile(r"[A-Za-z0-9][\w.-]*")
_FETCH = "all a append depth= deepen= unshallow t tags n no-tags p prune P prune-tags q quiet v verbose j= jobs= dry-run progress atomic"
_LS_REMOTE = "h heads branches t tags refs q quiet exit-code get-url sort= symref"
_BRANCHES = frozenset({"main", "master", "develop", "dev", "trunk", "-"})
_HELP = frozenset({"--help", "-h"})


def judge_local(invocation: Invocation, name: str) -> Iterator[Finding] | None:
    """The findings of a subcommand that loses nothing; None for every other call."""
    args, words = invocation.args, invocation.words
    if words[-1:] and words[-1] in _HELP and all(_NAME.fullmatch(word) for word in words[:-1]):
        return iter((invocation.runs(),))
    if name == "fetch" and _names_remotes(split(args, _FETCH)):
        return iter((invocation.rule("git-fetch", "git fetch"),))
    if name == "ls-remote" and _names_remotes(split(args, _LS_REMOTE)):
        return iter((invocation.rule("git-fetch", "git ls-remote"),))
    if name not in _LOCAL:
        return None
    if name == "stash" and words[:1] in {("push",), ("save",)}:
        args = args[1:]
    arguments = split(args, _LOCAL[name])
    if arguments.unknown is not None or not _loses_nothing(name, arguments):
        return None
    return _told(invocation, name, arguments)


def _told(invocation: Invocation, name: str, arguments: Arguments) -> Iterator[Finding]:
    yield invocation.rule("git-local", f"git {name}")
    if name == "add":
        for operand in arguments.operands:
            yield from read(operand)


def _names_remotes(arguments: Arguments) -> bool:
    """A remote by its name: an address may name a program to run."""
    return arguments.unknown is None and all(_REMOTE.fullmatch(one.constant or "") for one in arguments.operands[:1]) and all(
        re.fullmatch(r"[\w./-]+", one.constant or "") for one in arguments.operands[1:]
    )


def _loses_nothing(name: str, arguments: Arguments) -> bool:
    operands = [one.constant for one in arguments.operands]
    named = all(one is not None and _NAME.fullmatch(one) for one in operands)
    match name:
        case "add":
            # Whole folders may hold what nobody meant to publish.
            return bool(operands) and all(one not in {None, ".", "./", "*", ":/"} for one in operands) and not any(
                one.glob for one in arguments.operands
            )
        case "commit":
            return arguments.has("m", "message") and not operands and not arguments.has("S", "patch")
        case "checkout":
            if not arguments.has("b", "orphan"):
                # Any other name may be that of a file, whose changes would be lost.
                return len(operands) == 1 and operands[0] in _BRANCHES
            return named and len(operands) <= 1
        case "switch":
            return named and len(operands) <= 1
        case "branch":
            fine = named and len(operands) <= 2 and bool(operands) and not arguments.has("u", "set-upstream-to")
            return fine and (not arguments.has("d") or len(operands) == 1)
        case "tag":
            return False
        case _:
            return not operands and not arguments.has("u", "include-untracked", "a")


def is_name(value: Value) -> bool:
    """Whether a word can be the name of a branch, a tag or a commit."""
    return _NAME.fullmatch(value.constant or "") is not None
