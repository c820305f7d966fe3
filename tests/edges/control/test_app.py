"""The control API: two scopes, one of them behind a token where there are no unix sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from companion.contract.types import AlertState, SecretFinding
from companion.edges.control import app
from companion.edges.control.app import Asks, agent_app, operator_app
from companion.model.action import Tier
from companion.model.grant import Grant, Reach
from companion.model.scope import KeyScope, VirtualKey
from tests.support.control import STATUS, TODAY, Rooms
from tests.support.lines import closing, opening
from tests.support.rooms import NOON

both = pytest.mark.parametrize("scope", [agent_app, operator_app])

LATER = "2099-01-01T00:00:00+01:00"

CLI_PAGE = Path(__file__).parents[3] / "docs" / "cli.md"


@pytest.fixture
def rooms(tmp_path):
    return Rooms(tmp_path / "ledger.db")


@pytest.fixture
async def agent(rooms):
    async with client(agent_app(rooms.services())) as found:
        yield found


@pytest.fixture
async def operator(rooms):
    async with client(operator_app(rooms.services())) as found:
        yield found


def client(made) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url="http://companion")


def routes_of(made) -> set[tuple[str, str]]:
    return {(method, route.path) for route in made.routes for method in route.methods - {"HEAD"}}


def documented() -> dict[tuple[str, str], bool]:
    """Route to whether the agent's socket has it, from the table in docs/cli.md."""
    found = {}
    for line in CLI_PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        for method, path in re.findall(r"(GET|POST) (/v1/[\w/]+)", cells[0]) if len(cells) == 3 else []:
            found[method, path.replace("/ID", "/{id}")] = cells[1] == "yes"
    return found


def test_the_routes_are_those_that_the_documentation_names(rooms):
    asks, everything = routes_of(agent_app(rooms.services())), routes_of(operator_app(rooms.services()))
    assert asks < everything
    assert documented() == {route: route in asks for route in everything}


async def test_law_what_only_the_operator_has_is_not_there_for_an_agent(rooms, agent):
    hidden = routes_of(operator_app(rooms.services())) - routes_of(agent_app(rooms.services()))
    assert ("POST", "/v1/approvals/{id}/answer") in hidden
    for method, path in hidden:
        answer = await agent.request(method, path.replace("{id}", "x"), json={"name": "x"})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-path"), (method, path)
    assert rooms.keys.list() == []


async def test_a_key_is_made_shown_once_and_revoked(rooms, operator):
    made = await operator.post("/v1/keys", json={"name": "laptop"})
    assert made.status_code == 201
    key = made.json()
    assert key["name"] == "laptop"
    assert rooms.keys.authenticate(key["secret"]).id == key["id"]
    listed = await operator.get("/v1/keys")
    assert [(one["id"], one["name"], one["revoked_at"]) for one in listed.json()] == [(key["id"], "laptop", "")]
    assert key["secret"] not in listed.text
    assert (await operator.post(f"/v1/keys/{key['id']}/revoke", json={})).json()["revoked_at"]
    assert rooms.keys.authenticate(key["secret"]) is None


async def test_a_key_is_made_for_what_was_asked(rooms, operator):
    asked = {
        "project": "web",
        "user": "ada",
        "team": "core",
        "tags": ["ci"],
        "tiers": ["plan", "small"],
        "models": ["claude-*"],
    }
    made = (await operator.post("/v1/keys", json={"name": "ci", "expires_at": LATER, **asked})).json()
    scope = KeyScope("ci", "web", "ada", "core", ("ci",), (Tier.PLAN, Tier.SMALL), ("claude-*",))
    assert rooms.keys.authenticate(made["secret"]) == VirtualKey(made["id"], scope)
    [line] = (await operator.get("/v1/keys")).json()
    assert {field: line[field] for field in asked} == asked
    assert datetime.fromisoformat(line["expires_at"]) == datetime.fromisoformat(LATER)


