from __future__ import annotations

from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.upstream.http1.incoming import MAX_HEAD, MAX_HEADERS, Incoming

CHUNKED = b"Transfer-Encoding: chunked\r\n"


def response(headers: bytes = b"", body: bytes = b"", line: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return line + b"\r\n" + headers + b"\r\n" + body


def read(*pieces: bytes, method: str = "GET", end: bool = False) -> Incoming:
    incoming = Incoming()
    incoming.expect(method)
    for piece in pieces:
        incoming.feed(piece)
    if end:
        incoming.end()
    return incoming


def whole(raw: bytes, **how) -> tuple[int, bytes, bool]:
    incoming = read(raw, **how)
    assert incoming.done
    return incoming.status, incoming.take(), incoming.reusable


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (response(b"Content-Length: 3\r\n", b"abc"), (200, b"abc", True)),
        (response(b"content-length:3\r\nConnection: close\r\n", b"abc"), (200, b"abc", False)),
        (response(b"Content-Length: 0\r\n"), (200, b"", True)),
        (response(CHUNKED, b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"), (200, b"abcde", True)),
        (response(CHUNKED, b"0\r\n\r\n"), (200, b"", True)),
        (response(line=b"HTTP/1.1 204 No Content"), (204, b"", True)),
        (response(b"Content-Length: 3\r\n", line=b"HTTP/1.1 304 Not Modified"), (304, b"", True)),
        (response(b"Content-Length: 3\r\n", b"abc", b"HTTP/1.0 200 OK"), (200, b"abc", False)),
        (response(b"Content-Length: 3\r\nConnection: keep-alive\r\n", b"abc", b"HTTP/1.0 200 OK"), (200, b"abc", True)),
        (response(b"Content-Length: 0\r\n", line=b"HTTP/1.1 599 "), (599, b"", True)),
    ],
)
def test_what_a_response_says(raw, told):
    assert whole(raw) == told
    assert whole(response(line=b"HTTP/1.1 103 Early Hints", headers=b"Link: </a>\r\n") + raw) == told


@given(cuts=st.sets(st.integers(1, 400)), interim=st.booleans())
def test_where_the_bytes_are_cut_does_not_matter(cuts, interim):
    raw = response(
        CHUNKED + b"X: a\r\nY:  b  \r\n", b"5\r\nhello\r\n1f\r\n" + b"x" * 31 + b"\r\n0\r\nTrailer: t\r\n\r\n"
    )
    if interim:
        raw = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nA: b\r\n\r\n" + raw
    edges = [0, *sorted(cut for cut in cuts if cut < len(raw)), len(raw)]
    incoming = read(*[raw[start:stop] for start, stop in pairwise(edges)])
    assert (incoming.status, incoming.take(), incoming.done, incoming.reusable) == (
        200,
        b"hello" + b"x" * 31,
        True,
        True,
    )
    assert incoming.headers == [(b"Transfer-Encoding", b"chunked"), (b"X", b"a"), (b"Y", b"b")]
    assert (incoming.version, incoming.reason) == (b"HTTP/1.1", b"OK")
    assert incoming.fed == len(raw)


def test_a_body_without_a_length_lasts_until_the_end():
    incoming = read(response(b"X: y\r\n", b"ab"), b"cd")
    assert not incoming.done
    incoming.end()
    assert (incoming.take(), incoming.done, incoming.reusable) == (b"abcd", True, False)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: y\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        response(b"Content-Length: 4\r\n", b"abc"),
        response(CHUNKED, b"3\r\nabc\r\n"),
        response(CHUNKED, b"3\r\nabc\r\n0\r\n"),
    ],
)
def test_an_end_before_the_end_is_refused(raw):
    with pytest.raises(httpx.RemoteProtocolError):
        read(*[raw] if raw else [], end=True)


