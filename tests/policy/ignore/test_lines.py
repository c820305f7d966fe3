"""Which file a line of a search is of."""

import pytest

from companion.policy.ignore.lines import begins_with_path, names_path, paths_at_start, paths_in_line

LINES = [
    # line, begins with a path, is likely to mean one
    ("src/a.py:1:x", True, True),
    ("Makefile:12:x", True, True),
    ("src/a.py-12-x", True, True),
    ("src/a.py-x", True, True),
    ("src/a.py-x y z", True, True),
    ("Makefile-12-x", True, True),
    ("Makefile:3", True, True),
    ("./src/a.py", True, True),
    ("12:private/k: x", False, False),
    ("  2: src/a.py:3: x", False, False),
    ("│HUSH", False, False),
    ("Found 3 results for: a/b", True, False),
    ("Wall time: 0.0 seconds", True, False),
    ("--", False, False),
    ("", False, False),
]


@pytest.mark.parametrize(("line", "begins", "names"), LINES)
def test_how_a_line_begins_says_whether_other_lines_belong_to_it(line, begins, names):
    assert begins_with_path(line) == begins
    assert (begins and names_path(line)) == names


def test_the_longest_path_that_a_line_may_begin_with_comes_first():
    assert list(paths_at_start("a-1-b:3:x"))[:2] == ["a-1-b:3:x", "a-1-b:3"]
    assert "a-1-b" in set(paths_at_start("a-1-b:3:x"))


LONG = {
    "a path that goes on": ("/" * 200_000 + " ", True),
    "folders": ("a/" * 200_000, True),
    "hyphens": ("-1" * 200_000, True),
    "colons": (":" * 200_000, False),
    "a word": ("a" * 200_000, True),
}


@pytest.mark.parametrize(("line", "names"), LONG.values(), ids=LONG)
def test_a_line_of_any_length_is_read_by_its_beginning(line, names):
    assert names_path(line) == names
    assert all(len(path) <= 1024 for path in paths_at_start(line))


def test_a_line_of_marks_is_bounded():
    assert len(list(paths_at_start("-" * 100_000))) < 40


@pytest.mark.parametrize("line", ["- .env", "│   ├── .env", "\U0001f512 .env", "3. .env", ".env*", "`.env"])
def test_what_lists_draw_is_no_part_of_a_name(line):
    assert ".env" in {path.strip("`") for path in paths_in_line(line)}
