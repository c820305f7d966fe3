"""The door: who is let in, what is taken of a request, and what becomes of one that nobody waits for."""

from __future__ import annotations

import asyncio
import gzip
import json

import httpx
import pytest

from companion.edges.gateway import app
from companion.model.action import Dialect, Tier
from companion.model.record import Ending
from companion.model.scope import KeyScope, VirtualKey
from companion.upstream.routes import TierTarget
from tests.support.answers import messages_stream
from tests.support.asgi import Wire, run
from tests.support.gateways import MAIN, SECRET, Agent, Gateway, Told, says, scope, told
from tests.support.scenes import DIALECTS, PATHS
from tests.support.scripted import turns
from tests.support.virtual_time import now
from tests.support.wire import READERS

POSTS = sorted(f"/v1/{dialect}" for dialect in Dialect)
BODY = json.dumps({"model": "m", "max_tokens": 9, "messages": []}).encode()
MESSAGES = "/v1/messages"


def gateway(answer=None, **given) -> Gateway:
    return Gateway(answer or says(body={"content": [], "usage": {}}), **given)


def ask(made: Gateway, method: str, path: str, headers=(), body: bytes = b"") -> Told:
    return run(made.ask(method, path, headers, body))


@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        ({"authorization": f"Bearer {SECRET}"}, True),
        ({"authorization": f"bearer  {SECRET} "}, True),
        ({"authorization": "", "x-api-key": SECRET}, True),
        ({"authorization": "Basic x", "x-api-key": SECRET}, True),
        ({"authorization": "Bearer ", "x-api-key": SECRET}, True),
        # Where an agent shows two, the one that it was set up with counts.
        ({"authorization": "Bearer cmp-other", "x-api-key": SECRET}, False),
        ({"authorization": f"Bearer {SECRET}", "x-api-key": "cmp-other"}, True),
        ({"authorization": SECRET}, False),
        ({"authorization": f"Basic {SECRET}"}, False),
        ({"authorization": f"Bearer {SECRET}x"}, False),
        ({"authorization": f"Bearer {SECRET[:-1]}"}, False),
        ({"authorization": "Bearer"}, False),
        ({"authorization": ""}, False),
        ({"authorization": "", "x-api-key": ""}, False),
        ({"authorization": "", "cookie": SECRET}, False),
    ],
)
def test_a_key_is_shown_as_an_agent_shows_one(headers, let_in):
    answer = ask(gateway(), "HEAD", "/v1/models", headers)
    assert answer.status == (200 if let_in else 401)


def test_no_key_is_asked_for_in_the_query():
    assert ask(gateway(), "GET", f"/v1/models?key={SECRET}&api_key={SECRET}", {"authorization": ""}).status == 401


def test_a_key_that_has_ended_is_told_apart_and_none_is_repeated():
    made = gateway()
    made.keys.over["cmp-over"] = "it ended yesterday. Type: companion keys expire"
    over = ask(made, "POST", MESSAGES, {"authorization": "Bearer cmp-over"}, BODY)
    wrong = ask(made, "POST", MESSAGES, {"authorization": "Bearer cmp-wrong"}, BODY)
    assert (over.status, wrong.status) == (401, 401)
    assert "companion keys expire" in over.json()["error"]["message"]
    assert "companion connect" in wrong.json()["error"]["message"]
    assert [details["code"] for _, _, _, details in made.heard.notices] == ["expired-key", "unknown-key"]
    assert "cmp-" not in repr((over.body, wrong.body, made.heard.notices))


@pytest.mark.parametrize(
    ("headers", "method", "path", "code"),
    [
        ({"host": "x"}, "GET", "/livez", "wrong-host"),
        ({"origin": "x"}, "GET", "/livez", "browser-refused"),
        ({"authorization": ""}, "GET", "/v1/models", "unknown-key"),
        ({}, "GET", "/nothing", None),
        ({}, "GET", MESSAGES, None),
        ({"content-type": "text/plain"}, "POST", MESSAGES, None),
    ],
)
def test_whoever_does_not_belong_here_is_told_of_and_whoever_errs_is_not(headers, method, path, code):
    made = gateway()
    assert ask(made, method, path, headers).status >= 400 or code is None
    told_of = [(name, id, details) for name, id, _, details in made.heard.notices]
    assert told_of == ([("request.turned-away", code, {"code": code})] if code else [])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        *[("POST", path, 400) for path in POSTS],  # the body is none
        *[(method, path, 405) for path in POSTS for method in ("GET", "PUT", "DELETE", "OPTIONS")],
        ("POST", "/v1/models", 404),
        ("DELETE", "/v1/models/m", 404),
        ("GET", "/v1/models/m", 404),
        ("GET", "/v1/models", 200),
        ("HEAD", "/v1/models", 200),
        ("HEAD", "/v1/models/m", 200),
        ("POST", "/", 404),
        ("POST", "/v1/messages/", 404),
        ("POST", "//v1/messages", 404),
        ("POST", "/V1/messages", 404),
        ("POST", "/v1/messages/../keys", 404),
        ("POST", "/v1/keys", 404),
        ("GET", "/v1/keys", 404),
        ("POST", "/v1/shutdown", 404),
        ("POST", "/v1/approvals/x/answer", 404),
        ("GET", "/v1/modelsx", 404),
    ],
)
def test_paths_and_methods(method, path, status):
    assert ask(gateway(says(body={"data": []})), method, path, body=b"{}").status == status


