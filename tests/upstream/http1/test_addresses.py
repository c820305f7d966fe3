from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from companion.upstream.http1.addresses import resolve
from tests.support.scripted import OK, answering, scripted
from tests.upstream.http1.calls import call, pool_of, request, transport


class Names:
    """A resolver that gives one answer after the other, and counts how often it was asked."""

    def __init__(self, *answers: list[str] | OSError) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append((host, port))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, OSError):
            raise answer
        return answer


async def test_the_address_that_was_judged_is_the_one_connected_to():
    """The name changes its mind after the judgement: nobody asks it again."""
    judged = []

    def permits(host: str, address: str) -> bool:
        judged.append((host, address))
        return address == "127.0.0.1"

    names = Names(["127.0.0.1"], ["127.0.0.9"])
    async with scripted(answering(OK)) as server, transport(resolve=names, permits=permits) as made:
        url = server.url(host="api.example.com")
        assert (await call(made, url)).content == b"ok"
        assert (judged, len(names.asked)) == ([("api.example.com", "127.0.0.1")], 1)
        assert server.requests[0].headers["host"] == f"api.example.com:{server.port}"
        [pool] = [pool_of(made)]
        pool.take().close()
        with pytest.raises(httpx.ConnectError, match=r"127\.0\.0\.9 is not permitted"):
            await call(made, url)
        assert judged[1:] == [("api.example.com", "127.0.0.9")]
        assert pool.slots == 0
    assert len(server.peers) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_what_is_not_permitted_is_not_connected_to(host):
    async with scripted(answering(OK)) as server, transport(permits=lambda *_: False) as made:
        with pytest.raises(httpx.ConnectError, match="not permitted"):
            await call(made, server.url(host=host))
    assert server.peers == []


async def test_a_judge_that_fails_permits_nothing():
    def permits(host: str, address: str) -> bool:
        raise ZeroDivisionError

    async with scripted(answering(OK)) as server, transport(permits=permits) as made:
        with pytest.raises(ZeroDivisionError):
            await call(made, server.url())
        assert pool_of(made).slots == 0
    assert server.peers == []


async def test_addresses_are_tried_in_their_order():
    judged = []

    def permits(host: str, address: str) -> bool:
        judged.append(address)
        return address != "10.0.0.1"

    # Nothing listens on 127.0.0.9.
    names = Names(["10.0.0.1", "127.0.0.9", "127.0.0.1", "127.0.0.2"])
    async with scripted(answering(OK)) as server, transport(resolve=names, permits=permits) as made:
        assert (await call(made, server.url(host="a.example"))).content == b"ok"
    assert judged == ["10.0.0.1", "127.0.0.9", "127.0.0.1"]


async def test_what_became_of_each_address_is_said():
    names = Names(["10.0.0.1", "127.0.0.9"])
    async with (
        scripted(answering(OK)) as server,
        transport(resolve=names, permits=lambda _, ip: ip != "10.0.0.1") as made,
    ):
        with pytest.raises(httpx.ConnectError) as caught:
            await call(made, server.url(host="a.example"))
    assert f"a.example:{server.port}" in str(caught.value)
    assert "10.0.0.1 is not permitted" in str(caught.value)
    assert "127.0.0.9" in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.parametrize("answer", [[], socket.gaierror(-2, "Name or service not known")])
async def test_a_name_without_an_address_is_a_connect_error(answer):
    async with transport(resolve=Names(answer)) as made:
        asked = request("http://nowhere.example/")
        with pytest.raises(httpx.ConnectError, match=r"nowhere\.example"):
            await made.handle_async_request(asked)
        assert asked.extensions["companion.sent"] == 0


@contextmanager
def deaf(port: int = 0) -> Iterator[int]:
    """A port of 127.0.0.9 that answers no connect: its queue is full."""
    with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
        listening.bind(("127.0.0.9", port))
        listening.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


async def test_an_address_that_does_not_answer_is_a_connect_timeout():
    async with transport() as made:
        with deaf() as port, pytest.raises(httpx.ConnectTimeout):
            await call(made, f"http://127.0.0.9:{port}/", timeout={"connect": 0.05})
        assert pool_of(made).slots == 0


async def test_an_address_that_does_not_answer_leaves_time_for_the_next():
    names = Names(["127.0.0.9", "127.0.0.1"])
    async with scripted(answering(OK)) as server, transport(resolve=names) as made:
        with deaf(server.port):
            response = await call(made, server.url(host="a.example"), timeout={"connect": 1.0})
        assert response.content == b"ok"


async def test_a_name_that_is_not_resolved_is_a_connect_timeout():
    async def never(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        raise AssertionError

    async with transport(resolve=never) as made:
        with pytest.raises(httpx.ConnectTimeout):
            await call(made, "http://slow.example/", timeout={"connect": 0.02})
        assert pool_of(made).slots == 0


async def test_a_request_cancelled_while_it_connects_leaves_nothing():
    async with transport() as made:
        with deaf() as port:
            task = asyncio.ensure_future(call(made, f"http://127.0.0.9:{port}/"))
            while not made._pools or not pool_of(made).slots:
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert pool_of(made).slots == 0


async def test_a_transport_closed_while_a_request_connects_lets_it_not_go_out():
    connected = asyncio.Event()
    proceed = asyncio.Event()

    async def held(host: str, port: int) -> list[str]:
        connected.set()
        await proceed.wait()
        return ["127.0.0.1"]

    async with scripted(answering(OK)) as server, transport(resolve=held) as made:
        task = asyncio.ensure_future(call(made, server.url(host="a.example")))
        await connected.wait()
        await made.aclose()
        proceed.set()
        with pytest.raises(RuntimeError, match="closed"):
            await task
    assert server.requests == []


async def test_the_systems_own_resolver():
    assert set(await resolve("localhost", 80)) <= {"127.0.0.1", "::1"}
    assert "127.0.0.1" in await resolve("127.0.0.1", 80)


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
async def test_an_ipv6_address():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 loopback here")
    judged = []
    async with (
        scripted(answering(OK), host="::1") as server,
        transport(permits=lambda *asked: bool(judged.append(asked)) or True) as made,
    ):
        assert (await call(made, server.url(host="[::1]"))).content == b"ok"
    assert judged == [("::1", "::1")]
