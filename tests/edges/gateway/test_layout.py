"""Laws of cutting a body: its parts and the marks of the format between them are all that it holds."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.edges.gateway import layout
from companion.edges.gateway.jsontext import read_object, read_value
from companion.edges.gateway.layout import Place, places

WRITERS = [(", ", ": "), (",", ":"), (",", ": ")]
"""How Python's, JavaScript's and other writers part values, and keys from values."""

texts = st.text(st.characters(codec="utf-8"), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
bodies = st.dictionaries(st.sampled_from(["model", "messages", "input", "tools", "x_y", "a"]), values, max_size=5)
LISTS = {"messages", "input"}


def told_by(raw: bytes, found: tuple[Place, ...]) -> dict:
    """The body as its parts tell it."""
    told: dict = {}
    for place in found:
        value = read_value(raw[place.start : place.end])
        if place.entry:
            told.setdefault(place.key, []).append(value)
        else:
            assert place.key not in told
            told[place.key] = value
    return told


@pytest.mark.parametrize("separators", WRITERS)
@settings(max_examples=50)
@given(body=bodies, ascii_only=st.booleans())
def test_the_parts_of_a_body_tell_all_of_it(separators, body, ascii_only):
    raw = json.dumps(body, separators=separators, ensure_ascii=ascii_only).encode()
    found = places(raw)
    assert found is not None
    assert told_by(raw, found) == body
    assert {place.key for place in found if place.entry} == {
        key for key in body.keys() & LISTS if isinstance(body[key], list) and body[key]
    }


@given(body=bodies.filter(bool), separators=st.sampled_from(WRITERS), at=st.floats(0, 1), spoil=st.binary(max_size=2))
def test_a_body_that_was_tampered_with_is_cut_as_a_strict_reader_reads_it_or_not_at_all(body, separators, at, spoil):
    raw = json.dumps(body, separators=separators).encode()
    place = int(at * len(raw))
    raw = raw[:place] + spoil + raw[place + 1 :]
    found = places(raw)
    if found is None:
        return
    try:
        told = told_by(raw, found)
    except ValueError:
        return  # who reads the parts strictly sees it
    assert told == read_object(raw)


@settings(max_examples=50)
@given(body=bodies, separators=st.sampled_from(WRITERS))
def test_between_the_parts_stand_keys_and_marks_alone(body, separators):
    raw = json.dumps(body, separators=separators).encode()
    left, at = b"", 0
    for place in places(raw):
        left += raw[at : place.start]
        at = place.end
    left += raw[at:]
    keys = sorted((f'"{key}"' for key in body), key=len, reverse=True)
    for key in keys:
        left = left.replace(key.encode(), b"", 1)
    assert not left.strip(b"{}[]:, ")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"7",
        b"[]",
        b'"messages"',
        b"{",
        b'{"a":1}}',
        b'{"a":1} ',
        b' {"a":1}',
        b'\xef\xbb\xbf{"a":1}',
        b'{ "a":1}',
        b'{"a":1 }',
        b'{"a" :1}',
        b'{"a":1,"a":2}',
        b'{"a":1,"b":2,"a":3}',
        b'{"a":1,"b":2,"\\u0061":1}',
        b'{"a":1, "b":2,"c":3}',
        b'{"messages":[1, 2],"a":3}',
        b'{"messages":[ 1,2],"a":3}',
        b'{"messages":[1,2 ],"a":3}',
        b'{"messages": [1 ,2], "a": 3}',
        b'{"messages":[1,2,],"a":3}',
        b'{"A":1}',
        b'{"":1}',
        b'{"a-b":1}',
        b'{"\\u0061":1}',
        b'{"a":NaN}',
        b'{"a":"\n"}',
        b'{"a":1}{"b":2}',
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        f'{{"{"a" * 41}":1}}'.encode(),
    ],
)
def test_a_body_laid_out_in_any_other_way_is_not_cut(raw):
    assert places(raw) is None


def test_an_empty_list_stands_for_itself_and_a_value_under_a_lists_name_is_whole():
    raw = b'{"messages":[],"tools":{"a":[1,2]},"input":"x"}'
    assert [(place.key, raw[place.start : place.end], place.entry) for place in places(raw)] == [
        ("messages", b"[]", False),
        ("tools", b'{"a":[1,2]}', False),
        ("input", b'"x"', False),
    ]
    assert places(b"{}") == ()


def test_a_body_past_all_measure_is_not_cut():
    many = b'{"messages":[' + b",".join([b"1"] * 10_000) + b"]}"
    assert len(places(many)) == 10_000
    assert places(many.replace(b"[", b"[1,")) is None
    large = b'{"a":"' + b"x" * (layout._LARGEST - 8) + b'"}'
    assert len(places(large)) == 1
    assert places(large.replace(b"x", b"xx", 1)) is None
