"""One string may change; every other byte stays as it came."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from companion.edges.gateway.jsontext import dump, read_value, rewrite, rewrite_value, strings, texts

values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
documents = st.tuples(values, st.booleans(), st.sampled_from([None, 1, 3])).map(
    lambda made: json.dumps(made[0], ensure_ascii=made[1], indent=made[2]).encode("utf-8", "surrogatepass")
)


def walk(value, keys):
    if isinstance(value, dict):
        for key, member in value.items():
            keys.append(key)
            walk(member, keys)
    elif isinstance(value, list):
        for member in value:
            walk(member, keys)
    elif isinstance(value, str):
        keys.append(value)
    return keys


@given(values.map(lambda value: (value, json.dumps(value).encode())))
def test_the_strings_are_those_of_the_document_in_order(made):
    value, raw = made
    assert [token.value for token in strings(raw)] == texts(raw) == walk(value, [])
    for token in strings(raw):
        assert json.loads(raw[token.start : token.end]) == token.value


@given(documents)
def test_rewriting_nothing_changes_no_byte(raw):
    assert rewrite(raw, lambda token: token.value) == raw


@given(st.dictionaries(st.text(max_size=5), values, max_size=4), st.text(max_size=10))
def test_one_value_changes_and_nothing_else(body, new):
    body["target"] = "old value"
    raw = json.dumps(body, indent=2).encode()
    changed = json.loads(rewrite_value(raw, "target", "old value", new))
    assert changed["target"] == new
    assert {k: v for k, v in changed.items() if k != "target"} == {k: v for k, v in body.items() if k != "target"}


def test_keys_depth_and_arrays():
    raw = b'{"model": "m", "messages": [{"content": ["a", {"b": "c"}]}], "x": {"model": "inner"}}'
    found = {(token.value, token.key, token.depth) for token in strings(raw) if not token.is_key}
    assert found == {("m", "model", 1), ("a", "content", 4), ("c", "b", 5), ("inner", "model", 2)}


@given(st.text(max_size=20))
def test_what_is_dumped_loads_the_same(text):
    assert json.loads(dump(text)) == text
    assert json.loads(dump("\ud800")) == "\ud800"


PLAIN = st.one_of(
    st.sampled_from(
        ["true", "false", "null", "0", "-0", "00", "01", "1.0", "1e3", "-7", "NaN", "Infinity", "", " ", "\ufeff1"]
    ),
    st.integers(-(10**17), 10**17).map(str),
    st.text(st.characters(max_codepoint=0x100), max_size=90).map(lambda text: f'"{text}"'),
    st.text(max_size=5),
)
BLANKS = st.sampled_from(["", " ", "\t\n\r ", "\u00a0", "\f"])


@given(PLAIN, BLANKS, BLANKS)
def test_a_small_value_is_read_as_every_reader_reads_it(text, before, after):
    raw = (before + text + after).encode("utf-8", "surrogatepass")

    def read(reader):
        try:
            value = reader(raw)
        except ValueError:
            return "refused"
        return type(value), repr(value)

    def plainly(raw):
        return json.JSONDecoder().decode(raw.decode())

    assert read(read_value) == read(plainly)