@pytest.mark.parametrize("path", POSTS)
def test_each_dialects_clients_read_what_turned_them_away(path):
    for headers in ({"host": "x"}, {"authorization": ""}, {"content-type": "text/plain"}):
        answer = ask(gateway(), "POST", path, headers, BODY)
        assert answer.headers["content-type"] == "application/json"
        told_by = answer.json()
        assert (told_by.get("type") == "error") is path.startswith(MESSAGES), "Anthropic's clients look for it"
        assert told_by["error"]["message"].startswith("companion: ")


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        (" application/json ;x", True),
        ("text/plain", False),
        ("", False),
        ("application/json-seq", False),
        ("multipart/form-data; x=application/json", False),
        ("application/x-www-form-urlencoded", False),
    ],
)
def test_only_json_is_read(kind, taken):
    made = gateway()
    answer = ask(made, "POST", MESSAGES, {"content-type": kind}, BODY)
    assert answer.status == (200 if taken else 415)
    assert len(made.requests) == taken


@pytest.fixture
def small(monkeypatch):
    """The most that a body may have here."""
    monkeypatch.setattr(app, "LARGEST_BODY", len(BODY))
    return len(BODY)


@pytest.mark.parametrize("cut", [1, 7, 1 << 20])
@pytest.mark.parametrize("blanks", [0, 1])
def test_the_limit_of_a_body_is_exact_however_it_comes(small, cut, blanks):
    raw = BODY + b" " * blanks
    pieces = [raw[at : at + cut] for at in range(0, len(raw), cut)]
    answer = run(gateway().ask("POST", MESSAGES, body=pieces))
    assert answer.status == (413 if blanks else 200)


def test_of_a_body_that_is_too_large_no_more_is_read(small):
    agent, wire = Agent(*[bytes(small)] * 50), Wire()
    run(gateway().app(scope("POST", MESSAGES), agent.receive, wire.send))
    assert (told(wire).status, agent.asked) == (413, 2)


LONG = BODY + b" " * 2_000


@pytest.mark.parametrize(
    ("raw", "encoding", "status"),
    [
        (LONG, "", 200),
        (gzip.compress(LONG), "gzip", 200),
        (LONG, "identity", 200),
        (gzip.compress(LONG + b" "), "gzip", 413),
        (gzip.compress(bytes(10_000_000))[:1_000], "gzip", 413),
        (gzip.compress(LONG)[:-9], "gzip", 400),
        (LONG, "gzip", 400),
        (LONG, "rot13", 415),
        (LONG, "gzip, gzip, gzip", 415),
    ],
    ids=["plain", "whole", "identity", "one too many", "bomb", "cut", "none", "unknown", "thrice"],
)
def test_a_compressed_body_is_read_up_to_the_same_limit(monkeypatch, raw, encoding, status):
    monkeypatch.setattr(app, "LARGEST_BODY", len(LONG))
    made = gateway()
    assert ask(made, "POST", MESSAGES, {"content-encoding": encoding}, raw).status == status
    assert [len(request.content) for request in made.requests] == [len(LONG)] * (status == 200)


@pytest.mark.parametrize("pieces", [(), (b"{",)])
def test_a_body_that_does_not_come_is_waited_for_only_so_long(pieces):
    async def wait() -> tuple[Told, float]:
        wire = Wire()
        await gateway().app(scope("POST", MESSAGES), Agent(*pieces, whole=False).receive, wire.send)
        return told(wire), now()

    answer, seconds = run(wait())
    assert answer.status == 408
    assert seconds == app.BODY_SECONDS


def test_a_body_that_comes_drop_by_drop_is_waited_for_no_longer():
    async def wait() -> float:
        class Dripping(Agent):
            async def receive(self):
                await asyncio.sleep(app.BODY_SECONDS / 4)
                return {"type": "http.request", "body": b" ", "more_body": True}

        wire = Wire()
        await gateway().app(scope("POST", MESSAGES), Dripping().receive, wire.send)
        assert told(wire).status == 408
        return now()

    assert run(wait()) == app.BODY_SECONDS


def test_an_agent_that_leaves_before_it_has_asked_leaves_nothing_behind():
    async def leave(made: Gateway) -> Wire:
        agent, wire = Agent(b"{", whole=False), Wire()
        agent.leave()
        await made.app(scope("POST", MESSAGES), agent.receive, wire.send)
        return wire

    made = gateway()
    assert run(leave(made)).heads == []
    assert (made.lines, made.requests, made.heard.notices) == ([], [], [])


