"""Why a connection cannot be made: each reason keeps its own place, and names what a person can act on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.cli.agents.errors import Impossible, Unfit, Unparseable
from companion.cli.agents.jsontext import Json
from companion.cli.agents.syntax import Syntax
from companion.cli.agents.tomltext import Toml

SIGNS = [
    '{"a": 1}',
    "[a]\n",
    "a = 1\n",
    "{",
    "}",
    "[",
    "]",
    '"',
    "'",
    ",",
    ":",
    "=",
    "\n",
    " ",
    "é",
    "\u2028",
    "\0",
    "1",
    "a",
]
TEXTS = st.lists(st.sampled_from(SIGNS), max_size=12).map("".join) | st.text(max_size=20)


def why_not(syntax: Syntax, text: str) -> Unparseable | None:
    try:
        assert isinstance(syntax.parse(text), dict)
    except Unparseable as error:
        return error
    return None


@pytest.mark.parametrize("syntax", [Json(), Toml()], ids=["json", "toml"])
@given(text=TEXTS)
def test_a_text_is_read_or_the_place_where_it_breaks_lies_in_it(syntax: Syntax, text: str):
    error = why_not(syntax, text)
    if error is not None:
        assert str(error)
        assert (error.line == 0) is (error.column == 0)
        assert 0 <= error.line <= text.count("\n") + 1
        assert 0 <= error.column <= len(text) + 1


def test_a_place_that_is_not_known_is_none():
    assert (Unparseable("why").line, Unparseable("why").column) == (0, 0)


def test_a_reason_that_names_no_step_names_none():
    assert (str(Impossible("no")), Impossible("no").next) == ("no", "")
    assert Impossible("no", "companion up").next == "companion up"


def test_an_answer_to_the_user_is_never_taken_for_a_text_that_is_wrong():
    """Both ways of being wrong are values; whoever handles those must not swallow the answer."""
    assert not issubclass(Impossible, ValueError)
    assert not issubclass(Unfit, Unparseable)
    assert not issubclass(Unparseable, Unfit)
    assert issubclass(Unfit, ValueError)
    assert issubclass(Unparseable, ValueError)
