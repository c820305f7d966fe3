"""git commands that change the own repository in ways that git itself takes back, and those that talk to a remote."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.policy.shell.effects import TRACKED
from companion.policy.shell.gitobjects import read_object
from companion.policy.shell.invocation import Finding, Invocation, read, write
from companion.policy.shell.options import Arguments, split
from companion.policy.shell.words import Value

_LOCAL: dict[str, str] = {
    "commit": "m= message= F= file= a all v verbose q quiet s signoff allow-empty S~ no-gpg-sign dry-run",
    "checkout": "b= q quiet t track~ no-track l progress no-progress orphan= d detach recurse-submodules~ "
    "no-recurse-submodules",
    "switch": "d detach q quiet guess no-guess recurse-submodules~ no-recurse-submodules progress no-progress",
    "restore": "S staged s= source= q quiet progress no-progress",
    "reset": "soft q quiet",
    "add": "v verbose n dry-run N intent-to-add",
    "branch": "q quiet t track~ no-track d u= set-upstream-to= unset-upstream",
}
"""Subcommands, with the options under which git loses nothing by them."""

_NAME = re.compile(r"[A-Za-z0-9][\w./@{}^~-]*")
# A folder's name has no ending, but for a few.
_FILE = re.compile(
    r"(?!.*(?:^|/)\.\.?(?:/|$))(?:[\w@.][\w.@+-]*/)*(?:[\w@.+-]*[\w@+-]\.[\w+-]+|Makefile|Dockerfile|README|LICENSE|\.gitignore)"
)
_REMOTE = re.compile(r"[A-Za-z0-9][\w.-]*")
_FETCH = (
    "all a append depth= deepen= unshallow t tags n no-tags p prune P prune-tags q quiet v verbose j= jobs= dry-run "
    "progress atomic"
)
_LS_REMOTE = "h heads branches t tags refs q quiet exit-code get-url sort= symref"
_WRITES = {
    "archive": "o= output= format= prefix= v verbose l list worktree-attributes 0 1 2 3 4 5 6 7 8 9",
    "format-patch": "o= output-directory= stdout n numbered N no-numbered k s signoff cover-letter # v= reroll-count= "
    "subject-prefix= start-number= root base= thread~ no-thread",
}
_BRANCHES = frozenset({"main", "master", "develop", "dev", "trunk", "-"})
_HELP = frozenset({"--help", "-h"})


def judge_local(invocation: Invocation, name: str) -> Iterator[Finding] | None:
    """The findings of a subcommand that loses nothing; None for every other call."""
    args, words = invocation.args, invocation.words
    if words[-1:] and words[-1] in _HELP and all(_NAME.fullmatch(word) for word in words[:-1]):
        return iter((invocation.runs(),))
    if name == "restore" and all(word in {"--", "--staged", "--worktree", "-W", "-S", "--source"} for word in words):
        # Without a path it only complains.
        return iter((invocation.runs(),))
    if name == "fetch" and _names_remotes(split(args, _FETCH)):
        return iter((invocation.rule("git-fetch", "git fetch"),))
    if name == "ls-remote" and _names_remotes(split(args, _LS_REMOTE)):
        return iter((invocation.rule("git-fetch", "git ls-remote"),))
    if name in _WRITES:
        return _writes(invocation, split(args, _WRITES[name]), name)
    if name not in _LOCAL:
        return None
    arguments = split(args, _LOCAL[name])
    if arguments.unknown is not None or not _loses_nothing(name, arguments):
        return None
    # A new branch begins with the files that are there; another one brings its own.
    # From somewhere else than here it changes what is checked out.
    stays = name == "checkout" and arguments.has("b", "orphan") and not arguments.operands
    shown = f"git {name} -b" if stays else f"git {name}"
    return iter((invocation.rule("git-local", shown), *_taken_in(name, arguments)))


def _taken_in(name: str, arguments: Arguments) -> Iterator[Finding]:
    """Reads of the files whose text becomes part of the repository."""
    taken = arguments.operands if name == "add" else ()
    if name == "commit":
        taken = tuple(value for option, value in arguments.order if option in {"F", "file"} and value.text != "-")
    for path in taken:
        yield from read(path)


def _writes(invocation: Invocation, arguments: Arguments, name: str) -> Iterator[Finding] | None:
    """Files that git makes of what it tracks."""
    if arguments.unknown is not None or any(one.constant is None for one in arguments.operands):
        return None
    given = arguments.given
    goals = [given[one] for one in ("o", "output", "output-directory") if one in given]
    if name == "format-patch" and not goals and not arguments.has("stdout"):
        goals = [Value(".", invocation.start, invocation.end)]
    here = read(Value(".", invocation.start, invocation.end), TRACKED)
    named = [one for operand in arguments.operands for one in read_object(invocation, operand)]
    return iter((invocation.runs(), *here, *named, *(effect for goal in goals for effect in write(goal))))


def _names_remotes(arguments: Arguments) -> bool:
    """A remote by its name: an address may name a program to run."""
    return (
        arguments.unknown is None
        and all(_REMOTE.fullmatch(one.constant or "") for one in arguments.operands[:1])
        and all(re.fullmatch(r"[\w./-]+", one.constant or "") for one in arguments.operands[1:])
    )


def _loses_nothing(name: str, arguments: Arguments) -> bool:
    operands = [one.constant for one in arguments.operands]
    named = all(one is not None and _NAME.fullmatch(one) for one in operands)
    match name:
        case "commit":
            told = arguments.has("m", "message", "F", "file")
            return told and not operands and not arguments.has("S", "patch")
        case "switch":
            return len(operands) == 1 and operands[0] in _BRANCHES
        case "restore":
            # Only what is staged changes; the files stay as they are.
            return arguments.has("S", "staged") and bool(operands) and None not in operands
        case "reset":
            # To any other commit it takes back what the branch says happened.
            return arguments.has("soft") and operands in ([], ["HEAD"])
        case "add":
            # All at once is how what nobody meant to keep gets in.
            return bool(operands) and all(one and _FILE.fullmatch(one) for one in operands)
        case "checkout":
            if not arguments.has("b", "orphan"):
                # Any other name may be that of a file, whose changes would be lost.
                return len(operands) == 1 and operands[0] in _BRANCHES
            return named and len(operands) <= 1
        case _:
            fine = named and len(operands) <= 2 and bool(operands) and not arguments.has("u", "set-upstream-to")
            return fine and (not arguments.has("d") or len(operands) == 1)
