from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.policy.plain import plain_words


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("npm test", ("npm", "test")),
        ("a 'b c' \"d\"", ("a", "b c", "d")),
        ("./x.sh  --a=b", ("./x.sh", "--a=b")),
        ("echo '~' \"~\"", ("echo", "~", "~")),
    ],
)
def test_plain_commands_have_words(command, words):
    assert plain_words(command) == words


@pytest.mark.parametrize(
    "command",
    [
        "",
        " ",
        "a | b",
        "a > b",
        "a; b",
        "a && b",
        "$A",
        "a $(b)",
        "a `b`",
        "A=1 b",
        "a *",
        "a ~",
        "a\nb",
        "a 'b\nc'",
        "a '",
        "''",
    ],
)
def test_others_have_none(command):
    assert plain_words(command) == ()


@given(st.text("abc '\"$`;|&<>(){}*?[]!#\\\n~=", max_size=12))
def test_law_a_command_with_syntax_has_none(command):
    if any(mark in command for mark in ";|&<>(){}*?[]#\\\n`~"):
        inside_quotes = any(quote in command for quote in "'\"")
        assert plain_words(command) == () or inside_quotes


def test_a_long_word_before_what_is_not_plain_is_read_as_fast_as_any_other():
    for end in ("|", ";", "'", '"', "$x"):
        assert plain_words("git push " + "a" * 400 + end) == ()
    assert plain_words("git push " + "a" * 400) == ("git", "push", "a" * 400)
