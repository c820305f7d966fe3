"""Git's glob language as regular expressions over bytes.

The source is git's behaviour (gitignore(5), and `git check-ignore` where the page is silent): `*` and `?` stop at a
slash, `**` between slashes spans any number of folders, a bracket names bytes, and a broken bracket matches nothing.
Every `*` and `**` but the last gives nothing back once it has matched, so that a match costs at most the length of the
pattern times the length of the path; with one fixed-length piece between two stars the first match is as good as any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_SLASH = ord("/")
_STAR = ord("*")
_ESCAPE = ord("\\")
_OPEN = ord("[")
_CLOSE = ord("]")
_QUESTION = ord("?")
_SPECIAL = frozenset(b"*?[\\")

LONGEST_PATH = 4096
"""Bytes of the longest path that can be opened."""

_LOWER = frozenset(range(0x61, 0x7B))
_UPPER = frozenset(range(0x41, 0x5B))
_DIGIT = frozenset(range(0x30, 0x3A))
_GRAPH = frozenset(range(0x21, 0x7F))

# As git defines them, in ASCII whatever the locale.
_CLASSES: dict[bytes, frozenset[int]] = {
    b"alnum": _LOWER | _UPPER | _DIGIT,
    b"alpha": _LOWER | _UPPER,
    b"blank": frozenset(b" \t"),
    b"cntrl": frozenset({*range(1, 0x20), 0x7F}),
    b"digit": _DIGIT,
    b"graph": _GRAPH,
    b"lower": _LOWER,
    b"print": _GRAPH | {0x20},
    b"punct": _GRAPH - _LOWER - _UPPER - _DIGIT,
    b"space": frozenset(b" \t\n\r"),
    b"upper": _UPPER,
    b"xdigit": _DIGIT | frozenset(b"abcdefABCDEF"),
}


class NeverMatches(ValueError):  # noqa: N818 - what git makes of the pattern, not a failure
    """A glob that git accepts and that matches no path; the message says why."""


@dataclass(frozen=True, slots=True)
class _Star:
    """Any bytes but a slash."""


@dataclass(frozen=True, slots=True)
class _Folders:
    """`**/`: any number of whole folders, at least `least` of them."""

    least: int


@dataclass(frozen=True, slots=True)
class _Rest:
    """A closing `**`: everything, slashes too."""


_Token = bytes | _Star | _Folders | _Rest
"""Bytes are a regular expression for exactly one byte."""

_ONE_SLASH = b"/"


def translate_path(glob: bytes, *, fold_case: bool = False) -> bytes:
    """A regular expression for `fullmatch` on a whole relative path. Raises NeverMatches.

    With `fold_case` the path has to come in lower case.
    """
    start = next((index for index, byte in enumerate(glob) if byte in _SPECIAL), len(glob))
    return _render(_bounded(_read(glob, start, spans=True, fold_case=fold_case)))


def translate_name(glob: bytes, *, fold_case: bool = False) -> bytes:
    """As `translate_path` for one name without a slash, where `**` is no more than `*`."""
    return _render(_bounded(_read(glob, 0, spans=False, fold_case=fold_case)))


def _bounded(tokens: Iterable[_Token]) -> Iterator[_Token]:
    """Without what says nothing new, so about as long as the shortest path that it matches. Raises NeverMatches."""
    before: _Token | None = None
    least = 0
    for token in tokens:
        if isinstance(token, _Folders) and isinstance(before, _Folders) and not (token.least and before.least):
            before = _Folders(max(token.least, before.least))
            continue
        if before is not None:
            yield before
        before = token
        least += 1 if isinstance(token, bytes) else token.least if isinstance(token, _Folders) else 0
        if least > LONGEST_PATH:
            raise NeverMatches(f"no path is longer than {LONGEST_PATH} bytes")
    if before is not None:
        yield before


def _read(glob: bytes, start: int, *, spans: bool, fold_case: bool) -> Iterator[_Token]:
    """Tokens of `glob`. Git compares the literal bytes before `start` first and reads on as if the glob began there."""
    index = 0
    while index < len(glob):
        byte = glob[index]
        if byte == _STAR:
            end = _end_of_stars(glob, index)
            after = glob[end : end + 2]
            whole = end - index > 1 and spans and (index == start or glob[index - 1] == _SLASH)
            if whole and not after:
                yield _Rest()
            elif whole and after.startswith(b"/"):
                yield _Folders(least=0)
                end += 1
            elif whole and after == b"\\/":
                yield _Folders(least=1)
                end += 2
            else:
                yield _Star()
            index = end
        elif byte == _QUESTION:
            yield b"[^/]"
            index += 1
        elif byte == _OPEN:
            accepted, index = _read_bracket(glob, index + 1, fold_case=fold_case)
            yield _one_of(accepted)
        else:
            escaped = byte == _ESCAPE
            index += escaped
            if index == len(glob):
                raise NeverMatches("it ends in a backslash with nothing to escape")
            literal = glob[index : index + 1]
            # Git does not fold what is escaped, so an escaped capital matches nothing where case is folded.
            yield re.escape(literal.lower() if fold_case and not escaped else literal)
            index += 1


def _end_of_stars(glob: bytes, index: int) -> int:
    while index < len(glob) and glob[index] == _STAR:
        index += 1
    return index


def _render(tokens: Iterable[_Token]) -> bytes:
    """Wraps what lies between two stars, and between two `**/`, in groups that give nothing back."""
    done: list[bytes] = []
    folders: list[bytes] = []
    piece: list[bytes] = []
    least: int | None = None
    starred = False

    def end_piece(*, final: bool) -> None:
        text = b"".join(piece)
        if starred:
            text = b"[^/]*" + text if final else b"(?>[^/]*?" + text + b")"
        folders.append(text)
        piece.clear()

    def end_folders(*, final: bool) -> None:
        text = b"".join(folders)
        if least is not None:
            text = b"(?:[^/]*/)" + (b"+?" if least else b"*?") + text
            text = text if final else b"(?>" + text + b")"
        done.append(text)
        folders.clear()

    for token in tokens:
        if isinstance(token, bytes):
            piece.append(token)
            if token == _ONE_SLASH:
                end_piece(final=True)
                starred = False
            continue
        end_piece(final=False)
        starred = isinstance(token, _Star)
        if not starred:
            end_folders(final=False)
            least = token.least if isinstance(token, _Folders) else None
        if isinstance(token, _Rest):
            folders.append(b".*")
    end_piece(final=True)
    end_folders(final=True)
    return b"(?s:" + b"".join(done) + b")"


def _read_bracket(glob: bytes, index: int, *, fold_case: bool) -> tuple[frozenset[int], int]:
    """The bytes that a bracket accepts, and where the glob goes on. `index` is just past the opening bracket."""
    negated = glob[index : index + 1] in {b"!", b"^"}
    index += negated
    accepted: set[int] = set()
    previous: int | None = None
    first = True
    while first or glob[index : index + 1] != b"]":
        first = False
        if index >= len(glob):
            raise NeverMatches("its [ is never closed")
        byte = glob[index]
        following = glob[index + 1 : index + 2]
        if byte == _OPEN and following == b":":
            close = glob.find(b"]", index + 2)
            if close < 0:
                raise NeverMatches("its [ is never closed")
            if close > index + 2 and glob[close - 1 : close] == b":":
                accepted |= _named(glob[index + 2 : close - 1], fold_case=fold_case)
                previous = None
                index = close + 1
                continue
        if byte == ord("-") and previous is not None and following not in {b"", b"]"}:
            last, index = _member(glob, index + 1)
            accepted |= _range(previous, last, fold_case=fold_case)
            previous = None
            continue
        previous, index = _member(glob, index)
        accepted.add(previous)
    if negated:
        accepted = set(range(1, 256)) - accepted
    return frozenset(accepted - {0, _SLASH}), index + 1


def _member(glob: bytes, index: int) -> tuple[int, int]:
    """The byte at `index`, or the one that a backslash there escapes, and the index past it."""
    if glob[index] == _ESCAPE:
        index += 1
        if index == len(glob):
            raise NeverMatches("its [ is never closed")
    return glob[index], index + 1


def _named(name: bytes, *, fold_case: bool) -> frozenset[int]:
    """A class such as [:digit:]. A path that is folded to lower case still counts as upper case for [:upper:]."""
    if name not in _CLASSES:
        raise NeverMatches(f"[:{name.decode('ascii', 'backslashreplace')}:] is not a class of characters")
    return _LOWER | _UPPER if fold_case and name == b"upper" else _CLASSES[name]


def _range(first: int, last: int, *, fold_case: bool) -> set[int]:
    accepted = set(range(first, last + 1))
    if fold_case:
        accepted |= {byte + 0x20 for byte in accepted & _UPPER}
    return accepted


def _one_of(accepted: frozenset[int]) -> bytes:
    """A class of bytes as a regular expression for one of them."""
    if not accepted:
        raise NeverMatches("its brackets accept no character")
    parts: list[bytes] = []
    ordered = sorted(accepted)
    first = last = ordered[0]
    for byte in [*ordered[1:], 0x200]:
        if byte == last + 1:
            last = byte
            continue
        parts.append(b"\\x%02x-\\x%02x" % (first, last))
        first = last = byte
    return b"[" + b"".join(parts) + b"]"
