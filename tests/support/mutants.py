"""Streamed answers as no honest upstream sends them: the events of a tidy one, changed here and there."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Events = list[dict[str, Any]]
Draw = Callable[[st.SearchStrategy[Any]], Any]

NAMES = ["Bash", "Read"]
ARGUMENTS = [
    json.dumps({"command": word, "file_path": word}, ensure_ascii=False) for word in ("ls", "EVIL", "\U0001f600")
]
"""What either tool can be called with."""

PIECES = [
    *ARGUMENTS,
    *['{"command": ', '"ls", "file_path": "a"}', '"EVIL", "file_path": "b"}', '"\ud83d', '\ude00", "file_path": "c"}'],
    *["", " ", "}"],
]

made_calls = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(ARGUMENTS)), min_size=1, max_size=3)


def _objects(value: Any) -> list[dict[str, Any]]:
    found = [value] if isinstance(value, dict) else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return found + [one for entry in inner for one in _objects(entry)]


def _drop(events: Events, draw: Draw) -> None:
    del events[draw(st.integers(0, len(events) - 1))]


def _repeat(events: Events, draw: Draw) -> None:
    which = copy.deepcopy(draw(st.sampled_from(events)))
    events.insert(draw(st.integers(0, len(events))), which)


def _move(events: Events, draw: Draw) -> None:
    which = events.pop(draw(st.integers(0, len(events) - 1)))
    events.insert(draw(st.integers(0, len(events))), which)


def _set(events: Events, draw: Draw, values: dict[str, list[Any]]) -> None:
    """Gives one object another value under one of the keys that it has."""
    fitting = [(one, key) for one in _objects(events) for key in one if key in values]
    if fitting:
        one, key = draw(st.sampled_from(fitting))
        one[key] = copy.deepcopy(draw(st.sampled_from(values[key])))


def _respell(events: Events, draw: Draw, values: dict[str, list[Any]]) -> None:
    """Spells a key, or what stands under `type`, otherwise; or tells it twice in two spellings."""
    fitting = [(one, key) for one in _objects(events) for key in one if key in values]
    if not fitting:
        return
    one, key = draw(st.sampled_from(fitting))
    other = draw(st.sampled_from([key.title(), key.upper(), key.replace("s", "\u017f").replace("k", "\u212a")]))
    how = draw(st.sampled_from(["rename", "add", "value"]))
    if how == "value" and isinstance(one[key], str):
        one[key] = one[key].title()
    elif how == "rename":
        one[other] = one.pop(key)
    else:
        one[other] = copy.deepcopy(draw(st.sampled_from(values[key])))


def _nest(events: Events, draw: Draw, values: list[Any]) -> None:
    one = draw(st.sampled_from(_objects(events)))
    key = draw(st.sampled_from(["content", "next", "content_block", "item", "message", "output"]))
    made = copy.deepcopy(draw(st.sampled_from(values)))
    one[key] = draw(st.sampled_from([made, [made]]))


def mutated(events: Events, values: dict[str, list[Any]], calls: list[Any]) -> st.SearchStrategy[Events]:
    """`events` with up to five changes. `values` are what may stand under which key, `calls` what may be nested."""

    def change(draw: Draw) -> Events:
        made = copy.deepcopy(events)
        for _ in range(draw(st.integers(0, 5))):
            ways: list[Callable[[], None]] = [
                lambda: _drop(made, draw),
                lambda: _repeat(made, draw),
                lambda: _move(made, draw),
                lambda: _set(made, draw, values),
                lambda: _set(made, draw, values),
                lambda: _set(made, draw, values),
                lambda: _respell(made, draw, values),
                lambda: _nest(made, draw, calls),
            ]
            if made:
                draw(st.sampled_from(ways))()
        return made

    return st.composite(change)()
