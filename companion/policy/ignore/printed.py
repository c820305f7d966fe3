"""What commands of git print of tracked files without having been told which: patches, and lines that were found."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise


class Shape(IntEnum):
    """What is left of a patch by what else stands in the command line; more is worse."""

    NONE = 0
    WHOLE = 1
    """From its beginning on, every file behind its header."""
    TORN = 2
    """It may begin anywhere in it."""
    LOST = 3
    """Nobody can say which file any line is of."""


@dataclass(frozen=True, slots=True)
class Printed:
    """What a result may hold of tracked files."""

    patch: Shape = Shape.NONE
    may_be_object: bool = False
    """Whether it may be a file by the name of its object, which comes without a header."""
    is_counted: bool = True
    """Whether the lines of a patch are as many as it says."""
    prefixes: frozenset[str] = frozenset()
    """What names may begin with that is no part of them, beside the usual."""
    line_prefix: str = ""
    """What every line begins with."""
    is_relative: bool = False
    """Whether names may begin where the command ran."""
    finds: bool = False
    """Whether there are lines that git's search found, each behind the name of its file."""
    has_headings: bool = False
    """Whether the names may stand above such lines instead."""

    def __or__(self, other: Printed) -> Printed:
        return Printed(
            max(self.patch, other.patch),
            self.may_be_object or other.may_be_object,
            self.is_counted and other.is_counted,
            self.prefixes | other.prefixes,
            self.line_prefix or other.line_prefix,
            self.is_relative or other.is_relative,
            self.finds or other.finds,
            self.has_headings or other.has_headings,
        )


NOTHING = Printed()

_MAY = re.compile(r"\bgit\b|\bgh\b|\bglab\b|\bdiff\b|\bsvn\b|\bhg\b|\bjj\b")
_DEEPEST = 3
_SEPARATORS = frozenset("();<>|&\n")
_VALUED = frozenset({"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--config-env", "--exec-path"})
_BEFORE = re.compile(r"[A-Za-z_]\w*=.*|command|exec|sudo|env|time|nice|then|do|else|!|\{|\$", re.DOTALL)

_NAMES_ONLY = re.compile(
    r"--(?:stat|numstat|shortstat|dirstat|summary|name-only|name-status|check|quiet|exit-code|raw|compact-summary"
    r"|no-patch)(?:=.*)?|-s"
)
_ASKS_FOR_PATCH = re.compile(
    r"-(?:p|u|c|m|W|U\d*|p\w+|L.*)|--(?:patch.*|unified.*|word-diff.*|color-words.*|cc|combined.*|binary"
    r"|function-context|full-diff|remerge-diff|diff-merges.*|submodule=diff|ext-diff)"
)
_SHOWS = frozenset({"diff", "show", "difftool", "request-pull", "rerere"})
_MAY_SHOW = frozenset(
    {"log", "reflog", "stash", "whatchanged", "rev-list", "diff-tree", "diff-index", "diff-files", "diff-pairs"}
    | {"status", "commit", "bisect", "shortlog"}
)
_WITHOUT_NAMES = frozenset(
    {"range-diff", "fast-export", "merge-tree", "merge-file", "archive", "unpack-file", "add", "checkout", "restore"}
)
_QUOTE = frozenset({"echo", "printf", "grep", "egrep", "rg"})
"""Programs whose words may be commands that nobody runs."""
_OBJECT = re.compile(r"[0-9a-f]{4,64}")
_UNCOUNTED = re.compile(r"--(?:word-diff|color-words|output-indicator)")
_PREFIX = re.compile(r"(?:--(?:src|dst)-prefix|diff\.(?:src|dst)prefix)=(.*)", re.IGNORECASE | re.DOTALL)
_LINE_PREFIX = re.compile(r"--line-prefix=(.*)", re.DOTALL)
_HIDES = re.compile(r"-[a-zA-Z]*h[a-zA-Z]*|--no-filename")
_HEADS = re.compile(r"--heading")

_WHOLE_AFTER = re.compile(
    r"cat|head(?: -?(?:n|c)? ?\+?\d+)?|less(?: -\w+)*|more|tee( \S+)*|delta.*|diff-so-fancy|colordiff"
)
_TORN_AFTER = re.compile(r"tail\b.*|head\b.*|sed -n \S*\d+(?:,\$?\d*)?p")
_KEEPS_LINES = re.compile(
    r"cat|(?:head|tail|sort|uniq|less|more|tee)\b.*|e?grep(?: -[viEFwx]+| -e| [^-]\S*)*|sed -n \S*\d+(?:,\$?\d*)?p"
)


@lru_cache(maxsize=1024)
def printed_by(command: str, deepest: int = _DEEPEST) -> Printed:
    """What a command line may print of tracked files beside those that it names. Judges no path."""
    if _MAY.search(command) is None:
        return NOTHING
    if (pipes := _pipes(command)) is None:
        return Printed(Shape.LOST) if "git" in command else NOTHING
    found = NOTHING
    for pipe in pipes:
        for number, words in enumerate(pipe):
            found |= _of_program(words, [" ".join(one) for one in pipe[number + 1 :]], deepest)
    return found