class Slow(httpx.AsyncByteStream):
    """Begins, and does not go on. Ending it takes until `end` is set."""

    def __init__(self) -> None:
        self.begun, self.ending, self.end = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def __aiter__(self):
        yield messages_stream("hello", [])[:200]
        self.begun.set()
        await asyncio.Event().wait()

    async def aclose(self) -> None:
        self.ending.set()
        await self.end.wait()


def streaming(stream: httpx.AsyncByteStream) -> Gateway:
    return gateway(lambda _: httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=stream))


STREAMED = json.dumps({"model": "m", "max_tokens": 9, "messages": [], "stream": True}).encode()


@pytest.mark.parametrize(
    ("agent_goes", "server_ends"), [(True, False), (False, True), (True, True)], ids=["agent", "server", "both"]
)
async def test_when_nobody_waits_any_more_the_work_ends_and_is_written_down(agent_goes, server_ends):
    slow, wire = Slow(), Wire()
    made, agent = streaming(slow), Agent(STREAMED)
    work = asyncio.create_task(made.app(scope("POST", MESSAGES, agent=agent), agent.receive, wire.send))
    await slow.begun.wait()
    if agent_goes:
        agent.leave()
        await slow.ending.wait()
    if server_ends:
        work.cancel()
    if not (agent_goes and server_ends):
        slow.end.set()
    [ended] = await asyncio.gather(work, return_exceptions=True)
    # A hang-up is nobody's failure; whoever else ends the work is to hear that it has ended.
    assert (type(ended) is asyncio.CancelledError) is server_ends
    assert slow.ending.is_set(), "the upstream is not left to talk to nobody"
    assert [ending for _, ending, _ in made.lines] == [Ending.CANCELLED]
    assert not wire.over


async def test_an_agent_that_leaves_after_its_answer_disturbs_nobody():
    wire, agent = Wire(), Agent(BODY)
    await gateway().app(scope("POST", MESSAGES, agent=agent), agent.receive, wire.send)
    assert agent.listeners == []
    agent.leave()
    await turns(5)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_more_of_a_body_that_was_whole_is_no_hang_up():
    wire, made = Wire(), gateway()
    agent = Agent(BODY, b"more", b"and more")
    agent._messages[0]["more_body"] = False
    await made.app(scope("POST", MESSAGES), agent.receive, wire.send)
    assert told(wire).status == 200


class BrokenError(Exception):
    """What nobody thought of."""


class Breaks(httpx.AsyncByteStream):
    """Breaks after it has begun, in a way that nobody thought of."""

    async def __aiter__(self):
        yield messages_stream("hello", [])[:200]
        raise BrokenError("sk-hush")


def test_what_nobody_thought_of_is_told_in_the_stream_and_raised_to_whoever_keeps_the_log():
    made, wire = streaming(Breaks()), Wire()
    with pytest.raises(BrokenError):
        run(made.app(scope("POST", MESSAGES), Agent(STREAMED).receive, wire.send))
    answer = told(wire)
    assert (answer.status, "BrokenError" in READERS["messages"](answer.body).error) == (200, True)
    assert b"hush" not in answer.body
    assert [ending for _, ending, _ in made.lines] == [Ending.FAILED]


@pytest.mark.parametrize("name", DIALECTS)
def test_what_nobody_thought_of_before_an_answer_is_an_error_that_the_agent_reads(name):
    def fails(secret: str) -> None:
        raise BrokenError(secret)

    made, wire = gateway(), Wire()
    made.keys.authenticate = fails
    with pytest.raises(BrokenError):
        run(made.app(scope("POST", PATHS[name]), Agent(BODY).receive, wire.send))
    answer = told(wire)
    assert (answer.status, "BrokenError" in answer.json()["error"]["message"]) == (500, True)
    assert SECRET.encode() not in answer.body


def test_a_key_lists_what_it_may_ask_for_and_finds_nothing_else():
    tiers = {Tier.PLAN: TierTarget(MAIN, "big"), Tier.ACT: TierTarget(MAIN, "mid")}
    made = Gateway(says(body={"data": [{"id": "little"}, {"id": "huge"}]}), tiers)
    made.keys[SECRET] = VirtualKey("key-1", KeyScope("ci", models=("mid", "li*")))
    listed = [one["id"] for one in ask(made, "GET", "/v1/models").json()["data"]]
    assert listed == ["companion/plan", "companion/act", "companion/auto", "mid", "little"]
    assert ask(made, "GET", "/v1/models/mid").json()["id"] == "mid"
    for path in ("/v1/models/big", "/v1/models/huge", "/v1/models/nobodys", "/v1/modelsmid"):
        assert ask(made, "GET", path).status == 404
    assert ask(made, "GET", "/v1/models", {"anthropic-version": "x"}).json()["first_id"] == listed[0]


def test_whoever_tries_a_key_makes_no_upstream_list_anything():
    made = gateway()
    assert ask(made, "HEAD", "/v1/models").status == 200
    assert made.requests == []


async def test_what_is_no_http_is_let_be():
    wire = Wire()
    await gateway().app({"type": "websocket"}, Agent().receive, wire.send)
    assert wire.heads == []
