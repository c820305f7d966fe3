import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.scan.secrets import prefilter
from companion.scan.secrets.plugins import USES
from companion.scan.secrets.prefilter import Prefilter
from companion.scan.secrets.rules import load_rules

WHERE = [use.where for use in USES]
LITERALS = [literal for rule in load_rules() for literal in rule.literals]
BY_EXPRESSION = Prefilter(WHERE)
BY_LITERAL = Prefilter(LITERALS, literal=True)

# What comes near to matching: pieces of the expressions, letters that only some readers take for another.
pieces = st.one_of(
    st.sampled_from(
        [
            "AKIA",
            "A3T",
            "xoxb-1",
            "xoxB-٣",
            "hooks.slack.com",
            "hooKs.ſlack.com",  # noqa: RUF001 - that is the question
            "ghp_",
            "-us1",
            "SG.",
            "eyJ",
            "sk_live_",
        ]
    ),
    st.text("aA0_-.:'\"/\n", min_size=1, max_size=70),
    st.sampled_from(["a" * 64, "0" * 48, "Z" * 44, "é", "\ud800", "\0", "😀"]),
    st.sampled_from(LITERALS),
    st.text(max_size=5),
)
texts = st.lists(pieces, max_size=12).map("".join)


@given(texts)
def test_nothing_that_matches_is_left_out(text):
    possible = BY_EXPRESSION.possible(text)
    matching = [place for place, where in enumerate(WHERE) if re.search(where, text, re.ASCII)]
    assert set(matching) <= set(possible)
    assert list(possible) == sorted(set(possible))


@given(texts)
def test_of_literals_just_those_that_stand_in_the_text_are_named(text):
    standing = [place for place, literal in enumerate(LITERALS) if literal in text]
    assert BY_LITERAL.possible(text) == (standing if BY_LITERAL.fast else tuple(range(len(LITERALS))))


@given(st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=20), st.text(max_size=30))
def test_literals_may_hold_any_letters(literals, text):
    possible = Prefilter(literals, literal=True).possible(text + literals[-1])
    assert {place for place, literal in enumerate(literals) if literal in text + literals[-1]} <= set(possible)


def test_without_the_library_everything_is_possible(monkeypatch):
    monkeypatch.setattr(prefilter, "_PACKAGE", "no_such_module")
    slow = Prefilter(["a", "b"])
    assert not slow.fast
    assert tuple(slow.possible("nothing")) == (0, 1)
    assert prefilter.standing().startswith("missing: ")


@pytest.mark.skipif(not BY_EXPRESSION.fast, reason="hyperscan has no wheel for this platform")
def test_threads_do_not_get_in_each_others_way():
    wrong = []

    def ask(literal: str) -> None:
        place = LITERALS.index(literal)
        text = f"{'x ' * 2_000}{literal}"
        wrong.extend(literal for _ in range(300) if place not in BY_LITERAL.possible(text))

    threads = [threading.Thread(target=ask, args=(literal,)) for literal in LITERALS[:4]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_expressions_are_ascii_and_may_be_none():
    with pytest.raises(ValueError, match="ASCII"):
        Prefilter(["é"])
    assert list(Prefilter([]).possible("x")) == []
