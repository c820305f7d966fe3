"""A complaint is one line, whatever it is about."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.config.complaints import Complaint, dotted, listed, nearest, quoted, show


@given(st.text())
def test_quoted_text_is_short_and_harmless(text):
    assert quoted(text).isprintable()
    assert len(quoted(text)) <= 12 * 60
    assert dotted(["a", text]).isprintable()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "true"),
        (3, "3"),
        (Decimal("1.50"), "1.50"),
        ("a\x1b[31m", 'the text "a\\u001b[31m"'),
        ("x" * 100, f'the text "{"x" * 57}..."'),
        ([1], "a list"),
        ({}, "a table"),
        (None, "a NoneType"),
    ],
)
def test_show(value, shown):
    assert show(value) == shown


def test_a_number_too_long_for_python_to_print():
    assert show(16**9000) == "a whole number of 36001 bits"


def test_places():
    assert Complaint("f", 3, "k", "x", "y", column=4).place == "f:3:4"
    assert str(Complaint("f", 0, "", "x", "y", "do z")) == "f: expected x, found y; do z"


def test_words():
    assert listed(["a"]) == '"a"'
    assert listed(["a", "b", "c"]) == '"a", "b" or "c"'
    assert nearest("INFO", ["info", "error"]) == 'did you mean "info"?'
    assert nearest("zzz", ["info"]) == nearest("x" * 1000, ["x" * 999]) == ""
