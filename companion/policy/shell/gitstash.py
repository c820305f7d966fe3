"""What `git stash show` shows: changes of tracked files, and more where it is asked for or git is configured so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.policy.shell.effects import TRACKED
from companion.policy.shell.gitconfig import BadConfig, load
from companion.policy.shell.gitplace import find_place
from companion.policy.shell.invocation import Finding, Invocation, Look, UnreadableFile, read
from companion.policy.shell.options import split
from companion.policy.shell.words import Value

# Not -u, which is no patch here: it shows untracked files, and among them may be ignored ones.
_TOLD = "stat~ numstat shortstat summary name-only name-status compact-summary dirstat~"
_SHOWN = "p patch U= unified= w b ignore-all-space ignore-space-change word-diff~ color~ no-color minimal no-ext-diff"
_ENTRY = re.compile(r"(?:refs/)?stash(?:@\{\d{1,4}\})?|\d{1,4}", re.ASCII)
_NO = frozenset({"false", "no", "off", "0", ""})


def judge_stash_show(invocation: Invocation) -> Iterator[Finding]:
    """The findings of `git stash show`, by the words behind it."""
    arguments = split(invocation.args, f"{_TOLD} {_SHOWN}")
    if arguments.unknown is not None:
        yield invocation.refuse(arguments.unknown)
        return
    for operand in arguments.operands:
        if not _ENTRY.fullmatch(operand.constant or "") or len(arguments.operands) > 1:
            yield invocation.rule("git-option", operand.text or "this word", operand)
            return
    if not arguments.has(*_TOLD.replace("~", "").split()) or arguments.has(*_SHOWN.replace("=", "").split()):
        yield from _patch(invocation)
    yield invocation.runs()
    yield from read(Value(".", invocation.start, invocation.end), TRACKED)


def _patch(invocation: Invocation) -> Iterator[Finding]:
    if not _leaves_out_untracked(invocation.git):
        yield invocation.rule("git-option", "stash show")


def _leaves_out_untracked(look: Look | None) -> bool:
    """Whether git certainly is not configured to show the untracked files of a stash too."""
    if look is None:
        return False
    try:
        place = find_place(look)
        config = load(look, place)
    except (BadConfig, UnreadableFile):
        return False
    return place is not None and all(value.lower() in _NO for value in config.all("stash", "", "showincludeuntracked"))
