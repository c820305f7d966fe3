from __future__ import annotations

import httpx
import pytest

from companion.model.action import Dialect
from companion.upstream.sender import Sender, Target, UpstreamUnreachable

TARGET = Target("main", "https://api.example.com", "provider-key")


@pytest.mark.parametrize(
    ("base", "path", "address"),
    [
        ("https://a", "/v1/messages", "https://a/v1/messages"),
        ("https://a/", "/v1/messages", "https://a/v1/messages"),
        ("https://a/v1", "/v1/messages?beta=true", "https://a/v1/messages?beta=true"),
        ("https://a/proxy/v1/", "/v1/responses", "https://a/proxy/v1/responses"),
    ],
)
def test_the_address_whether_or_not_the_base_ends_in_v1(base, path, address):
    assert Target("t", base, "").address(path) == address


async def sent(headers, dialect=Dialect.CHAT, target=TARGET) -> httpx.Request:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={}, headers={"connection": "close", "set-cookie": "a=b", "x-kept": "1"})

    async with (
        Sender(httpx.MockTransport(answer)) as sender,
        sender.send(target, "POST", "/v1/x", headers, b"{}", dialect) as reply,
    ):
        assert reply.header("x-kept") == "1"
        assert reply.header("set-cookie") == ""
    return seen[0]


async def test_the_agents_key_stays_and_the_providers_goes():
    request = await sent({"authorization": "Bearer cmp-1", "x-api-key": "cmp-2", "cookie": "c", "x-odd": "kept"})
    assert request.headers["authorization"] == "Bearer provider-key"
    assert "x-api-key" not in request.headers
    assert "cookie" not in request.headers
    assert request.headers["x-odd"] == "kept"
    assert (await sent({}, Dialect.MESSAGES)).headers["x-api-key"] == "provider-key"
    keyless = await sent({"authorization": "Bearer cmp-1"}, target=Target("t", "https://a", ""))
    assert "authorization" not in keyless.headers


async def test_companions_own_headers_and_the_hosts_stay_here():
    request = await sent({"x-companion-client": "cline", "host": "127.0.0.1:1", "x-forwarded-for": "1", "expect": "x"})
    assert request.headers["host"] == "api.example.com"
    assert not [name for name in request.headers if name.startswith(("x-companion", "x-forwarded", "expect"))]
    assert request.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectError("x"), "connect"),
        (httpx.ConnectTimeout("x"), "connect"),
        (httpx.ReadTimeout("x"), "timeout"),
        (httpx.ReadError("x"), "broken"),
        (httpx.RemoteProtocolError("x"), "broken"),
    ],
)
async def test_what_went_wrong_is_said_without_any_credential(error, kind):
    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    target = Target("main", "https://user:hush@api.example.com", "provider-key")
    async with Sender(httpx.MockTransport(answer)) as sender:
        with pytest.raises(UpstreamUnreachable) as caught:
            async with sender.send(target, "POST", "/v1/x", {}, b"", None):
                pass
    assert caught.value.kind == kind
    assert "main" in str(caught.value)
    assert "hush" not in str(caught.value)
    assert "provider-key" not in str(caught.value)


async def test_a_redirect_is_not_followed():
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(307, headers={"location": "https://evil.example/"})

    async with (
        Sender(httpx.MockTransport(answer)) as sender,
        sender.send(TARGET, "POST", "/v1/x", {}, b"", None) as reply,
    ):
        assert reply.status == 307
