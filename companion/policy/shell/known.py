"""What the tables of knowledge say about a program, in the words of this reading of commands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from companion.model.facts import Effect, EffectKind
from companion.policy.knowledge.classify import classify
from companion.policy.knowledge.finding import Fact, Found, Input, Script
from companion.policy.shell.invocation import Finding, Inner, Invocation, Text, delete, read, write
from companion.policy.shell.rules import apply
from companion.policy.shell.words import Value


def judge_known(invocation: Invocation) -> Iterator[Finding] | None:
    """The findings of a program that a table knows; None for any other."""
    words = [None if arg.glob or arg.many else arg.text for arg in invocation.args]
    feed = invocation.feed
    text = feed.text.constant if feed.text is not None else None
    found = classify(invocation.name, words, Input(piped=bool(feed) and text is None, text=text))
    return None if found is None else _findings(invocation, found)


def _findings(invocation: Invocation, found: tuple[Found, ...]) -> Iterator[Finding]:
    for each in found:
        match each:
            case Fact():
                yield from _effects(invocation, each)
            case Script(text, at):
                yield Text(_place(invocation, at, text))
            case _:
                yield Inner(invocation.args[each.at :], invocation.feed)


def _place(invocation: Invocation, at: int, text: str = "") -> Value:
    """The word that a finding is about; with another text where one is given."""
    if at < 0:
        return Value(text, invocation.start, invocation.end)
    word = invocation.args[at]
    return Value(text, word.start, word.end) if text else word


def _effects(invocation: Invocation, fact: Fact) -> Iterator[Effect]:
    place = _place(invocation, fact.at, fact.target)
    match fact.kind:
        case EffectKind.READ:
            yield from read(place, fact.code)
        case EffectKind.WRITE:
            yield from write(place)
        case EffectKind.DELETE:
            yield from delete(place)
        case _ if fact.code:
            effect = apply(fact.code, fact.target or invocation.name, place.start, place.end)
            # A rule has one kind; a table may know better, and knows the call.
            yield replace(effect, kind=fact.kind, call=fact.call)
        case _:
            yield Effect(fact.kind, fact.target or invocation.name, place.start, place.end, call=fact.call)
