"""What a word names that git takes for a revision, a path, or a path inside of a revision."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from companion.policy.shell.effects import TRACKED
from companion.policy.shell.gitplace import way_to_top
from companion.policy.shell.invocation import Finding, Invocation, read
from companion.policy.shell.words import Value

_STASH = re.compile(r"(?:refs/)?stash(?:$|[@^~:.])")


def read_object(invocation: Invocation, operand: Value) -> Iterator[Finding]:
    """Whatever may be a path is one, be it a file or a path inside a commit."""
    text = operand.text
    if text is None:
        yield from read(operand)
        return
    # A stash may hold untracked and ignored files.
    if re.match(r":[(!^/]", text) or _STASH.match(text):
        yield invocation.rule("git-option", text, operand)
        return
    revision, colon, path = text.partition(":")
    if colon and not revision:
        path = re.sub(r"^[0-3]:", "", path)
    path = path if colon else text
    if colon and path and not path.startswith(("./", "../", "/")) and invocation.git is not None:
        # In a commit a path begins at the top, wherever the command runs.
        path = (way_to_top(invocation.git) or "") + path
    # git matches wildcards in paths itself, quoted or not.
    wild = operand.glob or any(mark in path for mark in "*?[")
    yield from read(replace(operand, text=path, glob=wild), "" if wild else TRACKED)
