"""Searches by command whose output says of every line which file it is of, so that lines can be left out of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from companion.policy.shell.budget import Budget
from companion.policy.shell.parameters import Lookup
from companion.policy.shell.parse import Syntax, parse
from companion.policy.shell.source import Unclear
from companion.policy.shell.words import WORDS, Value, evaluate

_ARGUMENTS = WORDS | {"command_name"}
_Step = str | list[Value]

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
_SHORTENED = re.compile(r"(?:head|tail)(?: -n [-+]?\d+| -n\d+| -\d+)?|sort(?: -[uVr]+)?|cat")
"""What may come after a search: it leaves lines whole."""

POLLS = frozenset({"write_stdin", "write_stdin_poll", "BashOutput", "TaskOutput"})
"""Tools that bring the rest of what a command prints."""

_STRUCTURE = frozenset({"program", "pipeline", "list", "redirected_statement"})
_SIGNS = frozenset({"|", "&&"})
_QUIET = re.compile(r"2>\s*/dev/null")
_WILD = re.compile(r"[*?\[]")


class _Other(Exception):  # noqa: N818 - an answer: no such search
    """The command is more, or something else, than constant words of programs in a pipe."""


def folder_of_search(command: str, home: str = "") -> str | None:
    """The folder in which a command searches, "" for where it starts; None for any other command.

    Every line that such a search prints begins with the path of its file, as seen from that folder. `home` as for
    `read_command`, by whose tree the words are told.
    """
    try:
        syntax = parse(command, Budget())
        steps = list(_steps(syntax.root, syntax, lambda name: (home or None) if name == "HOME" else None))
    except (Unclear, _Other, RecursionError):
        return None
    folder = ""
    if len(steps) > 2 and steps[1] == "&&":
        entered, steps = steps[0], steps[2:]
        if isinstance(entered, str) or len(entered) != 2 or entered[0].text != "cd":
            return None
        folder = entered[1].constant or ""
        if not folder or folder.startswith("-"):
            return None
    search, *after = steps or [""]
    if isinstance(search, str) or not _names_lines(search):
        return None
    for sign, stage in zip(after[::2], after[1::2], strict=False):
        words = "" if isinstance(stage, str) else " ".join(word.constant or "$" for word in stage)
        if sign != "|" or not _SHORTENED.fullmatch(words):
            return None
    return folder if len(after) % 2 == 0 else None


def _steps(node: Node, syntax: Syntax, lookup: Lookup) -> Iterator[_Step]:
    """Programs by their words, and the signs between them, in the order of the text. Raises _Other."""
    if node.type == "command":
        words = [evaluate(child, syntax, lookup) for child in node.children if child.type in _ARGUMENTS]
        if len(words) != len(node.children) or any(word.text is None or word.substituted for word in words):
            raise _Other
        yield words
    elif node.type in _STRUCTURE:
        for child in node.children:
            yield from _steps(child, syntax, lookup)
    elif node.type == "file_redirect" and _QUIET.fullmatch(syntax.text(node)):
        # What it says of errors may go away.
        return
    elif node.type in _SIGNS and not node.is_named:
        yield node.type
    else:
        raise _Other


def _names_lines(words: Sequence[Value]) -> bool:
    known = _PROGRAMS.get(words[0].constant or "")
    if known is None:
        return False
    flags, valued, names = known
    takes_value = False
    for value in words[1:]:
        word = value.text or ""
        fixed = _WILD.split(word, maxsplit=1)[0] if value.glob else word
        if value.glob and (not fixed or (fixed.startswith("-") and "=" not in fixed)):
            # A file that it matches may be named like an option.
            return False
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
