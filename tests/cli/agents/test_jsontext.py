"""Single entries of a JSON text change; everything else stays, byte for byte."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.cli.agents.errors import Unfit, Unparseable
from companion.cli.agents.jsontext import Json
from companion.cli.agents.syntax import lookup

JSON = Json()

KEYS = st.sampled_from(["env", "model", "a", 'q"\\', "é", ""])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)
LAYOUTS = st.sampled_from([None, 2, 4, "\t", 0])
PATHS = st.lists(KEYS, min_size=1, max_size=3).map(tuple)


@st.composite
def texts(draw):
    text = json.dumps(draw(OBJECTS), indent=draw(LAYOUTS), ensure_ascii=draw(st.booleans()))
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return f"{draw(st.sampled_from(['', ' ', chr(10)]))}{text}{draw(st.sampled_from(['', chr(10)]))}"


@settings(max_examples=150)
@given(text=texts(), path=PATHS, value=VALUES)
def test_put_sets_that_entry_alone(text, path, value):
    expected = inner = json.loads(text)
    try:
        for key in path[:-1]:
            inner = inner.setdefault(key, {})
        inner[path[-1]] = value
    except (AttributeError, TypeError):
        with pytest.raises(Unfit):
            JSON.put(text, path, value)
        return
    assert json.loads(JSON.put(text, path, value)) == expected


@settings(max_examples=150)
@given(text=texts(), path=PATHS, value=VALUES)
def test_restore_brings_back_the_value_as_it_was_written(text, path, value):
    try:
        changed = JSON.put(text, path, value)
    except Unfit:
        return
    back = JSON.restore(changed, path, text)
    parent = lookup(json.loads(text), path[:-1])
    if isinstance(parent, dict) and parent:
        assert back == text


@settings(max_examples=100)
@given(text=texts(), path=PATHS)
def test_drop_takes_that_entry_alone(text, path):
    expected = inner = json.loads(text)
    for key in path[:-1]:
        inner = inner.get(key, {}) if isinstance(inner, dict) else {}
    if isinstance(inner, dict):
        inner.pop(path[-1], None)
    assert json.loads(JSON.drop(text, path)) == expected


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        ("{}\n", ("a",), '{\n  "a": 1\n}\n'),
        ('{"x":[1, 2]}', ("a",), '{"x":[1, 2],"a": 1}'),
        ('{ "x": 1 }', ("a",), '{ "x": 1, "a": 1 }'),
        ('{\n\t"x": 1\n}', ("e", "a"), '{\n\t"x": 1,\n\t"e": {\n\t\t"a": 1\n\t}\n}'),
        ('{\n    "e": {}\n}', ("e", "a"), '{\n    "e": {\n        "a": 1\n    }\n}'),
        ('{\r\n  "x": 1\r\n}', ("a",), '{\r\n  "x": 1,\r\n  "a": 1\r\n}'),
        ('{"a": 0, "a": 0}', ("a",), '{"a": 0, "a": 1}'),
        ('{"big": 1e400, "n": 1.0}', ("a",), '{"big": 1e400, "n": 1.0, "a": 1}'),
        ('{"n": 12345678901234567890.10}', ("a",), '{"n": 12345678901234567890.10,"a": 1}'),
    ],
)
def test_layout_is_kept(before, path, after):
    assert JSON.put(before, path, 1) == after


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ('{"a": 1,}', 1, 9),
        ("{\n  // no\n}", 2, 3),
        ("[]", 1, 1),
        ("{", 1, 2),
        ('{"a": NaN}', 0, 0),
        ("[" * 100_000, 0, 0),
    ],
)
def test_what_is_no_settings_is_said_with_its_place(text, line, column):
    with pytest.raises(Unparseable) as caught:
        JSON.parse(text)
    assert (caught.value.line, caught.value.column) in {(line, column), (line, column - 1)}


def test_an_entry_below_a_value_has_no_place():
    with pytest.raises(Unfit, match=r"line 2: env: expected an object"):
        JSON.put('{\n"env": 1}', ("env", "A"), "x")
