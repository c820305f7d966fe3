"""TLS, and the way through a proxy."""

from __future__ import annotations

import asyncio
import base64
import ssl
import subprocess
import sys

import httpx
import pytest

from companion.upstream.http1.proxies import Proxies
from tests.support import certificates
from tests.support.certificates import Authority
from tests.support.scripted import OK, Peer, answering, scripted
from tests.upstream.http1.calls import call, pool_of, request, transport

needs_openssl = pytest.mark.skipif(bool(certificates.MISSING), reason=certificates.MISSING)
LOCAL = "DNS:localhost,DNS:api.example,IP:127.0.0.1"


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("certificates"))


async def local(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


@needs_openssl
@pytest.mark.parametrize("host", ["localhost", "api.example", "127.0.0.1"])
async def test_a_request_over_tls(authority, host):
    names, spoken = [], []
    context = authority.server(LOCAL)
    context.sni_callback = lambda connection, name, _: names.append(name)
    context.set_alpn_protocols(["h2", "http/1.1"])

    async def talk(peer: Peer) -> None:
        spoken.append(peer.writer.get_extra_info("ssl_object").selected_alpn_protocol())
        while True:
            await peer.request()
            await peer.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"3\r\nabc\r\n", b"0\r\n\r\n")

    async with scripted(talk, tls=context) as server, transport(tls=authority.trusting(), resolve=local) as made:
        for _ in range(3):
            assert (await call(made, server.url(host=host, scheme="https"))).content == b"abc"
        assert pool_of(made).idle == 1
    assert len(server.peers) == 1
    assert names == [None if host == "127.0.0.1" else host]
    assert spoken == ["http/1.1"]


@needs_openssl
async def test_much_over_tls(authority):
    big = b"x" * (8 << 20)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(big) + big
    async with (
        scripted(answering(answer), tls=authority.server(LOCAL)) as server,
        transport(tls=authority.trusting()) as made,
    ):
        for _ in range(2):
            response = await call(made, server.url(scheme="https"), "POST", content=big)
            assert response.content == big
    assert [asked.body == big for asked in server.requests] == [True, True]
    assert len(server.peers) == 1


@needs_openssl
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("another host", "Hostname mismatch"),
        ("another address", "IP address mismatch"),
        ("self-signed", "self-signed certificate"),
        ("expired", "certificate has expired"),
        ("unknown authority", "unable to get local issuer certificate"),
    ],
)
async def test_a_certificate_that_does_not_hold_is_a_connect_error(authority, tmp_path, fault, reason):
    tls = authority.trusting()
    host = "127.0.0.1" if fault == "another address" else "localhost"
    match fault:
        case "another host" | "another address":
            context = authority.server("DNS:other.example,IP:127.0.0.7")
        case "self-signed":
            context = authority.self_signed(LOCAL)
        case "expired":
            context = authority.server(LOCAL, days=-1)
        case _:
            context = Authority.make(tmp_path).server(LOCAL)
    async with scripted(answering(OK), tls=context) as server, transport(tls=tls) as made:
        asked = request(server.url(host=host, scheme="https"))
        with pytest.raises(httpx.ConnectError) as caught:
            await made.handle_async_request(asked)
        assert reason.lower().replace("-", " ") in str(caught.value).lower().replace("-", " ")
        assert isinstance(caught.value.__cause__, ssl.SSLError)
        assert asked.extensions["companion.sent"] == 0
        assert pool_of(made).slots == 0
    assert server.requests == []


@needs_openssl
async def test_after_a_certificate_that_does_not_hold_no_other_address_is_tried(authority):
    async def two(host: str, port: int) -> list[str]:
        return ["127.0.0.1", "127.0.0.2"]

    judged = []
    async with (
        scripted(answering(OK), tls=authority.server("DNS:other.example")) as server,
        transport(
            tls=authority.trusting(), resolve=two, permits=lambda *asked: bool(judged.append(asked)) or True
        ) as made,
    ):
        with pytest.raises(httpx.ConnectError):
            await call(made, server.url(host="api.example", scheme="https"))
    assert judged == [("api.example", "127.0.0.1")]


