"""An answer is given again only to the same question, and only as long and as far as there is room."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.edges.gateway import chat, count, embeddings, messages
from companion.edges.gateway.cache import AnswerCache, Kept, is_always_the_same
from companion.edges.gateway.envelope import read_envelope
from companion.edges.gateway.prompt import read_prompt
from companion.edges.gateway.turn import Turn
from companion.model.action import ModelCall
from companion.model.exchange import Exchange, Origin
from tests.support.rooms import NOON

CHAT = {"model": "m", "temperature": 0, "messages": [{"role": "user", "content": "hi"}]}
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {}}}]


def turn(body: dict = CHAT, module=chat, key_id: str = "key-1", query: str = "") -> Turn:
    prompt = read_prompt(json.dumps(body).encode())
    asked = module.read_request(prompt.skeleton)
    exchange = Exchange("1", NOON, Origin(key_id=key_id), ModelCall(module.DIALECT, "m"))
    envelope = read_envelope("/v1/x", query, {})
    return Turn(module, asked, prompt, envelope, exchange, None, None, None)


def kept(size: int) -> Kept:
    return Kept(200, (), bytes(size))


@pytest.mark.parametrize(
    ("body", "module", "same"),
    [
        (CHAT, chat, True),
        (CHAT | {"temperature": 0.0}, chat, True),
        (CHAT | {"temperature": 0.1}, chat, False),
        (CHAT | {"temperature": False}, chat, False),
        (CHAT | {"temperature": None}, chat, False),
        ({key: value for key, value in CHAT.items() if key != "temperature"}, chat, False),
        (CHAT | {"stream": True}, chat, False),
        (CHAT | {"tools": TOOLS}, chat, False),
        (CHAT | {"functions": [{"name": "f"}]}, chat, False),
        (CHAT | {"max_tokens": 9}, messages, True),
        ({"model": "m", "messages": []}, count, True),
        ({"model": "m", "input": "x"}, embeddings, True),
    ],
)
def test_only_what_is_always_the_same_is_kept(body, module, same):
    assert is_always_the_same(turn(body, module)) is same


@pytest.mark.parametrize(("room", "seconds"), [(0, 60), (1000, 0)])
def test_what_is_not_wanted_keeps_nothing(room, seconds):
    assert not AnswerCache(room, seconds, lambda: 0.0).keeps(turn())


def test_another_key_query_body_or_version_is_another_question():
    names = [
        AnswerCache.key(turn(), b"{}", {}),
        AnswerCache.key(turn(key_id="key-2"), b"{}", {}),
        AnswerCache.key(turn(query="beta=true"), b"{}", {}),
        AnswerCache.key(turn(), b"{ }", {}),
        AnswerCache.key(turn(), b"{}", {"anthropic-version": "2023-06-01"}),
        AnswerCache.key(turn(), b"{}", {"anthropic-beta": "2023-06-01"}),
    ]
    assert len(set(names)) == len(names)
    assert AnswerCache.key(turn(), b"{}", {"x-request-id": "7"}) == names[0]


def test_an_answer_is_kept_for_its_time_and_no_longer():
    now = 0.0
    cache = AnswerCache(1000, 60, lambda: now)
    cache.put(b"a", kept(10))
    now = 59.9
    assert cache.get(b"a") == kept(10)
    now = 60.0
    assert cache.get(b"a") is None
    assert cache._taken == 0


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 200)), max_size=40))
def test_the_room_is_never_passed_and_the_books_are_right(puts):
    cache = AnswerCache(1000, 60, lambda: 0.0)
    for name, size in puts:
        cache.put(name.encode(), kept(size))
        sizes = [len(one.raw) for one, _ in cache._kept.values()]
        assert sum(sizes) == cache._taken <= 1000
        assert all(size <= 125 for size in sizes)


def test_what_was_used_longest_ago_makes_room():
    cache = AnswerCache(300, 60, lambda: 0.0)
    for name in (b"a", b"b", b"c", b"d", b"e", b"f", b"g", b"h"):
        cache.put(name, kept(37))
    cache.get(b"a")
    cache.put(b"i", kept(37))
    assert cache.get(b"a") is not None
    assert cache.get(b"b") is None


def test_values_are_values():
    assert dataclasses.is_dataclass(Kept)
    with pytest.raises(dataclasses.FrozenInstanceError):
        kept(1).raw = b""
