"""Searches by command whose output says of every line which file it is of, so that lines can be left out of it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

_PUNCTUATION = frozenset("();<>|&")
_SUBSTITUTED = re.compile(r"`|\$[({]|\n|\r|\\$")

# Of each program: letters of flags, letters that take a value, and whole names. What is not here may hide the paths.
_GREP = ("rRniwlLcoEFGPvxHsqaI", "ABCem")
_GREP_NAMES = (
    "recursive|dereference-recursive|line-number|ignore-case|word-regexp|files-with-matches|files-without-match|count"
    "|only-matching|extended-regexp|fixed-strings|basic-regexp|perl-regexp|invert-match|line-regexp|with-filename"
    "|no-messages|text|after-context|before-context|context|regexp|max-count|include|exclude|exclude-dir|binary-files"
)
_RG = ("niwlcoFPvxHSsuUL.", "ABCemgtT")
_RG_NAMES = (
    "line-number|ignore-case|word-regexp|files-with-matches|files-without-match|count|only-matching|fixed-strings|pcre2"
    "|invert-match|line-regexp|with-filename|smart-case|case-sensitive|unrestricted|multiline|follow|after-context"
    "|before-context|context|regexp|max-count|glob|iglob|type|type-not|hidden|no-ignore|no-heading|no-messages|max-depth"
)
_PROGRAMS = {
    "grep": (*_GREP, frozenset(_GREP_NAMES.split("|"))),
    "egrep": (*_GREP, frozenset(_GREP_NAMES.split("|"))),
    "fgrep": (*_GREP, frozenset(_GREP_NAMES.split("|"))),
    "rg": (*_RG, frozenset(_RG_NAMES.split("|"))),
}
_SHORTENED = re.compile(r"(?:head|tail)(?: -n)?(?: -?\d+)?|sort(?: -[uVr]+)?|cat")
"""What may come after a search: it leaves lines whole."""

POLLS = frozenset({"write_stdin", "write_stdin_poll", "BashOutput", "TaskOutput"})
"""Tools that bring the rest of what a command prints."""


def folder_of_search(command: str) -> str | None:
    """The folder in which a command searches, "" for where it starts; None for any other command.

    Every line that such a search prints begins with the path of its file, as seen from that folder.
    """
    if _SUBSTITUTED.search(command.strip()):
        return None
    try:
        lexer = shlex.shlex(command.strip(), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = ""
        words = list(lexer)
    except ValueError:
        return None
    if any(word.startswith("$") for word in words):
        return None
    folder = ""
    if len(words) > 3 and words[0] == "cd" and words[2] == "&&" and not words[1].startswith("-"):
        folder, words = words[1], words[3:]
    search, *after = _stages(words)
    if not search or not _names_lines(search) or not all(_SHORTENED.fullmatch(" ".join(stage)) for stage in after):
        return None
    return folder


def _stages(words: Sequence[str]) -> list[list[str]]:
    """The programs of a pipe; what they say of errors may go away. [[]] for anything else."""
    stages: list[list[str]] = [[]]
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "|":
            stages.append([])
        elif word == "2" and rest[:2] == [">", "/dev/null"]:
            del rest[:2]
        elif word and _PUNCTUATION.issuperset(word):
            return [[]]
        else:
            stages[-1].append(word)
    return stages


def _names_lines(words: Sequence[str]) -> bool:
    known = _PROGRAMS.get(words[0])
    if known is None:
        return False
    flags, valued, names = known
    takes_value = False
    for word in words[1:]:
        if takes_value:
            takes_value = False
        elif word == "--":
            return True
        elif word.startswith("--"):
            name, _, _ = word[2:].partition("=")
            if name not in names:
                return False
            # A value that stands alone is taken for a path, which changes nothing here.
        elif word.startswith("-") and len(word) > 1:
            if (takes := _takes(word[1:], flags, valued)) is None:
                return False
            takes_value = takes
    return True


def _takes(letters: str, flags: str, valued: str) -> bool | None:
    """Whether the next word is the value of these flags; None where one of them is not known."""
    if letters.isdigit():
        return False
    for number, letter in enumerate(letters):
        if letter in valued:
            return number == len(letters) - 1
        if letter not in flags:
            return None
    return False
