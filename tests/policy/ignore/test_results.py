"""Lines of tools' results by the files that they come from."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.facts import IgnoreMatch
from companion.policy.ignore.results import apply, lines_of, mentions_of

RULE = IgnoreMatch(".clineignore", 3, "private/")


def covers(path):
    return RULE if path.removeprefix("./").removeprefix("/w/").startswith("private") else None


def left(text):
    return apply(text, lines_of(text, covers))


RESULTS = [
    ("grep -rn", "src/a.py:1:one\nprivate/k:2:HUSH\nsrc/b.py:3:two\n", ["src/a.py", "src/b.py"]),
    ("grep with context", "private/k-1-HUSH\nprivate/k:2:HUSH\nprivate/k-3-HUSH\n--\nsrc/a.py:2:x\n", ["src/a.py"]),
    ("files with matches", "./src/a.py\n./private/k\n/w/private/HUSH\n", ["src/a.py"]),
    ("counts", "src/a.py:3\nprivate/HUSH:4\n", ["src/a.py:3"]),
    ("headings", "private/k\n12:HUSH\n13-HUSH\n\nsrc/a.py\n1:x\n", ["src/a.py", "1:x"]),
    ("headings with bars", "private/k\n│----\n│HUSH\n│----\n\nsrc/a.py\n│----\n│x\n", ["│x"]),
    ("a tree", "- src/\n  - a.py\n- private/\n", ["a.py"]),
    ("a list with locks", "src/a.py\n\U0001f512 private/HUSH\n", ["src/a.py"]),
    ("windows line ends", "src/a.py\r\nprivate/HUSH\r\n", ["src/a.py"]),
    ("no line end", "src/a.py\nprivate/HUSH", ["src/a.py"]),
]


@pytest.mark.parametrize(("text", "kept"), [row[1:] for row in RESULTS], ids=[row[0] for row in RESULTS])
def test_lines_of_ignored_files_are_left_out_and_the_rule_is_named(text, kept):
    result = left(text)
    assert "HUSH" not in result
    assert ".clineignore:3: private/" in result
    assert all(words in result for words in kept)


def test_a_result_without_ignored_files_stays_byte_for_byte():
    text = "Found 2 files\nsrc/a.py:1: private things\nsrc/b.py\r\n\ttabs\n"
    assert left(text) == text


@given(st.lists(st.sampled_from(["src/a.py:1:x", "private/k:1:HUSH", "", "--", "note", "private/HUSH", "src/b"])))
def test_law_nothing_of_an_ignored_file_stays_and_cuts_are_in_order(lines):
    text = "\n".join(lines)
    cuts = lines_of(text, covers)
    assert "HUSH" not in apply(text, cuts)
    assert all(one.end <= other.start for one, other in pairwise(cuts))
    assert left(left(text)) == left(text) or "private" in left(text)


MENTIONS = [
    '<file_content path="private/k">\nHUSH\n</file_content>',
    "<file_content path='private/k'>HUSH</file_content>",
    '<final_file_content path="./private/k" more="x">\nHUSH\n</final_file_content>',
    '<file_content path="private/k">\nHUSH, never closed',
]


@pytest.mark.parametrize("text", MENTIONS)
def test_the_content_of_a_mentioned_ignored_file_is_left_out(text):
    result = apply(text, mentions_of(text, covers))
    assert "HUSH" not in result
    assert ".clineignore:3" in result
    assert "private/k" in result


def test_other_mentions_stay():
    text = 'see <file_content path="src/a.py">\nx\n</file_content> and <file_content path="private/k"></file_content>'
    assert mentions_of(text, covers) == []