@needs_openssl
async def test_by_default_a_certificate_of_nobody_known_is_refused(authority):
    async with scripted(answering(OK), tls=authority.server(LOCAL)) as server, transport() as made:
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            await call(made, server.url(scheme="https"))


async def test_no_tls_where_tls_was_expected_is_a_connect_error():
    async def talk(peer: Peer) -> None:
        await peer.reader.read(1)
        await peer.say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    async with scripted(talk) as server, transport() as made:
        with pytest.raises(httpx.ConnectError):
            await call(made, server.url(scheme="https"))
        assert pool_of(made).slots == 0


@pytest.mark.parametrize("how", ["timeout", "cancelled"])
@pytest.mark.parametrize("who", ["server", "proxy"])
async def test_a_handshake_that_does_not_end(how, who):
    """Of TLS with the server, or of the way through a proxy."""
    asked, hung_up = asyncio.Event(), asyncio.Event()

    async def talk(peer: Peer) -> None:
        try:
            await (peer.reader.read(1) if who == "server" else peer.request())
            asked.set()
            await peer.hung_up()
        finally:
            hung_up.set()

    async with scripted(talk) as there:
        proxies = proxied(there, **({"all": "127.0.0.1:{port}"} if who == "proxy" else {}))
        url = there.url(scheme="https") if who == "server" else "https://api.example/"
        async with transport(tls=ssl.create_default_context(), proxies=proxies) as made:
            seconds = 0.1 if how == "timeout" else 5.0
            task = asyncio.ensure_future(call(made, url, timeout={"connect": seconds}))
            if how == "cancelled":
                await asked.wait()
                task.cancel()
            with pytest.raises(httpx.ConnectTimeout if how == "timeout" else asyncio.CancelledError):
                await task
            assert pool_of(made).slots == 0
            if there.peers:
                await hung_up.wait()


