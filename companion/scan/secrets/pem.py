"""Private key blocks, whole: a key whose first line alone is hidden has been sent."""

from __future__ import annotations

import re

from companion.model.facts import Confidence
from companion.scan.secrets.engine import Span, TooMuchError, glance

_NAME = "key-blocks"
_MARK = re.compile(r"-----(BEGIN|END) [A-Z0-9 ]{0,40}?PRIVATE KEY(?: BLOCK)?-----")
_RUN = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
# A line of a key, where there is only one mark to go by: longer than identifiers and paths usually are.
_LINE = re.compile(
    r"(?=[A-Za-z+/]{0,63}[0-9])(?=[a-z0-9+/]{0,63}[A-Z])(?=[A-Z0-9+/]{0,63}[a-z])[A-Za-z0-9+/]{32,}={0,2}"
)
# What stands between two lines of a key: line ends, plain or escaped, indents, line numbers, diff and quote marks,
# the key's own headers, and the short last line.
_GAP = re.compile(r"[A-Za-z0-9+/=\s\\\"'`,|>:;*#._-]*")
_LONGEST_BLOCK = 65_536
_MOST_MARKS = 1_000
_ROOM = 1_024
_LONGEST_GAP = 160
_SHORTEST_BODY = 32
_PUTTY = re.compile(r"Private-Lines: \d{1,4}(?:\s|\\[nr]){1,4}(?:[A-Za-z0-9+/=]{4,80}(?:\s|\\[nr]){1,4}){1,400}")


class KeyBlocks:
    """PEM, OpenSSH and PGP private keys and PuTTY's: plain, with escaped line ends, numbered, in a diff, or cut off."""

    name = _NAME
    version = "1"

    def load(self) -> str:
        return ""

    def find(self, text: str) -> list[Span]:
        """Raises TooMuchError for a text that is nothing but marks."""
        spans = []
        if "PRIVATE KEY" in text:
            spans = [self._span(start, end, "private-key") for start, end in _blocks(text)]
        if "Private-Lines: " in text:
            for found in _PUTTY.finditer(text):
                glance()
                spans.append(self._span(found.start(), found.end(), "putty-private-key"))
        return spans

    @staticmethod
    def _span(start: int, end: int, rule: str) -> Span:
        return Span(start, end, "PEM", rule, _NAME, Confidence.HIGH)


def _blocks(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    begin: re.Match[str] | None = None
    floor = 0
    most = _MOST_MARKS + len(text) // _ROOM
    for number, mark in enumerate(_MARK.finditer(text)):
        glance()
        if number > most:
            raise TooMuchError
        if mark[1] == "BEGIN":
            if begin is not None:
                found += _head(text, begin, mark.start())
            begin = mark
            continue
        if begin is not None and _is_body(text[begin.end() : mark.start()]):
            found.append((begin.start(), mark.end()))
        else:
            if begin is not None:
                found += _head(text, begin, mark.start())
            found += _tail(text, mark, floor)
        begin, floor = None, mark.end()
    if begin is not None:
        found += _head(text, begin, len(text))
    return found


def _is_body(body: str) -> bool:
    """Whether what stands between the marks is a key rather than code that mentions the marks."""
    if len(body) > _LONGEST_BLOCK:
        return False
    solid = sum(len(run) for run in _RUN.findall(body))
    return solid >= _SHORTEST_BODY and solid >= 0.5 * len("".join(body.split()))


def _head(text: str, begin: re.Match[str], stop: int) -> list[tuple[int, int]]:
    """A block whose end is missing: from its first line as far as lines of a key follow."""
    end, solid = begin.end(), 0
    for run in _LINE.finditer(text, end, min(stop, end + _LONGEST_BLOCK)):
        if not _joined(text, end, run.start()):
            break
        end, solid = run.end(), solid + len(run.group())
    return [(begin.start(), end)] if solid >= _SHORTEST_BODY else []


def _tail(text: str, mark: re.Match[str], floor: int) -> list[tuple[int, int]]:
    """A block whose first line is missing: back from its last line as far as lines of a key stand there."""
    start, solid = mark.start(), 0
    low = max(floor, start - _LONGEST_BLOCK)
    for run in reversed(list(_LINE.finditer(text, low, start))):
        if not _joined(text, run.end(), start):
            break
        start, solid = run.start(), solid + len(run.group())
    return [(start, mark.end())] if solid >= _SHORTEST_BODY else []


def _joined(text: str, left: int, right: int) -> bool:
    return right - left <= _LONGEST_GAP and _GAP.fullmatch(text, left, right) is not None
