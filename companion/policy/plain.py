"""Commands that are one program with plain words: what rules and kept answers may speak of."""

from __future__ import annotations

import re
import shlex

_LONGEST = 500
# Possessive: a long word before something else would else be tried in every way to cut it.
_PLAIN = re.compile(r"(?:[\w@%+=:,./^ \t-]++|'[^'\n]*+'|\"[^\"$`\\!\n]*+\")++")
_PROGRAM = re.compile(r"[\w./+-]+")


def plain_words(command: str) -> tuple[str, ...]:
    """The words of a command that is one program with plain arguments; () for every other one."""
    if len(command) > _LONGEST or not command.strip() or not _PLAIN.fullmatch(command):
        return ()
    try:
        words = tuple(shlex.split(command))
    except ValueError:
        return ()
    return words if _PROGRAM.fullmatch(words[0]) else ()