def test_certificates_are_not_read_before_they_are_needed():
    """Reading them takes longer than all the rest of a start."""
    code = (
        "import ssl, companion.upstream.http1.transport as t\n"
        "ssl.SSLContext.load_verify_locations = lambda *a, **k: 1/0\n"
        "t.Http1Transport()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def proxied(server, **said: str) -> Proxies:
    return Proxies({name: value.format(port=server.port) for name, value in said.items()})


async def test_plain_requests_go_to_the_proxy_whole():
    judged = []
    async with scripted(answering(OK)) as proxy:
        proxies = proxied(proxy, http="http://us%40er:p%3Ass@127.0.0.1:{port}")
        async with transport(proxies=proxies, permits=lambda *asked: bool(judged.append(asked)) or True) as made:
            for path in ("/a?b", "/c"):
                url = f"http://api.example:8080{path}"
                assert (await call(made, url, "POST", content=b"x")).content == b"ok"
    first, second = proxy.requests
    assert first.line == "POST http://api.example:8080/a?b HTTP/1.1"
    assert second.line == "POST http://api.example:8080/c HTTP/1.1"
    for asked in proxy.requests:
        assert asked.headers["host"] == "api.example:8080"
        assert base64.b64decode(asked.headers["proxy-authorization"].removeprefix("Basic ")) == b"us@er:p:ss"
    assert judged == [("127.0.0.1", "127.0.0.1")]
    assert len(proxy.peers) == 1


def tunnelling(port: int):
    """A proxy that leads every CONNECT to this port of this machine."""

    async def talk(peer: Peer) -> None:
        await peer.request()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await peer.say(b"HTTP/1.1 200 Connection established\r\n\r\n")

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
            sink.close()

        try:
            await asyncio.gather(pump(peer.reader, writer), pump(reader, peer.writer))
        finally:
            writer.close()

    return talk


@needs_openssl
async def test_a_tunnel_through_the_proxy(authority):
    async with (
        scripted(answering(OK), tls=authority.server(LOCAL)) as server,
        scripted(tunnelling(server.port)) as proxy,
        transport(tls=authority.trusting(), proxies=proxied(proxy, https="http://u:p@127.0.0.1:{port}")) as made,
    ):
        for _ in range(3):
            response = await call(made, f"https://api.example:{server.port}/x", headers={"x-key": "secret"})
            assert (response.content, response.extensions["companion.sent"]) == (b"ok", 1)
        big = b"x" * (2 << 20)
        assert (await call(made, f"https://api.example:{server.port}/x", "POST", content=big)).content == b"ok"
        assert pool_of(made).idle == 1
    [asked] = proxy.requests
    assert asked.line == f"CONNECT api.example:{server.port} HTTP/1.1"
    assert asked.headers["host"] == f"api.example:{server.port}"
    assert asked.headers["proxy-authorization"] == "Basic " + base64.b64encode(b"u:p").decode()
    assert b"secret" not in asked.raw
    assert "proxy-authorization" not in server.requests[0].headers
    assert server.requests[0].line == "GET /x HTTP/1.1"
    assert len(server.peers) == 1


@needs_openssl
async def test_a_tunnel_is_verified_like_any_connection(authority):
    async with (
        scripted(answering(OK), tls=authority.server("DNS:other.example")) as server,
        scripted(tunnelling(server.port)) as proxy,
        transport(tls=authority.trusting(), proxies=proxied(proxy, https="127.0.0.1:{port}")) as made,
    ):
        with pytest.raises(httpx.ConnectError, match="Hostname mismatch"):
            await call(made, "https://api.example/")
        assert pool_of(made).slots == 0
    assert server.requests == []


@needs_openssl
async def test_what_the_proxy_was_asked_is_no_earlier_request(authority):
    """A new tunnel is a new connection: when it breaks, its first request does not go out again."""

    async def talk(peer: Peer) -> None:
        await peer.request()

    async with (
        scripted(talk, tls=authority.server(LOCAL)) as server,
        scripted(tunnelling(server.port)) as proxy,
        transport(tls=authority.trusting(), proxies=proxied(proxy, https="127.0.0.1:{port}")) as made,
    ):
        asked = request("https://api.example/")
        with pytest.raises(httpx.RemoteProtocolError):
            await made.handle_async_request(asked)
        assert asked.extensions["companion.sent"] == 1
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 3\r\n\r\nwho", httpx.ProxyError),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", httpx.ProxyError),
        (b"HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\n\r\n", httpx.ProxyError),
        (b"nonsense\r\n\r\n", httpx.RemoteProtocolError),
        (b"", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\n\r\n", httpx.ConnectError),
    ],
)
async def test_a_proxy_that_makes_no_tunnel(answer, error):
    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(answer)

    async with scripted(talk) as proxy:
        async with transport(proxies=proxied(proxy, https="http://u:hush@127.0.0.1:{port}")) as made:
            asked = request("https://api.example/")
            with pytest.raises(error) as caught:
                await made.handle_async_request(asked)
            assert "hush" not in str(caught.value)
            assert asked.extensions["companion.sent"] == 0
            assert pool_of(made).slots == 0


@pytest.mark.parametrize(
    ("scheme", "variable"), [("socks5", "HTTPS_PROXY"), ("https", "HTTPS_PROXY"), ("socks5h", "ALL_PROXY")]
)
async def test_a_proxy_of_another_kind_is_named(scheme, variable):
    said = {variable.partition("_")[0].lower(): f"{scheme}://u:hush@proxy.example:1080"}
    async with transport(proxies=Proxies(said)) as made:
        with pytest.raises(httpx.UnsupportedProtocol, match=variable) as caught:
            await call(made, "https://api.example/")
        assert "hush" not in str(caught.value)
        assert pool_of(made).slots == 0


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_an_address_is_judged_even_when_the_proxy_would_connect_to_it(scheme):
    async with scripted(answering(OK)) as proxy:
        async with transport(
            proxies=proxied(proxy, all="127.0.0.1:{port}"), permits=lambda _, ip: ip != "169.254.169.254"
        ) as made:
            with pytest.raises(httpx.ConnectError, match="not permitted"):
                await call(made, f"{scheme}://169.254.169.254/latest")
    assert proxy.requests == []


async def test_this_machine_is_never_reached_through_a_proxy():
    async with scripted(answering(OK)) as server, scripted(answering(OK)) as proxy:
        async with transport(proxies=proxied(proxy, all="127.0.0.1:{port}")) as made:
            assert (await call(made, server.url())).content == b"ok"
            assert (await call(made, server.url(host="localhost"))).content == b"ok"
    assert (len(server.requests), len(proxy.requests)) == (2, 0)
