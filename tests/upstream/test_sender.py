from __future__ import annotations

import asyncio

import httpx
import pytest

from companion.model.action import Dialect
from companion.upstream.addresses import permits_any
from companion.upstream.http1.transport import Http1Transport
from companion.upstream.sender import Sender, Target, UpstreamUnreachable
from tests.support.chaos import (
    HEAD,
    always,
    answers,
    bad_chunk,
    chaos,
    deaf,
    drip,
    events,
    garbage,
    good,
    half_closed,
    in_turn,
    late,
    never,
    reset,
    stalled,
    truncated,
    wrong_length,
)

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
        (httpx.WriteTimeout("x"), "timeout"),
        (httpx.PoolTimeout("x"), "refused"),
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


@pytest.mark.parametrize(
    "path", ["@evil.example/v1/messages", ".evil.example/v1", "", "v1/messages", "https://evil.example/"]
)
async def test_no_path_leads_the_credential_to_another_host(path):
    async with Sender(httpx.MockTransport(lambda request: pytest.fail("it left"))) as sender:
        with pytest.raises(ValueError, match="begins with /"):
            async with sender.send(TARGET, "POST", path, {}, b"", None):
                pass


@pytest.mark.parametrize(
    "path", ["//evil.example/v1", "/@evil.example/", "/v1/../../x", "/v1/messages?next=https://evil.example/"]
)
async def test_whatever_the_path_the_host_is_the_targets(path):
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    async with Sender(httpx.MockTransport(answer)) as sender, sender.send(TARGET, "POST", path, {}, b"", None):
        pass
    assert (seen[0].url.host, seen[0].headers["host"]) == ("api.example.com", "api.example.com")


def test_a_targets_key_is_not_shown():
    assert "provider-key" not in repr(TARGET)


async def test_a_redirect_is_not_followed():
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(307, headers={"location": "https://evil.example/"})

    async with (
        Sender(httpx.MockTransport(answer)) as sender,
        sender.send(TARGET, "POST", "/v1/x", {}, b"", None) as reply,
    ):
        assert reply.status == 307


@pytest.fixture(params=[httpx.AsyncHTTPTransport, Http1Transport])
async def sender(request):
    async with Sender(request.param()) as made:
        yield made


async def read(sender: Sender, url: str, first: float = 30.0, idle: float = 30.0) -> tuple[int, bytes]:
    async with sender.send(
        Target("main", url, "key"), "POST", "/v1/x", {}, b"{}", None, first_byte_seconds=first, idle_seconds=idle
    ) as reply:
        return reply.status, b"".join([chunk async for chunk in reply.chunks])


@pytest.mark.parametrize(
    "fault",
    [good, drip(7), half_closed(10_000), wrong_length(-1), late(0.001)],
    ids=["good", "drip", "half", "more", "late"],
)
async def test_an_answer_that_comes_whole_is_one_however_it_comes(sender, fault):
    async with chaos(always(fault)) as up:
        for number in range(3):
            status, body = await read(sender, up.url)
            assert status == 200
            assert b"".join(events(up.seen[number])).startswith(body)
            assert len(body) >= len(b"".join(events(up.seen[number]))) - 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (truncated(0), "broken"),
        (truncated(20), "broken"),
        (truncated(len(HEAD)), "broken"),
        (truncated(len(HEAD) + 60), "broken"),
        (reset(0), "broken"),
        (reset(len(HEAD) + 60), "broken"),
        (half_closed(20), "broken"),
        (half_closed(len(HEAD) + 60), "broken"),
        (garbage(1), "broken"),
        (bad_chunk(), "broken"),
        (wrong_length(+9), "broken"),
        (never, "timeout"),
        (late(9), "timeout"),
        (stalled(20), "timeout"),
        (stalled(len(HEAD)), "timeout"),
        (stalled(len(HEAD) + 60), "timeout"),
    ],
)
async def test_an_answer_that_does_not_come_whole_is_never_taken_for_one(sender, fault, kind):
    async with chaos(always(fault)) as up:
        with pytest.raises(UpstreamUnreachable) as caught:
            await read(sender, up.url, first=30.0 if kind == "broken" else 0.5, idle=30.0 if kind == "broken" else 0.5)
        assert caught.value.kind == kind
        assert len(up.seen) == 1


async def test_nobody_there(sender):
    with deaf() as url, pytest.raises(UpstreamUnreachable) as caught:
        await read(sender, url)
    assert caught.value.kind == "connect"


async def test_the_wait_for_the_head_and_the_silence_within_are_limited_apart(sender):
    async with chaos(in_turn(never, stalled(len(HEAD) + 60), drip(16, 0.02))) as up:
        for limits in ({"first": 0.05, "idle": 10_000}, {"first": 10_000, "idle": 0.05}):
            with pytest.raises(UpstreamUnreachable, match="in time"):
                await asyncio.wait_for(read(sender, up.url, **limits), 30)
        # Longer than either limit in all, but never silent for so long.
        assert (await read(sender, up.url, first=10, idle=10))[0] == 200


async def test_a_hang_up_closes_the_connection(sender):
    hung_up = asyncio.Event()

    async def fault(line):
        await stalled(len(HEAD) + 60)(line)
        hung_up.set()
        return False

    async with chaos(always(fault)) as up:
        async with sender.send(Target("main", up.url, ""), "POST", "/v1/x", {}, b"", None) as reply:
            await anext(reply.chunks)
        await asyncio.wait_for(hung_up.wait(), 30)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_credential_is_not_sent_to_where_a_redirect_points(sender, status):
    async with chaos(always(good)) as other, chaos(always(answers(status, location=f"{other.url}/v1/x"))) as up:
        assert (await read(sender, up.url))[0] == status
        assert len(up.seen) == 1
        assert up.seen[0].headers["authorization"] == "Bearer key"
        assert other.seen == []


async def test_a_name_that_leads_to_an_address_that_is_not_permitted_is_not_connected_to():
    addresses = {"local.test": "127.0.0.1", "meta.test": "169.254.169.254", "localhost": "127.0.0.1"}

    async def resolve(host: str, port: int) -> list[str]:
        return [addresses[host]]

    targets: list[Target] = []
    async with (
        chaos(always(good)) as up,
        Sender(Http1Transport(permits=permits_any(lambda: targets), resolve=resolve)) as sender,
    ):
        for host, allowed in [("local.test", False), ("meta.test", False), ("localhost", True)]:
            targets.append(Target(host, f"http://{host}:{up.port}", "key"))
            if allowed:
                assert (await read(sender, targets[-1].url))[0] == 200
            else:
                with pytest.raises(UpstreamUnreachable) as caught:
                    await read(sender, targets[-1].url)
                assert caught.value.kind == "connect"
                assert up.seen == []
