import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.policy.knowledge.argv import Parser, parse, table
from tests.support.knowledge import WORDS

SPEC = "a b= long value= opt~ pair== in< out> tree@ secret! dry? #"


def test_marks():
    assert dict(table("a b= c== d~ e< f> g@ h! i? #")) == {
        "a": "", "b": "=", "c": "==", "d": "~", "e": "<", "f": ">", "g": "@", "h": "!", "i": "?", "#": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "operands", "given_"),
    [
        (["x", "-a", "y"], [0, 2], [("a", None)]),
        (["-ab", "v", "y"], [2], [("a", None), ("b", "v")]),
        (["-abv"], [], [("a", None), ("b", "v")]),
        (["-b=v"], [], [("b", "v")]),
        (["--value", "v", "--value=w"], [], [("value", "v"), ("value", "w")]),
        (["--opt", "x", "--opt=v"], [1], [("opt", None), ("opt", "v")]),
        (["--pair", "v", "w", "x"], [3], [("pair", "v"), ("pair", "w")]),
        (["--", "-a"], [1], []),
        (["-5", "-"], [1], []),
        (["--long=true", "--long=false"], [], [("long", None)]),
    ],
)
def test_words_that_are_known(words, operands, given_):
    parsed = parse(words, SPEC)
    assert (parsed.operands, [(name, value) for name, value, _ in parsed.given], parsed.unknown) == (
        operands,
        given_,
        None,
    )


@pytest.mark.parametrize(
    ("words", "unknown"),
    [
        (["x", "-z"], 1),
        (["--lon"], 0),
        (["--a"], 0),
        (["-az"], 0),
        (["--long=v"], 0),
        (["--value"], 0),
        (["--value", None], 0),
        ([None, "-z"], 0),
        (["--pair", "v"], 0),
        (["-5x"], 0),
        (["-" + "a" * 31], 0),
    ],
)
def test_words_that_are_not(words, unknown):
    assert parse(words, SPEC).unknown == unknown


def test_files_leaks_and_dry_runs():
    parsed = parse(["--in", "a", "--out=b", "--tree", "c", "--secret", "--dry=none"], SPEC)
    assert parsed.files == [("<", None, 1), (">", "b", 2), ("@", None, 4)]
    assert parsed.leaks == 5
    assert not parsed.shows
    assert parse(["--dry"], SPEC).shows
    assert parse(["--dry=client"], SPEC).shows


def test_the_equals_sign_behind_a_letter_that_names_a_file_is_unclear():
    assert parse(["-i=x"], "i<").unknown == 0
    assert parse(["-ix"], "i<").files == [("<", "x", 0)]


def test_one_dash_is_as_good_as_two():
    parsed = parse(["-value", "v", "-a", "-av"], SPEC, go=True)
    assert (parsed.value("value"), parsed.has("a"), parsed.unknown) == ("v", True, 3)


def test_values():
    parsed = parse(["--value", "v", "--value=w"], SPEC)
    assert parsed.values("value") == [("v", 1), ("w", 2)]
    assert parsed.value("missing") == ""


def test_a_subcommand_brings_its_own_options():
    parser = Parser(["-a", "get", "--new", "x"], table("a"))
    assert parser.operand() == 1
    parser.marks = table("a new=")
    assert parser.operand() is None
    assert parser.parsed.value("new") == "x"
    assert parser.parsed.unknown is None
    parser.skip(1)
    assert parser.rest == 1


@given(st.lists(WORDS, max_size=8), st.booleans())
def test_law_every_word_is_an_operand_or_an_option_or_unknown(words, go):
    parsed = parse(words, SPEC, go=go)
    assert all(0 <= at < len(words) for at in parsed.operands)
    if None in words:
        assert parsed.unknown is not None
    if parsed.unknown is not None:
        parser = Parser(words, table(SPEC), go=go)
        parser.refuse(99)
        assert parser.run().unknown == 99