@pytest.mark.parametrize(
    "raw",
    [
        response(CHUNKED + b"Content-Length: 3\r\n", b"3\r\nabc\r\n0\r\n\r\n"),
        response(b"Content-Length: 3\r\n" + CHUNKED, b"3\r\nabc\r\n0\r\n\r\n"),
        response(b"Content-Length: 3\r\nContent-Length: 4\r\n", b"abc"),
        response(b"Content-Length: 3\r\nContent-Length: 3\r\n", b"abc"),
        response(b"Content-Length: 3, 3\r\n", b"abc"),
        response(b"Content-Length: +3\r\n", b"abc"),
        response(b"Content-Length: -3\r\n", b"abc"),
        response(b"Content-Length: 0x3\r\n", b"abc"),
        response(b"Content-Length: \r\n", b"abc"),
        response(b"Content-Length: 99999999999999999999999\r\n", b"abc"),
        response(b"Content-Length : 3\r\n", b"abc"),
        response(b"Transfer-Encoding: gzip\r\n", b"abc"),
        response(b"Transfer-Encoding: gzip, chunked\r\n", b"3\r\nabc\r\n0\r\n\r\n"),
        response(b"Transfer-Encoding: chunked, gzip\r\n", b"3\r\nabc\r\n0\r\n\r\n"),
        response(b"Transfer-Encoding: xchunked\r\n", b"3\r\nabc\r\n0\r\n\r\n"),
        response(b"Transfer-Encoding: identity\r\n", b"abc"),
        response(CHUNKED * 2, b"3\r\nabc\r\n0\r\n\r\n"),
        response(CHUNKED, b"3\r\nabc\r\n0\r\n\r\n", b"HTTP/1.0 200 OK"),
        response(CHUNKED, b"zz\r\nabc\r\n0\r\n\r\n"),
        response(CHUNKED, b"0x3\r\nabc\r\n0\r\n\r\n"),
        response(CHUNKED, b"-3\r\nabc\r\n0\r\n\r\n"),
        response(CHUNKED, b"3\nabc\n0\n\n"),
        response(CHUNKED, b"3\r\nabcdef\r\n0\r\n\r\n"),
        response(CHUNKED, b"FFFFFFFFFFFFFFFFF\r\nabc"),
        response(CHUNKED, b"3;a\nb\r\nabc\r\n0\r\n\r\n"),
        response(b"X: a\r\n b\r\n"),
        response(b"X: a\r\n\tb\r\n"),
        response(b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n"),
        response(b" X: a\r\n"),
        response(b"X: a\nContent-Length: 0\r\n"),
        response(b"X: a\rContent-Length: 0\r\n"),
        response(b"X\r: a\r\n"),
        response(b"X\n: a\r\n"),
        response(b"X: a\0b\r\n"),
        response(b"X : a\r\n"),
        response(b": a\r\n"),
        response(b"no colon\r\n"),
        b"HTTP/1.1 200 OK\nX: a\n\n",
        response(line=b"HTTP/1.1 20 OK"),
        response(line=b"HTTP/1.1 2000 OK"),
        response(line=b"HTTP/1.1 099 OK"),
        response(line=b"HTTP/2.0 200 OK"),
        response(line=b"HTTP/0.9 200 OK"),
        response(line=b"HTTP/1.2 200 OK"),
        response(line=b"http/1.1 200 OK"),
        response(line=b"RTSP/1.0 200 OK"),
        response(line=b"ICE/1.0 200 OK"),
        response(line=b"HTTP/1.1 101 Switching Protocols"),
        response(line=b"HTTP/1.1 199 Unknown") + response(b"Content-Length: 0\r\n"),
        response(b"Content-Length: 3\r\n", b"abc", b"HTTP/1.1 199 Unknown") + response(b"Content-Length: 0\r\n"),
        response(b"Content-Length: 3\r\n", line=b"HTTP/1.1 100 Continue") + response(b"Content-Length: 0\r\n"),
        response(CHUNKED, line=b"HTTP/1.1 103 Early Hints") + response(b"Content-Length: 0\r\n"),
        response(b"Connection: close\r\n", line=b"HTTP/1.1 100 Continue") + response(b"Content-Length: 0\r\n"),
        response(b"Content-Length: 0\r\n", line=b"HTTP/1.1 200 O\0K"),
        response(b"Content-Length: 0\r\n", line=b"HTTP/1.1 200 O\x7fK"),
        response(b"Upgrade: x\r\nConnection: upgrade\r\n", line=b"HTTP/1.1 101 Switching Protocols"),
        b"\r\n" + response(b"Content-Length: 0\r\n"),
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x15\x03\x03\x00\x02\x02\x46",
    ],
)
@pytest.mark.parametrize("cut", [False, True])
def test_what_two_readers_could_read_differently_is_refused(raw, cut):
    with pytest.raises(httpx.RemoteProtocolError):
        read(*([bytes([byte]) for byte in raw] if cut else [raw]), end=True)


def test_an_upgrade_that_is_only_offered_changes_nothing():
    offered = b"Upgrade: h2c\r\nConnection: Upgrade, keep-alive\r\nContent-Length: 3\r\n"
    assert whole(response(offered, b"abc")) == (200, b"abc", True)


@pytest.mark.parametrize(
    "junk",
    [b"x", b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", b"HTTP/1.1 200 OK\r\n\r\npoison", b"0\r\n\r\n"],
)
@pytest.mark.parametrize(
    ("raw", "method"),
    [
        (response(b"Content-Length: 3\r\n", b"abc"), "GET"),
        (response(CHUNKED, b"3\r\nabc\r\n0\r\n\r\n"), "GET"),
        (response(line=b"HTTP/1.1 204 No Content"), "GET"),
        (response(b"Content-Length: 3\r\n", line=b"HTTP/1.1 304 Not Modified"), "GET"),
        (response(b"Content-Length: 3\r\n"), "HEAD"),
        (response(b"Content-Length: 0\r\n"), "HEAD"),
        (response(CHUNKED), "HEAD"),
        (response(), "HEAD"),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_junk_after_a_response_is_no_body_and_ends_the_connection(raw, method, junk, apart):
    incoming = read(*([raw, junk] if apart else [raw + junk]), method=method)
    assert incoming.done
    assert not incoming.reusable
    assert incoming.take() in {b"", b"abc"}
    assert [name for name, _ in incoming.headers] == [name for name, _ in read(raw, method=method).headers]


def test_the_answer_to_head_has_no_body_whatever_its_length():
    assert whole(response(b"Content-Length: 3\r\n"), method="HEAD") == (200, b"", True)
    assert whole(response(CHUNKED), method="HEAD") == (200, b"", False)


def test_trailers_belong_to_no_response():
    incoming = read(response(CHUNKED, b"1\r\na\r\n0\r\nSecret: t\r\nLast: u\r\n\r\n"))
    incoming.take()
    incoming.expect("GET")
    incoming.feed(response(b"Content-Length: 0\r\nX: y\r\n"))
    assert incoming.headers == [(b"Content-Length", b"0"), (b"X", b"y")]


def sized(total: int) -> bytes:
    return response(b"Content-Length: 0\r\nX: " + b"a" * (total - 17 - 19 - 3 - 2 - 2) + b"\r\n")


@pytest.mark.parametrize("step", [1000, 1 << 20])
def test_a_head_may_be_so_long_and_no_longer(step):
    fits, too_long = sized(MAX_HEAD), sized(MAX_HEAD + 1)
    assert len(fits) == MAX_HEAD
    assert read(*[fits[i : i + step] for i in range(0, len(fits), step)]).done
    with pytest.raises(httpx.RemoteProtocolError, match="longer"):
        read(*[too_long[i : i + step] for i in range(0, len(too_long), step)])


def test_a_long_body_beside_a_short_head_is_no_long_head():
    raw = response(b"Content-Length: 300000\r\n", b"x" * 300_000)
    assert len(whole(raw)[1]) == 300_000
    assert len(whole(sized(MAX_HEAD).replace(b"Length: 0", b"Length: 9") + b"123456789")[1]) == 9


@pytest.mark.parametrize(
    "piece", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: " + b"a" * 900 + b"\r\n\r\n"]
)
def test_interim_responses_come_to_an_end(piece):
    with pytest.raises(httpx.RemoteProtocolError, match="longer"):
        read(*[piece] * (MAX_HEAD // len(piece) + 1))


def test_so_many_headers_and_no_more():
    many = b"".join(b"h%d: v\r\n" % number for number in range(MAX_HEADERS - 1))
    assert len(read(response(b"Content-Length: 0\r\n" + many)).headers) == MAX_HEADERS
    with pytest.raises(httpx.RemoteProtocolError, match="headers"):
        read(response(b"Content-Length: 0\r\nx: y\r\n" + many))


@pytest.mark.parametrize(
    "tail", [b"0\r\n" + b"T: x\r\n" * 40_000, b"0\r\nT: " + b"x" * 200_000, b"1;" + b"x" * 200_000]
)
def test_trailers_and_chunk_extensions_come_to_an_end(tail):
    pieces = [tail[start : start + 10_000] for start in range(0, len(tail), 10_000)]
    with pytest.raises(httpx.RemoteProtocolError, match="too much"):
        read(response(CHUNKED, b"1\r\na\r\n"), *pieces)


def test_many_small_pieces_are_not_too_much_between():
    raw = response(CHUNKED) + b"1;extension=of-some-length\r\na\r\n" * 10_000 + b"0\r\n\r\n"
    assert len(read(*[raw[i : i + 7] for i in range(0, len(raw), 7)]).take()) == 10_000


def test_how_much_is_held_is_known():
    incoming = read(response(b"Content-Length: 1000000\r\n"))
    for _ in range(4):
        incoming.feed(b"x" * 1000)
    assert incoming.buffered >= 4000
    assert len(incoming.take()) == 4000
    assert incoming.buffered == 0
