from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.upstream.http1.outgoing import outgoing, pieces


def out_of(request, target, extra=()):
    return outgoing(request.method, target, [*extra, *request.headers.raw], request.stream)


def test_a_request_on_the_wire():
    request = httpx.Request("POST", "http://a/x", headers=[("X-One", "1"), ("x-two", " 2 ")], content=b"abc")
    out = out_of(request, b"/x?y")
    assert out.head.split(b"\r\n")[0] == b"POST /x?y HTTP/1.1"
    assert out.head.endswith(b"\r\n\r\n")
    assert set(out.head.split(b"\r\n")[1:-2]) == {b"Host: a", b"X-One: 1", b"x-two:  2 ", b"Content-Length: 3"}
    assert (out.whole, out.length) == (b"abc", 3)
    assert out_of(request, b"/", [(b"First", b"0")]).head.startswith(b"POST / HTTP/1.1\r\nFirst: 0\r\n")
    bare = out_of(httpx.Request("GET", "http://a/"), b"/")
    assert (bare.whole, bare.length) == (b"", None)


@pytest.mark.parametrize(
    "headers",
    [
        [(b"x", b"a\r\nInjected: b")],
        [(b"x", b"a\nb")],
        [(b"x", b"a\rb")],
        [(b"x", b"a\0b")],
        [(b"x", b"a\r\n")],
        [(b"x\r\ny", b"a")],
        [(b"x\0", b"a")],
        [(b"x y", b"a")],
        [(b"x:", b"a")],
        [(b"", b"a")],
        [("x\u00e9".encode(), b"a")],
    ],
)
def test_a_head_that_would_be_another_head_is_refused(headers):
    with pytest.raises(httpx.LocalProtocolError):
        out_of(httpx.Request("GET", "http://a/", headers=headers), b"/")


@given(value=st.binary(max_size=30), name=st.binary(max_size=10))
def test_whatever_a_header_holds_it_stays_one_header(value, name):
    request = httpx.Request("GET", "http://a/", headers=[(name, value)])
    try:
        head = out_of(request, b"/").head
    except httpx.LocalProtocolError:
        return
    lines = len(request.headers.raw) + 2
    assert head.count(b"\r\n") == head.count(b"\r") == head.count(b"\n") == lines
    assert b"\r\n" + name + b": " + value + b"\r\n" in head


@pytest.mark.parametrize(
    ("method", "target"),
    [("GET\r\nX: y", b"/"), ("G T", b"/"), ("", b"/"), ("GET", b"/ x"), ("GET", b"/\r\n"), ("GET", b"")],
)
def test_a_method_and_a_target_are_one_word_each(method, target):
    request = httpx.Request("GET", "http://a/")
    request.method = method
    with pytest.raises(httpx.LocalProtocolError):
        out_of(request, target)


@pytest.mark.parametrize(
    "headers",
    [
        {"content-length": "4"},
        {"content-length": "2"},
        {"content-length": "+3"},
        {"content-length": ""},
        [("content-length", "3"), ("Content-Length", "3")],
        {"content-length": "3", "transfer-encoding": "chunked"},
        {"transfer-encoding": "gzip"},
        [("transfer-encoding", "chunked"), ("Transfer-Encoding", "chunked")],
    ],
)
def test_a_body_has_one_length_and_it_is_true(headers):
    request = httpx.Request("POST", "http://a/", headers=headers, stream=httpx.ByteStream(b"abc"))
    with pytest.raises(httpx.LocalProtocolError):
        out_of(request, b"/")


def test_a_whole_body_can_go_out_in_chunks():
    chunked = {"transfer-encoding": "Chunked"}
    out = out_of(httpx.Request("POST", "http://a/", headers=chunked, stream=httpx.ByteStream(b"abc")), b"/")
    assert (out.whole, out.length) == (b"3\r\nabc\r\n0\r\n\r\n", None)
    assert out_of(httpx.Request("POST", "http://a/", headers=chunked, content=b""), b"/").whole == b"0\r\n\r\n"


async def produced(*parts: bytes):
    for part in parts:
        yield part


def streamed(*parts: bytes, **headers: str) -> httpx.Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Request("POST", "http://a/", headers=named, content=produced(*parts))


async def test_a_body_that_is_produced_is_framed_as_its_head_says():
    request = streamed(b"abc", b"", b"d")
    out = out_of(request, b"/")
    assert (out.whole, out.length) == (None, None)
    assert b"Transfer-Encoding: chunked" in out.head
    assert b"".join([piece async for piece in pieces(request.stream, None)]) == b"3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"
    request = streamed(b"abc", b"d", content_length="4")
    assert out_of(request, b"/").length == 4
    assert b"".join([piece async for piece in pieces(request.stream, 4)]) == b"abcd"


@pytest.mark.parametrize("length", [0, 3, 5])
async def test_a_body_that_is_produced_keeps_its_promise(length):
    sent = []
    with pytest.raises(httpx.LocalProtocolError):
        sent.extend([piece async for piece in pieces(streamed(b"ab", b"cd").stream, length)])
    assert len(b"".join(sent)) <= length


async def test_a_body_that_could_not_be_awaited_is_refused():
    request = httpx.Request("POST", "http://a/", content=iter([b"a"]))
    with pytest.raises(httpx.LocalProtocolError):
        [piece async for piece in pieces(request.stream, None)]


NAMES = st.sampled_from([b"x", b"accept", b"Content-Length", b"transfer-encoding", b"x y", b""])
VALUES = st.sampled_from([b"1", b"3", b"chunked", b"a\r\nb", b"\0", b"so"])


@given(headers=st.lists(st.tuples(NAMES, VALUES), max_size=4), length=st.integers(0, 4), body=st.binary(max_size=3))
def test_law_a_head_that_is_remembered_is_the_one_that_is_made_anew(headers, length, body):
    """The last header tells the length in small letters where it may be remembered."""

    def made(name):
        try:
            out = outgoing("POST", b"/x", [*headers, (name, b"%d" % length)], body)
        except httpx.LocalProtocolError:
            return None
        return out.head.lower(), out.whole, out.length

    assert made(b"content-length") == made(b"content-length") == made(b"Content-Length")
