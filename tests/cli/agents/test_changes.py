"""companion's entries go in, and come out again with nothing else."""

from __future__ import annotations

import json
import tomllib

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.cli.agents.changes import Change, apply, undo
from companion.cli.agents.errors import Unfit
from companion.cli.agents.jsontext import Json
from companion.cli.agents.tomltext import Toml

SYNTAXES = {"json": (Json(), json.dumps, json.loads), "toml": (Toml(), tomlkit.dumps, tomllib.loads)}
both = pytest.mark.parametrize("syntax", SYNTAXES)

CHANGES = [
    Change(("model",), "ours"),
    Change(("env", "URL"), "http://127.0.0.1:1"),
    Change(("env", "KEY"), "cmp-1"),
    Change(("providers", "companion"), {"name": "companion", "headers": {"x": "1"}}, owned=True),
]
MARKS = [change.mark for change in CHANGES]

KEYS = st.sampled_from(["model", "env", "URL", "providers", "theirs"])
VALUES = st.recursive(
    st.integers(0, 9) | st.text("ab", max_size=2), lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=5
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=4)


@both
@settings(max_examples=60)
@given(document=DOCUMENTS)
def test_law_undone_it_means_what_it_meant(syntax, document):
    syntax, dump, load = SYNTAXES[syntax]
    base = dump(document)
    try:
        changed = apply(syntax, base, CHANGES)
    except Unfit:
        return
    assert load(changed)["model"] == "ours"
    assert load(changed)["providers"]["companion"] == CHANGES[-1].value
    assert apply(syntax, changed, CHANGES) == changed
    assert load(undo(syntax, changed, base, MARKS)) == document


@both
@settings(max_examples=60)
@given(document=DOCUMENTS, value=VALUES)
def test_law_what_was_added_since_stays(syntax, document, value):
    syntax, dump, load = SYNTAXES[syntax]
    base = dump(document)
    try:
        changed = syntax.put(apply(syntax, base, CHANGES), ("since",), value)
    except Unfit:
        return
    assert load(undo(syntax, changed, base, MARKS)) == document | {"since": value}


def undone(changes, base, edit) -> dict:
    """What is left after `edit` changed the settings that held the changes."""
    syntax = Json()
    text = apply(syntax, json.dumps(base), changes)
    document = json.loads(text)
    edit(document)
    return json.loads(undo(syntax, json.dumps(document), json.dumps(base), [change.mark for change in changes]))


def test_an_entry_that_somebody_changed_since_is_theirs():
    left = undone(CHANGES, {"model": "before"}, lambda document: document.update(model="mine"))
    assert left == {"model": "mine"}


def test_an_entry_that_is_companions_alone_goes_even_when_it_was_changed():
    left = undone(CHANGES, {}, lambda document: document["providers"]["companion"].update(name="edited"))
    assert left == {}


def test_an_entry_that_is_gone_already_is_no_error():
    assert undone(CHANGES, {"model": "before"}, lambda document: document.pop("env")) == {"model": "before"}


@pytest.mark.parametrize(
    ("before", "since", "left"),
    [
        (None, "ours", None),
        ("a: b", "a: b\nours", "a: b"),
        (None, "ours\nc: d", "c: d"),
        ("a: b", "a: b\nours\nc: d", "a: b\nc: d"),
        ("a: b", "a: b", "a: b"),
    ],
)
def test_of_a_text_of_lines_only_our_line_goes(before, since, left):
    base = {} if before is None else {"headers": before}
    whole = "ours" if before is None else f"{before}\nours"
    change = Change(("headers",), whole, line="ours")
    assert undone([change], base, lambda document: document.update(headers=since)).get("headers") == left


def test_only_objects_that_were_made_on_the_way_are_dropped():
    changes = [Change(("env", "URL"), "u"), Change(("deep", "er", "x"), 1)]
    assert undone(changes, {"env": {}, "other": {}}, lambda document: None) == {"env": {}, "other": {}}
    assert undone(changes, {}, lambda document: document["deep"].update(theirs=1)) == {"deep": {"theirs": 1}}


def test_a_mark_remembers_no_value():
    mark = Change(("env", "KEY"), "cmp-secret", line="x").mark
    assert "cmp-secret" not in repr(mark)
    assert (mark.path, mark.line, mark.owned) == (("env", "KEY"), "x", False)
