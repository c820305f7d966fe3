"""Lines that git's search found are told by the names before or above them."""

from __future__ import annotations

import pytest
from msgspec import Struct

from companion.model.facts import IgnoreMatch
from companion.policy.ignore.found import owners_of_found

RULE = IgnoreMatch(".clineignore", 1, "private/", denied=True)
THERE = {"open.py", "src/a-b.py", "private/k", "private/b c", "12-x.md", "s p.txt"}


class Names(Struct):
    def covers(self, path):
        return RULE if path.startswith("private/") else None

    def is_file(self, path):
        return path in THERE

    def lost(self):
        return RULE


def left(text, *, has_headings=False):
    lines = text.splitlines(keepends=True)
    owned = owners_of_found(lines, Names(), has_headings=has_headings)
    return "".join(line for line, owner in zip(lines, owned, strict=True) if owner is None)


@pytest.mark.parametrize(
    "line",
    [
        "private/k:HUSH",
        "private/k:12:HUSH",
        "private/k:12:3:HUSH",
        "private/k-12-HUSH",
        "private/k=12=HUSH",
        "private/k\0HUSH",
        "private/k\x0012\0HUSH",
        "\x1b[35mprivate/k\x1b[m\x1b[36m:\x1b[m12\x1b[36m:\x1b[mHUSH",
        "HEAD:private/k:12:HUSH",
        "HEAD~2:private/gone:HUSH",
        "1234567:private/gone:12:open.py:HUSH",
        "private/b c:HUSH",
        "private/gone d:HUSH",
        '"private/\\303\\244":12:HUSH',
        'HEAD:"private/\\303\\244":12:HUSH',
        "Binary file private/k matches",
        "private/k:3",
        "private/k",
        "open.py:1:a [... 12 lines truncated] HUSH",
    ],
)
def test_lines_of_kept_files_go(line):
    assert left(f"open.py:1:open\n{line}\nopen.py:2:open\n") == "open.py:1:open\nopen.py:2:open\n"


@pytest.mark.parametrize(
    "line",
    [
        "open.py:1:import private/k",
        "src/a-b.py:1:private/k:2",
        "src/a-b.py-2-x",
        "gone.py:12:private/k",
        "HEAD:open.py:1:x",
        "s p.txt:private/k:x",
        "--",
        "",
        "fatal: ambiguous argument",
        "Binary file open.py matches",
        "12-x.md:1:x",
    ],
)
def test_all_others_stay(line):
    assert left(line + "\n") == line + "\n"


def test_headings_hold_until_the_next_one():
    text = "open.py\n1:open\n\nprivate/k\n1:HUSH\n--\n7-HUSH\n\ns p.txt\n3:open\n"
    assert left(text, has_headings=True) == "open.py\n1:open\n\ns p.txt\n3:open\n"


def test_a_line_that_says_the_name_of_a_free_file_does_not_end_the_cut():
    text = "private/k\nHUSH\nopen.py\nHUSH\n"
    assert left(text, has_headings=True) == ""