async def test_a_key_gets_another_secret_and_another_end(rooms, operator):
    old = (await operator.post("/v1/keys", json={"name": "laptop"})).json()
    new = (await operator.post(f"/v1/keys/{old['id']}/rotate", json={"grace_seconds": 3600})).json()
    assert (new["id"], new["name"]) == (old["id"], "laptop")
    assert [rooms.keys.authenticate(key["secret"]).id for key in (old, new)] == [old["id"]] * 2
    newest = (await operator.post(f"/v1/keys/{old['id']}/rotate", json={})).json()
    assert [rooms.keys.authenticate(key["secret"]) for key in (old, new)] == [None, None]
    line = (await operator.post(f"/v1/keys/{old['id']}/expire", json={"expires_at": LATER})).json()
    assert datetime.fromisoformat(line["expires_at"]) == datetime.fromisoformat(LATER)
    line = (await operator.post(f"/v1/keys/{old['id']}/expire", json={"expires_at": ""})).json()
    assert (line["state"], line["expires_at"]) == ("live", "")
    assert rooms.keys.authenticate(newest["secret"]).id == old["id"]


@both
async def test_a_text_is_searched_for_secrets(rooms, scope):
    rooms.findings = [SecretFinding("ACME", "acme-key", "regex", 4, 12, "high", "SECRET_ACME_0A1B2C3D")]
    async with client(scope(rooms.services())) as http:
        found = await http.post("/v1/secrets", json={"text": "key key-1234", "workspace": "/w"})
        await http.post("/v1/secrets", json={"text": "nothing"})
    assert found.status_code == 200
    assert [(one["rule"], one["start"], one["end"], one["preview"]) for one in found.json()] == [
        ("acme-key", 4, 12, "SECRET_ACME_0A1B2C3D")
    ]
    assert rooms.scanned == [("key key-1234", "/w"), ("nothing", "")]


@both
async def test_how_the_daemon_stands_and_what_waits(rooms, scope):
    task = asyncio.create_task(rooms.ask("rm x", "apr-0001"))
    await asyncio.sleep(0)
    async with client(scope(rooms.services())) as http:
        status = (await http.get("/v1/status")).json()
        waiting = (await http.get("/v1/approvals")).json()
    assert (status["version"], status["pending"]) == (STATUS.version, 1)
    assert [(one["id"], one["what"]) for one in waiting] == [("apr-0001", "rm x")]
    task.cancel()


async def test_the_ledger_is_read_in_pages_by_kind_and_by_id(rooms, operator):
    rooms.write(*(opening(f"ex-{n}", kind="shell" if n % 2 else "model") for n in range(5)), closing("ex-0"))

    async def ids(query: str) -> list[str]:
        return [one["id"] for one in (await operator.get(f"/v1/exchanges?{query}")).json()]

    assert await ids("") == ["ex-4", "ex-3", "ex-2", "ex-1", "ex-0"]
    assert await ids("limit=2&before=ex-3") == ["ex-2", "ex-1"]
    assert await ids("kind=shell") == ["ex-3", "ex-1"]
    assert (await operator.get("/v1/exchanges/ex-0")).json()["ending"] == "served"


async def test_spend_is_of_the_local_day_unless_more_are_asked_for(operator):
    today = (await operator.get("/v1/spend")).json()
    assert (today["first_day"], today["last_day"], today["by"]) == (str(TODAY), str(TODAY), "model")
    week = (await operator.get("/v1/spend?by=tier&days=7")).json()
    assert (week["first_day"], week["by"]) == ("2026-05-26", "tier")


async def test_alerts_are_told_and_the_daemon_is_ended(rooms, operator):
    rooms.alerts = [AlertState("slow", "warn", "t", "it is slow", "wait")]
    assert [one["name"] for one in (await operator.get("/v1/alerts")).json()] == ["slow"]
    asked = []
    rooms.when_shut_down = lambda: asked.append(True)
    assert (await operator.post("/v1/shutdown", json={})).json() == {"status": "stopping"}
    assert asked == [True]


