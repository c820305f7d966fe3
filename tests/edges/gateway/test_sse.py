from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.edges.gateway.sse import SseParser, StreamTooLarge, build, wrap

RAW = b': hello\n\nevent: a\ndata: {"x": 1}\n\ndata: {"x": 2}\r\n\r\ndata: [DONE]\n\n'


@given(st.lists(st.integers(1, len(RAW)), max_size=8))
def test_no_byte_is_lost_and_no_event_changes_however_it_is_cut(cuts):
    parser, events = SseParser(), []
    edges = [0, *sorted(set(cuts)), len(RAW)]
    for start, end in itertools.pairwise(edges):
        events += parser.feed(RAW[start:end])
    events += parser.close()
    assert b"".join(event.raw for event in events) == RAW
    assert [(event.name, event.json()) for event in events] == [("", {}), ("a", {"x": 1}), ("", {"x": 2}), ("", {})]


@pytest.mark.parametrize(
    "raw",
    [
        b'event: a\ndata: {"x":\ndata: 1}\n\n',
        b'event: a\rdata: {"x": 1}\r\r',
        b'event: b\nevent: a\ndata: {"x": 1}\n\n',
        b' data: 2\nevent: a\ndata: {"x": 1}\n\n',
        b'\xef\xbb\xbfevent: a\ndata: {"x": 1}\n\n',
    ],
)
def test_an_event_that_readers_could_read_in_two_ways_is_built_anew(raw):
    parser = SseParser()
    [event] = [*parser.feed(raw), *parser.close()]
    assert event.raw.replace(b" ", b"") == b'event:a\ndata:{"x":1}\n\n'


def test_an_end_without_a_blank_line_is_an_event_all_the_same():
    parser = SseParser()
    assert list(parser.feed(b'data: {"x": 1}')) == []
    assert [event.json() for event in parser.close()] == [{"x": 1}]


def test_an_event_without_end_is_cut_off():
    with pytest.raises(StreamTooLarge):
        list(SseParser().feed(b"x" * 40 * 1024 * 1024))


def test_what_is_built_reads_back():
    [event] = SseParser().feed(build({"a": "ä\n"}, "name"))
    assert (event.name, event.json()) == ("name", {"a": "ä\n"})
    assert wrap(b"{}") == b"data: {}\n\n"
