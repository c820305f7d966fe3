"""A dotted key and its parts say the same, whatever the parts are."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.config.names import key_of, parts_of
from companion.config.values import is_name

NAMES = st.text(min_size=1).filter(is_name) | st.sampled_from(["*", "a.b", '"', "\\", "/home/me", "claude-3.5", "ü"])


@given(st.lists(NAMES, min_size=1, max_size=5))
def test_law_a_key_comes_apart_as_it_was_put_together(parts):
    assert parts_of(key_of(parts)) == tuple(parts)


@given(st.lists(NAMES, min_size=1, max_size=5))
def test_law_a_key_is_one_of_toml(parts):
    table = tomllib.loads(f"{key_of(parts)} = 1")
    for part in parts:
        assert list(table) == [part]
        table = table[part]


@given(st.text(alphabet='ab."\\-*') | st.text())
def test_law_whatever_is_typed_comes_apart(text):
    assert parts_of(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("gateway.port", ("gateway", "port")),
        ('budgets.model."claude-3.5".day', ("budgets", "model", "claude-3.5", "day")),
        ("a.*.b", ("a", "*", "b")),
        ("a.", ("a", "")),
        ("", ("",)),
        ('a."b', ("a", '"b')),
        ('"a"b', ('"a"b',)),
        (r'"\x".b', (r'"\x"', "b")),
    ],
)
def test_what_is_typed(text, parts):
    assert parts_of(text) == parts