async def test_a_token_stands_in_for_a_file_mode(rooms):
    async with client(operator_app(rooms.services(), "right")) as anyone:
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Bearer right", "origin": "http://x"}):
            answer = await anyone.get("/v1/status", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "unknown-token")
        assert (await anyone.get("/v1/status", headers={"authorization": "Bearer right"})).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "approvals/nobody/answer", {"approve": True, "by": "x"}, 404, "unknown-approval"),
        ("POST", "approvals/nobody/answer", {"approve": "maybe"}, 400, "bad-request"),
        ("POST", "approvals/nobody/answer", [], 400, "bad-request"),
        ("GET", "exchanges/nobody", None, 404, "unknown-exchange"),
        ("GET", "exchanges?limit=0", None, 400, "bad-request"),
        ("GET", "exchanges?limit=many", None, 400, "bad-request"),
        ("GET", "spend?by=mood", None, 400, "bad-request"),
        ("GET", "spend?days=0", None, 400, "bad-request"),
        ("POST", "keys", {"name": 3}, 400, "bad-request"),
        ("POST", "keys", {"name": ""}, 409, "ledger"),
        ("POST", "keys", {}, 400, "bad-request"),
        ("POST", "keys", {"name": "x", "tiers": ["huge"]}, 400, "bad-request"),
        ("POST", "keys", {"name": "x", "tiers": "plan"}, 400, "bad-request"),
        ("POST", "keys", {"name": "x", "models": [3]}, 400, "bad-request"),
        ("POST", "keys", {"name": "x", "models": None}, 400, "bad-request"),
        ("POST", "keys", {"name": "x", "user": 3}, 400, "bad-request"),
        ("POST", "keys", {"name": "x", "expires_at": "soon"}, 400, "bad-request"),
        ("POST", "keys", {"name": "x", "expires_at": "2099-01-01T00:00:00"}, 400, "bad-request"),
        ("POST", "keys", {"name": "x", "expires_at": None}, 400, "bad-request"),
        ("POST", "keys", {"name": "x", "expires_at": "2001-01-01T00:00:00+00:00"}, 409, "ledger"),
        ("POST", "keys", {"name": "x", "models": ["a[b]"]}, 409, "ledger"),
        ("POST", "keys/nobody/rotate", {}, 409, "ledger"),
        ("POST", "keys/nobody/rotate", {"grace_seconds": -1}, 400, "bad-request"),
        ("POST", "keys/nobody/rotate", {"grace_seconds": True}, 400, "bad-request"),
        ("POST", "keys/nobody/rotate", {"grace_seconds": "60"}, 400, "bad-request"),
        ("POST", "keys/nobody/rotate", {"grace_seconds": 2**31}, 400, "bad-request"),
        ("POST", "keys/nobody/rotate", {"grace_seconds": 2**31 - 1}, 409, "ledger"),
        ("POST", "keys/nobody/expire", {"expires_at": ""}, 409, "ledger"),
        ("POST", "keys/nobody/expire", {}, 400, "bad-request"),
        ("POST", "keys/nobody/expire", {"expires_at": "2099-01-01"}, 400, "bad-request"),
        ("POST", "keys/nobody/expire", {"expires_at": 3}, 400, "bad-request"),
        ("POST", "keys/nobody/revoke", {}, 409, "ledger"),
        ("POST", "secrets", {"text": 3}, 400, "bad-request"),
        ("POST", "secrets", ["text"], 400, "bad-request"),
        ("GET", "nowhere", None, 404, "unknown-path"),
        ("DELETE", "status", None, 405, "unknown-path"),
    ],
)
async def test_every_bad_request_has_its_answer(rooms, operator, method, path, body, status, code):
    answer = await operator.request(method, f"/v1/{path}", json=body)
    assert rooms.keys.list() == []
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["message"]


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [(b"{", 400, "bad-request"), (b"[" * 200_000, 400, "bad-request"), (b"x" * 1_000_001, 413, "body-too-large")],
    ids=["no JSON", "too deep", "too large"],
)
async def test_no_body_is_too_much(operator, monkeypatch, raw, status, code):
    monkeypatch.setattr(app, "_LARGEST_BODY", 1_000_000)
    answer = await operator.post("/v1/secrets", content=raw)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_second_answer_is_refused_with_the_first_ones_words(rooms, operator):
    task = asyncio.create_task(rooms.ask("rm x", "apr-0001"))
    await asyncio.sleep(0)
    path = "/v1/approvals/apr-0001/answer"
    wrong = await operator.post(path, json={"approve": True, "by": "cli", "digest": "other"})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "different-action")
    first = await operator.post(path, json={"approve": False, "by": "tui", "reason": "no"})
    assert first.json()["id"] == "apr-0001"
    answered = await task
    assert (answered.approve, answered.by, answered.reason) == (False, "tui", "no")
    late = await operator.post(path, json={"approve": True, "by": "cli"})
    assert (late.status_code, late.json()["code"]) == (409, "already-answered")
    assert "denied by tui" in late.json()["message"]