def _pipes(command: str) -> list[list[list[str]]] | None:
    """Pipes of programs by their words, for an impression: what a shell makes of it is not asked. None for nonsense."""
    lexer = shlex.shlex(command.replace("\\\n", " "), posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace, lexer.commenters, lexer.whitespace_split = " \t\r", "", True
    pipes: list[list[list[str]]] = [[[]]]
    try:
        tokens = list(lexer)
    except ValueError:
        return None
    skips = False
    for before, token in pairwise(["", *tokens]):
        if skips and not set(token) <= _SEPARATORS:
            skips = False
        elif token and set(token) <= _SEPARATORS:
            skips = token in {">", ">>", "<", ">&", "&>", ">|"}
            if token in {"|", "|&"}:
                pipes[-1].append([])
            elif not skips:
                pipes.append([[]])
            elif before.isdigit() and pipes[-1][-1][-1:] == [before]:
                pipes[-1][-1].pop()
        else:
            pipes[-1][-1].append(token.strip("`"))
    return pipes


def _of_program(words: list[str], after: list[str], deepest: int) -> Printed:
    while words and _BEFORE.fullmatch(words[0]):
        words = words[1:]
    program = words[0].rpartition("/")[2] if words else ""
    if program in {"git", "gh", "glab"}:
        own = _of_git(words[1:]) if program == "git" else _of_forge(words[1:])
        return _behind(own, after) | _manner(words) if own != NOTHING else NOTHING
    if program in {"svn", "hg", "jj"} and "diff" in words:
        return _behind(Printed(Shape.WHOLE), after)
    if program == "xargs" and "git" in words:
        return _of_program(words[words.index("git") :], after, deepest)
    inner = NOTHING
    quotes = program in _QUOTE
    for word in words[1:]:
        if deepest and ("$(" in word if quotes else any(sign in word for sign in " \n(")):
            inner |= printed_by(word, deepest - 1)
    return _behind(inner, after)


def _of_git(words: list[str]) -> Printed:
    options: list[str] = []
    while words and words[0].startswith("-"):
        taken = 2 if words[0] in _VALUED else 1
        options += words[:taken]
        words = words[taken:]
    if not words:
        return NOTHING
    name, rest = words[0], words[1:]
    asks = any(_ASKS_FOR_PATCH.fullmatch(word) for word in rest)
    names_only = any(_NAMES_ONLY.fullmatch(word) for word in rest) and not asks
    operands = [word for word in rest if not word.startswith("-")]
    if name == "grep":
        if any(_HIDES.fullmatch(word) for word in rest):
            return Printed(Shape.LOST)
        return Printed(finds=True, has_headings=any(map(_HEADS.match, rest)))
    if name == "cat-file":
        tells = any(word in {"-t", "-s", "-e"} for word in rest)
        return NOTHING if tells or all(":" in one for one in operands) else Printed(Shape.WHOLE, may_be_object=True)
    if name in _WITHOUT_NAMES:
        shows = name not in {"add", "checkout", "restore"} or any(word in {"-p", "-i", "--patch"} for word in rest)
        return Printed(Shape.LOST) if shows else NOTHING
    if name == "format-patch":
        return Printed(Shape.WHOLE) if "--stdout" in rest else NOTHING
    if name == "show" and not names_only and any(_OBJECT.fullmatch(one) for one in operands):
        formatted = any(word.startswith(("--format", "--pretty", "--oneline")) for word in rest)
        return Printed(Shape.WHOLE, may_be_object=not formatted)
    if name == "stash" and operands[:1] == ["show"]:
        return NOTHING if names_only else Printed(Shape.WHOLE)
    if name in {"status", "commit"}:
        return Printed(Shape.WHOLE) if any(re.fullmatch(r"-\w*v\w*|--verbose", word) for word in rest) else NOTHING
    if name in _SHOWS:
        return NOTHING if names_only else Printed(Shape.WHOLE)
    return Printed(Shape.WHOLE) if name in _MAY_SHOW and asks else NOTHING


def _of_forge(words: list[str]) -> Printed:
    if "diff" in words and not any(word.startswith("--name-only") for word in words):
        return Printed(Shape.WHOLE)
    return NOTHING


def _behind(printed: Printed, stages: Iterable[str]) -> Printed:
    """What is left of it behind other programs of a pipe."""
    patch, finds = printed.patch, printed.finds
    for stage in stages:
        if finds and not _KEEPS_LINES.fullmatch(stage):
            patch, finds = Shape.LOST, False
        elif patch is Shape.NONE or _WHOLE_AFTER.fullmatch(stage):
            continue
        else:
            patch = max(patch, Shape.TORN if _TORN_AFTER.fullmatch(stage) else Shape.LOST)
    return replace(printed, patch=patch, finds=finds)


def _manner(words: Sequence[str]) -> Printed:
    # A value may be a word of its own.
    said = [*words, *(f"{name}={value}" for name, value in pairwise(words) if "=" not in name)]
    return Printed(
        is_counted=not any(map(_UNCOUNTED.match, words)),
        prefixes=frozenset(found[1] for found in map(_PREFIX.fullmatch, said) if found),
        line_prefix=next((found[1] for found in map(_LINE_PREFIX.fullmatch, said) if found), ""),
        is_relative=any("relative" in word for word in words),
    )


def rest_of(printed: Printed) -> Printed:
    """What comes later of what was printed."""
    return replace(printed, patch=max(printed.patch, Shape.TORN)) if printed.patch else printed
