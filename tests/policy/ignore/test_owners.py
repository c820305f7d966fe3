"""Whose a line is, by how the result is written; where nobody can say, it is of an ignored file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.facts import IgnoreMatch
from companion.policy.ignore.owners import Manner, owners

RULE = IgnoreMatch(".clineignore", 3, "private/")
LOST = IgnoreMatch(".gitignore", 1, "built/")
FILES = {"src/a.py", "src/b.py", "private/k", "12", "01-intro.md"}


class Tree:
    def __init__(self, lost=None) -> None:
        self._lost = lost

    def covers(self, path):
        return RULE if path.startswith("private/") else None

    def is_file(self, path):
        return path in FILES

    def lost(self):
        return self._lost


def kept(lines, manner, lost=LOST):
    found = owners(lines, Tree(lost), manner)
    return [line for line, owner in zip(lines, found, strict=True) if owner is None]


COMMANDS = [
    (["src/a.py:1:x", "12:HUSH"], 1),
    (["HUSH=1", "src/a.py:1:x"], 1),
    (["src/a.py:1:x", "k:1:HUSH"], 1),
    (["src/a.py:1:x", "  HUSH"], 1),
    (["src/a.py:1:x", "\u2502HUSH"], 1),
    (["src/a.py\x001:HUSH"], 0),
    (["Chunk ID: 1", "Wall time: 1 seconds", "Output:", "src/a.py:1:x", "--", "src/a.py-2-y"], 6),
    (["Exit code 1", "(no output)", ""], 3),
    (["Binary file src/a.py matches", "Binary file private/k matches"], 1),
    (["grep: src/a.py: binary file matches", "rg: src/b.py: Permission denied (os error 13)"], 2),
    (["src/a.py:1:x", "... [12 lines truncated] ...", "HUSH", "src/a.py:9:x"], 3),
    (["src/a.py:1:x\u202612 tokens truncated\u2026HUSH", "src/b.py:1:x"], 1),
    (["private/k", "12:HUSH", "12-HUSH", "", "01-intro.md:1:x"], 0),
    (["private/k:1:HUSH", "01-intro.md:1:x"], 1),
    (["private/k:1:HUSH", "  12 HUSH", "src/a.py:1:x"], 1),
]


@pytest.mark.parametrize(("lines", "many"), COMMANDS, ids=[str(number) for number, _ in enumerate(COMMANDS)])
def test_of_a_command_only_lines_that_name_their_file_stay(lines, many):
    left = kept(lines, Manner.COMMAND)
    assert not any("HUSH" in line for line in left)
    assert len(left) == many
    if not any(line.startswith("private") for line in lines):
        plain = [line for line in lines if "private" not in line]
        assert kept(plain, Manner.COMMAND, None) == plain


TOOLS = [
    ["Found 2", "src/a.py", "12:open", "  3: open", "\u2502open", "src/b.py:1:1", "> 1: open"],
    ["src/a.py:1:x", "12", "note"],
]


@pytest.mark.parametrize("lines", TOOLS, ids=["headings", "lines"])
def test_of_a_tool_lines_of_a_named_file_stay(lines):
    assert kept(lines, Manner.TOOL) == lines


def test_after_a_heading_that_nobody_finds_all_lines_are_of_it():
    assert kept(["b/x.txt", "\u2502----", "\u2502HUSH", "", "src/a.py", "\u2502open"], Manner.TOOL) == [
        "src/a.py",
        "\u2502open",
    ]
    assert kept(["12:HUSH", "src/a.py:1:x", "34:5:HUSH"], Manner.TOOL) == ["src/a.py:1:x"]


def test_what_follows_what_an_agent_left_out_may_be_of_any_file():
    lines = ["src/a.py:1:x", "... (truncated 30 lines) ...", "HUSH", "HUSH", "src/b.py:1:x"]
    assert not any("HUSH" in line for line in kept(lines, Manner.TOOL))
    assert kept(lines, Manner.TOOL, None) == lines


def test_the_rest_of_a_command_may_be_of_anything_else():
    assert kept(["HUSH", "built in 3s", "private/k:1:HUSH", "error TS1"], Manner.REST) == ["built in 3s", "error TS1"]


@given(
    lines=st.lists(
        st.text(max_size=20) | st.sampled_from(["src/a.py:1:x", "private/k:1:x", "k:1:x", "private/k", "12:x"])
    )
)
@pytest.mark.parametrize("manner", list(Manner))
def test_law_every_line_is_told_and_one_that_names_an_ignored_file_goes(lines, manner):
    found = owners(lines, Tree(LOST), manner)
    assert len(found) == len(lines)
    assert all(owner is not None for line, owner in zip(lines, found, strict=True) if line.startswith("private/k:1:"))
    assert all(owner is None for line, owner in zip(lines, found, strict=True) if line.startswith("src/a.py:1:x"))


@given(st.lists(st.text(max_size=20)))
def test_law_of_a_command_a_line_that_nobody_knows_goes(lines):
    unknown = [f"k{line}HUSH" for line in lines]
    assert kept(unknown, Manner.COMMAND) == []
