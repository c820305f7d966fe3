"""HTTP/1.1 as the daemon's servers speak it, beside what uvicorn's own protocol makes of the same bytes."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from companion.edges.http1.protocol import GONE, HIGH_WATER, MAX_HEAD, MAX_HEADERS, MOST_AHEAD
from tests.support.asgi import run
from tests.support.scripted import turns
from tests.support.served import GET, SLOW_HEAD, Heard, Wire, answers, connected, fed

NAMES = st.sampled_from([b"accept", b"X-Trace", b"user-agent", b"cookie"])
VALUES = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1, max_size=12).map(str.encode)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A request as clients write them, with or without a body, in one piece or in chunks."""
    method = draw(st.sampled_from([b"GET", b"POST", b"HEAD", b"PUT", b"DELETE"]))
    path = draw(st.sampled_from([b"/", b"/v1/x", b"/a%20b", b"/a?b=c&d", b"/?", b"http://x/y?z"]))
    head = [b"%b %b HTTP/1.1" % (method, path), b"Host: x"]
    head += [b"%b: %b" % pair for pair in draw(st.lists(st.tuples(NAMES, VALUES), max_size=3))]
    pieces = draw(st.lists(st.binary(min_size=1, max_size=20), max_size=3))
    framing = draw(st.sampled_from(["none", "length", "chunks"]))
    if framing == "none":
        return b"\r\n".join(head) + b"\r\n\r\n"
    if framing == "length":
        body = b"".join(pieces)
        return b"\r\n".join([*head, b"content-length: %d" % len(body)]) + b"\r\n\r\n" + body
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return b"\r\n".join([*head, b"Transfer-Encoding: chunked"]) + b"\r\n\r\n" + chunks + b"0\r\n\r\n"


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in itertools.pairwise(ends)]


@given(st.lists(requests(), min_size=1, max_size=3), st.lists(st.integers(0, 2_000), max_size=6))
def test_law_however_a_request_is_cut_it_is_read_as_the_reference_reads_it(sent, places):
    async def both() -> tuple[Heard, Heard, Wire, Wire]:
        ours, theirs = Heard(), Heard()
        packets = [piece for one in sent for piece in cut(one, places)]
        wires = [await fed(ours, packets), await fed(theirs, sent, HttpToolsProtocol)]
        return ours, theirs, *wires

    ours, theirs, wire, other = run(both())
    assert ours.requests == theirs.requests
    assert len(ours.requests) == len(sent)
    assert [answer[0] for answer in answers(wire.said, sent)] == [answer[0] for answer in answers(other.said, sent)]


BODIES = st.lists(st.binary(max_size=30), min_size=1, max_size=4)


@given(
    st.sampled_from([200, 204, 304, 404, 500, 599]),
    st.lists(st.tuples(st.sampled_from([b"X-Kind", b"etag", b"retry-after"]), VALUES), max_size=3),
    BODIES,
    st.booleans(),
    st.sampled_from([b"GET", b"HEAD"]),
)
def test_law_an_answer_is_read_as_the_references_is(status, headers, pieces, sized, method):
    if status in {204, 304}:
        pieces, sized = [b""], False
    told = [*headers, (b"content-length", b"%d" % len(b"".join(pieces)))] if sized else headers
    request = GET.replace(b"GET", method)

    async def both() -> tuple[Wire, Wire]:
        return (
            await fed(Heard(status, told, pieces), [request, request]),
            await fed(Heard(status, told, pieces), [request, request], HttpToolsProtocol),
        )

    ours, theirs = run(both())
    if status in {204, 304}:
        # What has no body ends with its head, and nothing follows it.
        assert ours.said.count(b"\r\n\r\n") == 2
        assert ours.said.endswith(b"\r\n\r\n")
        return
    found, wanted = (answers(wire.said, [request, request]) for wire in (ours, theirs))
    assert [(one[0], sorted(one[1]), one[2]) for one in found] == [(one[0], sorted(one[1]), one[2]) for one in wanted]


NO_REQUESTS = [
    b"\x00" * 64 + b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\nab",
    b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    b"GET / HTTP/1.1\r\nbad header: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nx: a\x00b\r\n\r\n",
    b"GET / HTTP/2.0\r\n\r\n",
    b"CONNECT x:80 HTTP/1.1\r\nhost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * (MAX_HEADERS + 1) + b"\r\n",
]


@pytest.mark.parametrize("junk", NO_REQUESTS)
@pytest.mark.parametrize("step", [1, 1_000_000])
async def test_what_is_no_request_reaches_no_app_and_is_answered_once(junk, step):
    app = Heard()
    wire = await fed(app, [junk[at : at + step] for at in range(0, len(junk), step)])
    assert app.requests == []
    assert wire.said.startswith(b"HTTP/1.1 400 ")
    assert (wire.said.count(b"HTTP/1.1"), wire.closed) == (1, True)


