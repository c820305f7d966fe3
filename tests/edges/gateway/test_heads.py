"""What is remembered of a head is what would be read of it anew."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from companion.edges.gateway import heads as module
from companion.edges.gateway.heads import Heads, read_head

NAMES = st.sampled_from(
    ["host", "content-length", "x-api-key", "user-agent", "x-companion-client", "session-id", "x-a"]
)
VALUES = st.text(st.characters(max_codepoint=255), max_size=4)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=4).map(
    lambda pairs: [(name.encode(), value.encode("latin-1")) for name, value in pairs]
)
HEADS = st.tuples(st.sampled_from(["/v1/messages", "/v1/x"]), st.sampled_from([b"", b"beta=true"]), HEADERS)


def told(head):
    return (
        head.headers,
        (head.path, head.hosts, head.client, head.session),
        (head.envelope.path_with_query, head.envelope.texts(), head.envelope.digest),
    )


@given(st.lists(HEADS, max_size=12))
def test_law_each_head_is_read_as_if_it_were_the_first(given_heads):
    heads = Heads()
    for one in [*given_heads, *given_heads]:
        assert told(heads.read(*one)) == told(read_head(*one))


def test_only_the_length_of_the_body_makes_no_other_head():
    heads = Heads()
    first = heads.read("/v1/messages", b"", [(b"x-a", b"1"), (b"content-length", b"10")])
    assert heads.read("/v1/messages", b"", [(b"x-a", b"1"), (b"content-length", b"11")]) is first
    assert heads.read("/v1/messages", b"", [(b"x-a", b"2"), (b"content-length", b"10")]) is not first


def test_every_host_header_is_told_and_a_header_that_comes_twice_is_its_last():
    head = read_head("/", b"", [(b"host", b"A:1"), (b"x-a", b"1"), (b"host", b"b"), (b"x-a", b"2")])
    assert head.hosts == ("a:1", "b")
    assert head.headers["x-a"] == "2"


def test_no_more_and_nothing_larger_is_remembered_than_a_few_agents_send(monkeypatch):
    monkeypatch.setattr(module, "_MOST", 2)
    heads = Heads()
    first = heads.read("/1", b"", [])
    heads.read("/2", b"", [])
    heads.read("/3", b"", [])
    assert heads.read("/1", b"", []) is not first
    large = [(b"x-a", b"x" * module._LARGEST)]
    assert heads.read("/4", b"", large) is not heads.read("/4", b"", large)
