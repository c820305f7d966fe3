from __future__ import annotations

import httpx
import pytest

from companion.client import AsyncClient, Client, Endpoint, NotRunning, Refused, calls, find_operator
from companion.client.drivers import Call
from companion.contract.codec import encode
from companion.contract.types import Answer, Problem
from companion.places import find_places


def answering(status: int, body: bytes) -> httpx.MockTransport:
    return httpx.MockTransport(lambda request: httpx.Response(status, content=body))


def client(transport: httpx.BaseTransport) -> Client:
    made = Client(Endpoint("operator", url="http://companion", token="t"))
    made._http.close()
    made._http = httpx.Client(transport=transport, base_url="http://companion", headers={"authorization": "Bearer t"})
    return made


def test_a_call_is_a_value():
    call = calls.answer("x", Answer(True, "cli"))
    assert (call.method, call.path) == ("POST", "approvals/x/answer")
    assert call == calls.answer("x", Answer(True, "cli"))


def test_a_refusal_carries_the_problem():
    with client(answering(409, encode(Problem("already-answered", "too late", "companion log")))) as made:
        with pytest.raises(Refused) as caught:
            made.do(calls.pending())
    assert (caught.value.status, caught.value.problem.code) == (409, "already-answered")


def test_an_error_that_is_no_problem_is_one_all_the_same():
    with client(answering(500, b"<html>")) as made, pytest.raises(Refused) as caught:
        made.do(calls.pending())
    assert caught.value.problem.next == "companion doctor"


# httpcore 1.0 leaves the socket of a failed connection to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_nobody_there(tmp_path):
    with pytest.raises(NotRunning) as caught:
        find_operator(find_places({"COMPANION_HOME": str(tmp_path)}))
    assert caught.value.next == "companion up"
    with Client(Endpoint("operator", socket=tmp_path / "gone.sock")) as made, pytest.raises(NotRunning):
        made.do(calls.status())


async def test_nobody_there_for_the_async_driver_either(tmp_path):
    async with AsyncClient(Endpoint("operator", socket=tmp_path / "gone.sock")) as made:
        with pytest.raises(NotRunning):
            await made.do(calls.status())
        with pytest.raises(NotRunning):
            async for _ in made.events():
                pass


def test_queries_and_bodies_go_where_they_should():
    request = Call("POST", "x", dict[str, str], query={"a": "1"}, body={"b": 2}).request()
    assert request["url"] == "/v1/x"
    assert request["content"] == b'{"b":2}'
