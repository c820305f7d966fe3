"""Whose each line of a patch is. A patch says it itself: each file has a header, and each hunk says how long it is.

A line of content begins with a sign of its own, so no content can pose as a header. Whatever is not certain counts as
a line of an ignored file if there is one that it may be of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

from companion.model.facts import IgnoreMatch
from companion.policy.ignore.headers import Header, header_at
from companion.policy.ignore.lines import MARKING, is_agents_own, mark_of_truncation, without_colours
from companion.policy.ignore.printed import Printed, Shape

_HUNK = re.compile(r"(@@+)((?: -\d+(?:,\d+)?)+) \+(\d+)(?:,(\d+))? @@+")
_OLD = re.compile(r"-\d+(?:,(\d+))?")
_SIGNS = frozenset(" +-")
_LOOKS = " +-\\@~|*/"
"""How lines of a patch's files begin."""
_BINARY = re.compile(r"GIT binary patch|(?:literal|delta) \d+|[A-Za-z][0-9A-Za-z!#$%&()*+;<=>?@^_`{|}~-]{5,65}|")
_ENDS = re.compile(
    r"(?:(?:[|*/\\] )*\* (?:[|/\\] ?| )*)?commit [0-9a-f]{7,64}\b|From [0-9a-f]{7,64} |[0-9a-f]{7,40} \S"
)
_AUTHOR = re.compile(r"[|/\\ ]*(?:Author|AuthorDate|Merge|From|Date|Reflog): ")
_TELLS_OF_COMMIT = re.compile(
    r"[|*\\/_ ]*commit [0-9a-f]{7,64}.*\n[|*\\/_ ]*(?:Merge|Author|Reflog): .*|tag .*\nTagger: .*"
    r"|object [0-9a-f]{40,64}\ntype .*|(?:\d{6} (?:blob|tree|commit) [0-9a-f]{40,64}\t.*\n?){1,2}|tree \S+:?\n.*"
)


class Files(Protocol):
    """What one needs to know of the files that a patch names."""

    def kept(self, header: Header) -> IgnoreMatch | None:
        """The rule that keeps any of a header's files from the model."""
        ...

    def lost(self) -> IgnoreMatch | None:
        """The rule to name for lines of a file that nobody can tell; None where no such file is tracked."""
        ...


def may_hold_patch(text: str) -> bool:
    """Whether there may be a patch in a text. Quick."""
    return ("@" in text and "@@ -" in text) or "GIT binary patch" in text


def owners_in_patch(lines: Sequence[str], files: Files, printed: Printed) -> list[IgnoreMatch | None]:
    """Of each line the rule that keeps it from the model; None for a line that may be read."""
    prefix = printed.line_prefix
    bare = [without_colours(line).rstrip("\r\n").removeprefix(prefix) for line in lines]
    return _Reading(bare, files, printed).owners()


@dataclass(slots=True)
class _Hunk:
    """What is still to come of a hunk: lines of each older file, and of the new one."""

    old: list[int]
    new: int
    start: int
    """Where it stands in the new file, of which it has so many lines."""
    size: int

    @property
    def is_over(self) -> bool:
        return self.new <= 0 and not any(one > 0 for one in self.old)

    def take(self, line: str) -> bool:
        """Counts a line; False for one that is none of the hunk's."""
        if line.startswith("\\"):
            return True
        signs = line[: len(self.old)]
        if signs.strip(" +-"):
            return False
        signs = signs.ljust(len(self.old))
        if "-" in signs:
            self.old = [left - (sign == "-") for left, sign in zip(self.old, signs, strict=True)]
        else:
            self.old = [left - (sign == " ") for left, sign in zip(self.old, signs, strict=True)]
            self.new -= 1
        return True