@pytest.mark.parametrize("path", ["keys", "exchanges", "exchanges/ex-1", "spend"])
async def test_a_ledger_that_cannot_be_read_is_said_as_such(rooms, operator, path):
    for file in rooms.ledger.parent.glob(f"{rooms.ledger.name}*"):
        file.write_bytes(b"nothing that SQLite would know" * 100)
    answer = await operator.get(f"/v1/{path}")
    assert (answer.status_code, answer.json()["code"], answer.json()["next"]) == (409, "ledger", "companion doctor")


async def test_there_is_an_end_to_how_many_listen(rooms, operator):
    with contextlib.ExitStack() as stack:
        for _ in range(app._MOST_LISTENERS):
            stack.enter_context(rooms.events.subscribe())
        answer = await operator.get("/v1/events")
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-listeners")


async def test_events_are_told_until_the_daemon_ends(rooms, monkeypatch):
    monkeypatch.setattr(app, "_BEAT_SECONDS", 0.01)
    told = Asks(rooms.services())._events()
    assert (await anext(told)).startswith(b":")
    rooms.events.notice("alert", "x", "words", {})
    name, data = (await anext(told)).removesuffix(b"\n\n").split(b"\n")
    assert name == b"event: alert"
    assert json.loads(data.removeprefix(b"data:"))["text"] == "words"
    assert (await anext(told)).startswith(b":"), "a comment keeps the stream alive"
    rooms.events.close()
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(anext(told), 5)


async def test_a_yes_that_is_kept_is_listed_and_taken_back(rooms, operator):
    ends = NOON + timedelta(days=1)
    rooms.rules.grants = [
        Grant("r-1", Reach.RULE, "cline", "", "/w", "", NOON, ends, "tui", "npm test", words=("npm", "test"))
    ]
    rooms.grants.load()
    [line] = (await operator.get("/v1/rules")).json()
    assert (line["id"], line["reach"], line["shown"]) == ("r-1", "rule", "npm test")
    assert (await operator.post("/v1/rules/r-1/revoke", json={})).json()["id"] == "r-1"
    assert (await operator.get("/v1/rules")).json() == []
    gone = await operator.post("/v1/rules/r-1/revoke", json={})
    assert (gone.status_code, gone.json()["next"]) == (404, "companion rules list")
    assert (await operator.get("/v1/hooks")).json() == {"token": "cmph-test"}


async def test_an_answer_that_was_not_offered_counts_for_nothing(rooms, operator):
    task = asyncio.create_task(rooms.ask("rm x", "apr-0001"))
    await asyncio.sleep(0)
    for odd in ({"reach": "for-ever"}, {"reach": "rule", "prefix": "npm"}, {"seconds": -1}, {"prefix": "rm"}):
        answer = await operator.post("/v1/approvals/apr-0001/answer", json={"approve": True, "by": "cli", **odd})
        assert (answer.status_code, answer.json()["code"]) == (400, "unfit-answer"), odd
    assert not task.done()
    task.cancel()
