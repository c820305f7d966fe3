"""Which strings of an unknown tool's arguments may be paths."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.policy.ignore.arguments import MOST_PATHS, TooMany, paths_in

ARGUMENTS = [
    ({"path": "a/b"}, {"a/b"}),
    ({"uri": "file:///w/a%20b"}, {"/w/a b"}),
    ({"files": ["a", {"name": "b"}]}, {"a", "b"}),
    ({"command": "cat .env | grep 'x y'"}, {"cat", ".env", "grep", "x", "y"}),
    ({"args": ["--file=.env"]}, {"--file", ".env"}),
    ({"text": "two\nlines"}, set()),
    ({"url": "https://example.com/.env"}, set()),
    ({"n": 1, "b": True, "x": None}, set()),
    ({"path": "@src/a.py"}, {"src/a.py"}),
]


@pytest.mark.parametrize(("arguments", "expected"), ARGUMENTS)
def test_paths(arguments, expected):
    assert set(paths_in(json.dumps(arguments))) == expected


def test_what_is_no_json_is_one_string():
    assert paths_in("a/b") == ("a/b",)


def test_too_many_paths_are_not_passed_over():
    with pytest.raises(TooMany):
        paths_in(json.dumps([f"p{number}" for number in range(MOST_PATHS + 1)]))


@given(st.text(max_size=60))
def test_law_any_text_is_read(text):
    assert all(path and "\n" not in path for path in paths_in(text))