class _Reading:
    def __init__(self, lines: list[str], files: Files, printed: Printed) -> None:
        self._lines = lines
        self._files = files
        self._printed = printed
        self._owned: list[IgnoreMatch | None] = [None] * len(lines)
        said = "\n".join(lines).lower()
        self._has_marks = any(word in said for word in MARKING)
        self._headers = dict(self._all_headers())
        self._kept = {at: files.kept(header) for at, header in self._headers.items()}
        self._seen = next(filter(None, self._kept.values()), None)
        """A file in this very text that is kept; what is torn may be of it."""

    def owners(self) -> list[IgnoreMatch | None]:
        if self._printed.patch is Shape.LOST or (self._printed.may_be_object and not self._tells_of_commit()):
            return self._all_lost()
        at = self._torn(0, None) if self._printed.patch is Shape.TORN else 0
        while at < len(self._lines):
            header = self._headers.get(at)
            at = self._file(at, header) if header is not None else self._outside(at)
        return self._owned

    def _all_headers(self) -> Iterator[tuple[int, Header]]:
        for at in range(len(self._lines)):
            if (header := header_at(self._lines, at)) is not None:
                yield at, header

    def _tells_of_commit(self) -> bool:
        said = islice((line for line in self._lines if line.strip() and not is_agents_own(line)), 2)
        return _TELLS_OF_COMMIT.fullmatch("\n".join(said)) is not None

    def _mark(self, line: str) -> str | None:
        return mark_of_truncation(line) if self._has_marks else None

    def _all_lost(self) -> list[IgnoreMatch | None]:
        lost = self._lost()
        return [None if lost is None or is_agents_own(line) else lost for line in self._lines]

    def _lost(self) -> IgnoreMatch | None:
        return self._seen or self._files.lost()

    def _outside(self, at: int) -> int:
        """A line that is of no file; or one of a file that nobody named."""
        line = self._lines[at]
        is_torn = _HUNK.match(line) or self._mark(line) is not None
        return max(at + 1, self._torn(at, None)) if is_torn else at + 1

    def _begins(self, at: int, front: str) -> bool:
        """Whether a header begins there, among lines of content that have `front` before them."""
        header = self._headers.get(at)
        if header is None or header.front in {front, ""}:
            return header is not None
        # Signs of content stand behind what is before each line.
        behind = header.front.removeprefix(front) if header.front.startswith(front) else "?"
        return bool(behind.strip(" .>-")) and not header.may_be_content

    def _torn(
        self, at: int, owner: IgnoreMatch | None, header: Header | None = None, *, at_header: bool = False
    ) -> int:
        """What may be the rest of a file, up to where something else certainly begins."""
        if at_header:
            self._owned[at] = owner
            at += 1
        front = header.front if header else ""
        lost = owner or self._lost()
        takes_plain = header is not None and header.is_plain
        start, is_rest = at, False
        while at < len(self._lines):
            if self._begins(at, front) and self._ends_torn(at, takes_plain=takes_plain, is_rest=is_rest):
                break
            # What stands before each line may be another thing by now.
            line = self._lines[at]
            mark = self._mark(line)
            is_own = not line.strip() or is_agents_own(line) or mark == line.strip()
            if mark is None and (self._is_commit(at) if is_rest else _ENDS.match(line)):
                break
            if owner is None and not (is_rest or is_own or mark is not None or line[0] in _LOOKS):
                if at > start:
                    break
            elif owner is not None or not is_own:
                self._owned[at] = lost
            # Behind a mark, be it blank at first, the end of any line may stand.
            is_rest = mark is not None or (is_rest and not line.strip())
            at += 1
        return at

    def _ends_torn(self, at: int, *, takes_plain: bool, is_rest: bool) -> bool:
        """Whether a header is none that content may spell whose own sign is missing, or that has two lines of it."""
        header = self._headers[at]
        return (takes_plain or not header.is_plain) and not (is_rest and header.end == at + 1)

    def _file(self, at: int, header: Header) -> int:
        """A header and what follows of its file; where that ends."""
        owner = self._kept[at]
        if any(self._mark(line) is not None for line in self._lines[at : header.end]):
            return self._torn(at, owner or self._lost(), header, at_header=True)
        if owner is None and header.is_indented:
            # Whoever wrote the message of a commit may have made it up, to hide what comes after.
            return at + 1
        for number in range(at, header.end):
            self._owned[number] = owner
        at = header.end
        while at < len(self._lines) and not self._begins(at, header.front):
            line = header.bare(self._lines[at])
            if self._mark(line) is not None:
                return self._torn(at, owner, header)
            if found := _HUNK.match(line):
                self._owned[at] = owner
                old = [1 if one[1] is None else int(one[1]) for one in _OLD.finditer(found[2])]
                new = 1 if found[4] is None else int(found[4])
                hunk = _Hunk(old, new, int(found[3]), new)
                at, is_whole = self._hunk(at + 1, hunk, header, owner)
                if not is_whole:
                    return self._torn(at, owner, header)
            elif line.startswith("\\ ") or (header.is_binary and _BINARY.fullmatch(line)):
                self._owned[at] = owner
                at += 1
            elif owner is not None and at == header.end and line.strip():
                return self._torn(at, owner, header)
            else:
                break
        return at

    def _hunk(self, at: int, hunk: _Hunk, header: Header, owner: IgnoreMatch | None) -> tuple[int, bool]:
        """The lines of a hunk. Where it ends, and whether it came to its end."""
        if not self._printed.is_counted:
            return self._uncounted(at, hunk, header, owner), True
        trusts = False
        while at < len(self._lines) and not hunk.is_over:
            line = header.bare(self._lines[at])
            if not trusts and (mark := self._mark(line)) is not None:
                if "…" in mark or self._misses_some(at, hunk, header):
                    return self._at_mark(at, line, owner), False
                # It came whole: its file only speaks like that.
                trusts = True
            if owner is None and line.startswith("--- ") and self._kept.get(at) is not None:
                # Nobody but one who made up the hunk before it has such lines.
                return at, True
            if not hunk.take(line):
                return at, self._begins(at, header.front)
            self._owned[at] = owner
            at += 1
        return at, True

    def _at_mark(self, at: int, line: str, owner: IgnoreMatch | None) -> int:
        """Leaves out what stands beside a mark; where to go on."""
        if owner is None and self._mark(line) != line.strip():
            self._owned[at] = self._lost()
        return at

    def _misses_some(self, at: int, hunk: _Hunk, header: Header) -> bool:
        """Whether the lines from there on are not those of the hunk."""
        left = replace(hunk, old=list(hunk.old))
        while at < len(self._lines) and not left.is_over:
            if not left.take(header.bare(self._lines[at])):
                return True
            at += 1
        after = header.bare(self._lines[at]) if at < len(self._lines) else ""
        return not left.is_over or (after[:1] in _SIGNS and not self._begins(at, header.front))

    def _uncounted(self, at: int, hunk: _Hunk, header: Header, owner: IgnoreMatch | None) -> int:
        """Lines that have no signs: at least as many as either file has in the hunk, whatever they say."""
        least = at + max(hunk.new, *hunk.old)
        for number in range(at, len(self._lines)):
            line = header.bare(self._lines[number])
            if owner is None and self._kept.get(number) is not None and self._surely_ends(number, header.front):
                return number
            if number >= least and (self._surely_ends(number, header.front) or self._goes_on(line, hunk)):
                return number
            self._owned[number] = owner
        return len(self._lines)

    @staticmethod
    def _goes_on(line: str, hunk: _Hunk) -> bool:
        """Whether another hunk of the same file begins: hunks stand in the order of their lines."""
        found = _HUNK.match(line)
        return found is not None and int(found[3]) >= hunk.start + hunk.size

    def _surely_ends(self, at: int, front: str) -> bool:
        """Whether more than one line says that something else begins, as any single one may be content."""
        if self._begins(at, front):
            return self._headers[at].end > at + 1
        return self._is_commit(at)

    def _is_commit(self, at: int) -> bool:
        """Whether a commit begins there, and says by whom it is."""
        after = self._lines[at + 1] if at + 1 < len(self._lines) else ""
        return _ENDS.match(self._lines[at]) is not None and _AUTHOR.match(after) is not None