@pytest.mark.parametrize("line", [b"GET /", b"GET / HTTP/1.1\r\nx: ", b"GET / HTTP/1.1\r\n"])
async def test_a_head_without_end_is_not_kept_without_end(line):
    filling = b"x: y\r\n" * 800 if line.endswith(b"\n") else b"y" * 4_800
    app = Heard()
    wire = await fed(app, [line, *[filling] * 30])
    assert app.requests == []
    assert wire.said.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))
    assert wire.closed


async def test_a_head_may_be_as_long_as_is_said():
    app = Heard()
    await fed(app, [b"GET / HTTP/1.1\r\nx: ", b"y" * (MAX_HEAD - 100), b"\r\n\r\n"])
    assert len(app.requests) == 1


async def test_a_body_that_cannot_be_read_to_its_end_is_refused_and_the_app_hears_that_nobody_is_there():
    heard = []

    async def app(scope, receive, send) -> None:
        while (message := await receive())["type"] != "http.disconnect":
            heard.append(message["body"])
        heard.append("gone")

    wire = await fed(app, [b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n", b"zz\r\n"])
    assert heard == [b"ab", "gone"]
    assert wire.said.startswith(b"HTTP/1.1 400 ")
    assert wire.closed


async def test_what_comes_behind_a_request_and_is_none_does_not_take_its_answer():
    app = Heard()
    wire = await fed(app, [GET + b"junk\r\n\r\n", GET])
    assert len(app.requests) == 1
    assert wire.said.startswith(b"HTTP/1.1 200 ")
    assert (wire.said.count(b"HTTP/1.1"), wire.closed) == (1, True)


async def test_a_request_that_waits_and_can_never_be_whole_is_not_served():
    app = Heard()
    wire = await fed(app, [GET + GET + b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n"])
    assert [request[1] for request in app.requests] == ["/a", "/a"]
    assert (wire.said.count(b"HTTP/1.1 200 "), wire.said.count(b"HTTP/1.1"), wire.closed) == (2, 2, True)


async def test_trailers_are_no_headers_of_anything():
    chunked = b"POST /%d HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\norigin: evil\r\nx: y\r\n\r\n"
    app = Heard()
    await fed(app, [chunked % 1, chunked % 2, GET])
    assert [request[1] for request in app.requests] == ["/1", "/2", "/a"]
    assert not [name for request in app.requests for name, _ in request[3] if name in {b"origin", b"x"}]
    # In one packet the first one's trailer could be told as the second one's header: it is not read.
    other = Heard()
    wire = await fed(other, [(chunked % 1) + (chunked % 2)])
    assert [request[1] for request in other.requests] == ["/1"]
    assert (wire.said.count(b"HTTP/1.1 200 "), wire.closed) == (1, True)


async def test_requests_sent_ahead_are_answered_in_order_one_at_a_time():
    going, most, order = 0, 0, []

    async def app(scope, receive, send) -> None:
        nonlocal going, most
        going += 1
        most = max(going, most)
        await turns(4)
        order.append(scope["path"])
        await Heard(pieces=[scope["path"].encode()], headers=[])(scope, receive, send)
        going -= 1

    sent = b"".join(b"GET /%d HTTP/1.1\r\nhost: x\r\n\r\n" % number for number in range(5))
    made, wire, _ = connected(app)
    made.data_received(sent)
    assert not wire.reading
    await turns(80)
    assert order == ["/0", "/1", "/2", "/3", "/4"]
    assert most == 1
    assert [answer[2] for answer in answers(wire.said, [GET] * 5)] == [b"/0", b"/1", b"/2", b"/3", b"/4"]
    assert wire.reading
    made.connection_lost(None)


@pytest.mark.parametrize("upgrade", [b"websocket", b"h2c"])
async def test_nothing_is_upgraded_and_what_follows_is_a_request(upgrade):
    app = Heard()
    wire = await fed(
        app, [b"GET /u HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: " + upgrade + b"\r\n\r\n" + GET]
    )
    assert [request[1] for request in app.requests] == ["/u", "/a"]
    assert [answer[0] for answer in answers(wire.said, [GET, GET])] == [200, 200]


async def test_a_body_that_nobody_takes_is_not_read_on():
    taken, take = [], asyncio.Event()

    async def app(scope, receive, send) -> None:
        await take.wait()
        while (message := await receive())["more_body"]:
            taken.append(len(message["body"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    made, wire, _ = connected(app)
    made.data_received(b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % (3 * HIGH_WATER))
    packet = b"z" * (HIGH_WATER // 4)
    sent = 0
    while wire.reading:
        made.data_received(packet)
        sent += len(packet)
        await turns(2)
    assert HIGH_WATER < sent <= HIGH_WATER + len(packet)
    take.set()
    while sent < 3 * HIGH_WATER:
        await turns(3)
        assert wire.reading
        made.data_received(packet)
        sent += len(packet)
    await turns(5)
    assert wire.said.startswith(b"HTTP/1.1 200 ")
    made.connection_lost(None)


async def test_an_app_hears_once_that_its_client_has_gone_unless_it_took_that_back():
    heard = []
    entered = asyncio.Event()

    async def app(scope, receive, send) -> None:
        scope["extensions"][GONE](lambda: heard.append("told"))
        scope["extensions"][GONE](lambda: heard.append("taken back"))()
        entered.set()
        assert (await receive())["type"] == "http.request"
        assert (await receive())["type"] == "http.disconnect"
        scope["extensions"][GONE](lambda: heard.append("late"))

    made, _, state = connected(app)
    made.data_received(GET)
    await entered.wait()
    await turns(3)
    assert heard == []
    made.connection_lost(ConnectionResetError())
    await turns(3)
    assert heard == ["told", "late"]
    assert (state.connections, state.tasks) == (set(), set())


async def test_requests_without_end_are_not_kept_without_end():
    app = Heard()
    made, wire, _ = connected(app)
    made.data_received(GET * (2 * MOST_AHEAD))
    while not wire.closed:
        await turns(20)
    assert len(app.requests) == MOST_AHEAD + 1
    assert [answer[0] for answer in answers(wire.said, [GET] * (MOST_AHEAD + 1))] == [200] * (MOST_AHEAD + 1)
    made.connection_lost(None)


async def test_a_connection_on_which_nothing_comes_is_closed_and_one_that_is_served_is_not():
    go_on = asyncio.Event()

    async def app(scope, receive, send) -> None:
        await go_on.wait()
        await Heard()(scope, receive, send)

    silent, served, halved = (connected(app, timeout_keep_alive=0.05) for _ in range(3))
    served[0].data_received(GET)
    halved[0].data_received(GET[:-3])
    await asyncio.sleep(0.2)
    assert [one[1].closed for one in (silent, served, halved)] == [True, False, True]
    go_on.set()
    await turns(5)
    assert not served[1].closed
    await asyncio.sleep(0.2)
    assert served[1].closed
    for one in (silent, served, halved):
        one[0].connection_lost(None)


async def test_a_server_that_ends_closes_what_is_idle_and_the_rest_behind_its_answer():
    go_on = asyncio.Event()

    async def app(scope, receive, send) -> None:
        await go_on.wait()
        await Heard()(scope, receive, send)

    idle, served = connected(app), connected(app)
    served[0].data_received(GET)
    await turns(3)
    idle[0].shutdown()
    served[0].shutdown()
    assert (idle[1].closed, served[1].closed) == (True, False)
    go_on.set()
    await turns(5)
    assert served[1].closed
    assert b"connection: close\r\n" in served[1].said
    assert served[1].said.endswith(b"ok")


@pytest.mark.parametrize(
    ("request_", "closes"),
    [
        (GET, False),
        (b"GET / HTTP/1.0\r\n\r\n", True),
        (b"GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n", True),
    ],
)
@pytest.mark.parametrize("sized", [False, True])
async def test_a_connection_stays_where_both_sides_want_it(request_, closes, sized):
    wire = await fed(Heard(headers=[(b"content-length", b"2")] if sized else []), [request_])
    assert wire.closed is closes
    assert (b"connection: close" in wire.said) is closes
    assert (b"chunked" in wire.said) is (not sized and b"1.1" in request_)
    assert b"ok" in wire.said


@pytest.mark.parametrize(("pieces", "writes"), [([b"body"], 1), ([b"one", b"two"], 2), ([b""], 1)])
async def test_a_head_goes_with_what_is_written_next(pieces, writes):
    size = len(b"".join(pieces))
    wire = await fed(Heard(headers=[(b"content-length", b"%d" % size)], pieces=pieces), [GET])
    assert len(wire.written) == writes
    assert wire.written[0].endswith(b"\r\n\r\n" + pieces[0])


async def test_a_head_alone_is_there_soon():
    go_on = asyncio.Event()

    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"ok"})

    made, wire, _ = connected(app)
    made.data_received(GET)
    await turns(3)
    assert wire.written == []
    await asyncio.sleep(4 * SLOW_HEAD)
    assert wire.said.endswith(b"\r\n\r\n")
    go_on.set()
    await turns(3)
    assert wire.written[1:] == [b"ok"]
    made.connection_lost(None)
