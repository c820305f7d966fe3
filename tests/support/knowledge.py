"""What the tables of knowledge say of a command, in short."""

from __future__ import annotations

import shlex

from hypothesis import strategies as st

from companion.model.facts import Access, CloudCall, EffectKind
from companion.policy.knowledge.classify import classify
from companion.policy.knowledge.finding import NO_INPUT, Fact, Found, Input

_ON_PATHS = {EffectKind.READ, EffectKind.WRITE, EffectKind.DELETE}

WORDS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.sampled_from(
        ["--", "-", "--help", "-h", "-x", "--foo=bar", "--foo", "get", "list", "delete", "file://x", "@x", ""]
    ),
)
"""Any argument, and what means something to many programs."""


def found(command: str, feed: Input = NO_INPUT) -> tuple[Found, ...]:
    """The findings of one plain command; `?` as a word stands for one that is not known."""
    program, *words = shlex.split(command)
    findings = classify(program, [None if word == "?" else word for word in words], feed)
    assert findings is not None, f"nothing is known about {program}"
    return findings


def said(command: str, feed: Input = NO_INPUT) -> set[str]:
    """The codes of the rules that speak up."""
    on = [each for each in found(command, feed) if isinstance(each, Fact) and each.kind not in _ON_PATHS]
    return {fact.code for fact in on if fact.code}


def looks(command: str, feed: Input = NO_INPUT) -> bool:
    """Whether nobody needs to be asked: no rule speaks up, and no file is written or deleted."""
    facts = [each for each in found(command, feed) if isinstance(each, Fact)]
    changes = any(fact.kind in {EffectKind.WRITE, EffectKind.DELETE} for fact in facts)
    return bool(facts) and not said(command, feed) and not changes


def files(command: str, feed: Input = NO_INPUT) -> list[tuple[str, str, str]]:
    """The files that are named, as kind, path and code."""
    words = shlex.split(command)[1:]
    on = [each for each in found(command, feed) if isinstance(each, Fact) and each.kind in _ON_PATHS]
    return [(fact.kind.value, fact.target or words[fact.at], fact.code) for fact in on]


def call(command: str) -> CloudCall:
    """The one call that a command makes."""
    calls = {each.call for each in found(command) if isinstance(each, Fact) and each.call is not None}
    assert len(calls) == 1, calls
    return calls.pop()


def access(command: str) -> Access:
    return call(command).access
