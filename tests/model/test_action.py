"""What an agent wants to do is one of four kinds, and each kind has one word everywhere."""

from __future__ import annotations

from typing import get_args

import pytest
from msgspec import structs

from companion.model.action import (
    Action,
    Dialect,
    FileAccess,
    ModelCall,
    Operation,
    ShellCommand,
    ToolCall,
    kind_of,
)

ACTIONS = {
    "model": ModelCall(Dialect.CHAT, "m", ("hello",)),
    "shell": ShellCommand("ls", "/w"),
    "file": FileAccess("a.txt", Operation.READ),
    "tool": ToolCall("deploy"),
}


@pytest.mark.parametrize("word", ACTIONS)
def test_each_kind_of_action_has_its_word(word):
    assert kind_of(ACTIONS[word]) == word


def test_every_kind_of_action_has_a_word_and_nothing_else_has_one():
    assert {type(action) for action in ACTIONS.values()} == set(get_args(Action))
    with pytest.raises(KeyError):
        kind_of("rm -rf /")  # type: ignore[arg-type]


@pytest.mark.parametrize("action", ACTIONS.values(), ids=kind_of)
def test_an_action_stays_what_was_judged(action):
    for one in structs.fields(action):
        with pytest.raises(AttributeError, match="immutable"):
            setattr(action, one.name, "another")
    assert hash(action) == hash(structs.replace(action))


DIALECTS = {
    Dialect.CHAT: ("chat/completions", False, True),
    Dialect.RESPONSES: ("responses", False, True),
    Dialect.MESSAGES: ("messages", True, True),
    Dialect.COUNT_TOKENS: ("messages/count_tokens", True, False),
    Dialect.EMBEDDINGS: ("embeddings", False, True),
}


@pytest.mark.parametrize("dialect", Dialect)
def test_who_speaks_a_dialect_and_whether_it_is_paid_for(dialect):
    assert (str(dialect), dialect.is_anthropic, dialect.is_billed) == DIALECTS[dialect]
