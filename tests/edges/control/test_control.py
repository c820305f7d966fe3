"""The control API: two scopes, one of them behind a token where there are no unix sockets."""

from __future__ import annotations

import asyncio
from datetime import date
from zoneinfo import ZoneInfo

import httpx
import pytest

from companion.client import discover
from companion.contract.types import Answer, Status
from companion.edges.control import claim
from companion.edges.control.app import Services, agent_app, operator_app
from companion.edges.control.claim import announce, bind_control, claimed, running_pid, withdraw
from companion.gatekeeper.approvals import Approvals
from companion.gatekeeper.events import EventBus
from companion.ledger.keys import KeyStore
from companion.ledger.reports import Reports
from companion.ledger.store import prepare
from companion.places import find_places
from tests.gatekeeper.test_approvals import exchange, waiting
from tests.support.rooms import NOON, Heard

OPERATOR_ONLY = [
    ("POST", "approvals/x/answer"),
    ("GET", "spend"),
    ("GET", "exchanges"),
    ("GET", "exchanges/x"),
    ("GET", "alerts"),
    ("GET", "keys"),
    ("POST", "keys"),
    ("POST", "keys/x/revoke"),
    ("POST", "shutdown"),
]


@pytest.fixture
def services(tmp_path):
    ledger = tmp_path / "ledger.db"
    prepare(ledger)
    status = Status("1", "v1", 1, "", "", "", {}, {}, 0, 0, 0, 0)

    async def now() -> Status:
        return status

    async def none_found(text: str, workspace: str) -> list:
        return []

    return Services(
        status=now,
        find_secrets=none_found,
        alerts=list,
        approvals=Approvals(lambda: NOON, Heard()),
        reports=Reports(ledger, ZoneInfo("UTC")),
        keys=KeyStore(ledger),
        events=EventBus(lambda: NOON),
        shut_down=lambda: None,
        today=lambda: date(2026, 6, 1),
    )


def client(app) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://companion")


def test_every_route_belongs_to_a_scope(services):
    def paths(app) -> set:
        return {(method, route.path) for route in app.routes for method in route.methods if method != "HEAD"}

    asks, answers = paths(agent_app(services)), paths(operator_app(services))
    assert asks < answers
    assert len(answers - asks) == len(OPERATOR_ONLY), "a new route of the operator stands in OPERATOR_ONLY"


@pytest.mark.parametrize(("method", "path"), OPERATOR_ONLY)
async def test_who_may_only_ask_finds_no_route_that_answers(services, method, path):
    async with client(agent_app(services)) as agent:
        assert (await agent.request(method, f"/v1/{path}", json={})).status_code in {404, 405}


async def test_a_token_stands_in_for_a_file_mode(services):
    async with client(operator_app(services, "right")) as anyone:
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
        ("POST", "keys/nobody/revoke", {}, 409, "ledger"),
        ("POST", "secrets", {"text": 3}, 400, "bad-request"),
        ("GET", "nowhere", None, 404, "unknown-path"),
        ("DELETE", "status", None, 405, "unknown-path"),
    ],
)
async def test_every_bad_request_has_its_answer(services, method, path, body, status, code):
    async with client(operator_app(services)) as operator:
        answer = await operator.request(method, f"/v1/{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.json()["message"]


async def test_a_second_answer_is_refused_with_the_first_ones_words(services):
    task = await waiting(services.approvals, exchange())
    [approval] = services.approvals.pending()
    async with client(operator_app(services)) as operator:
        path = f"/v1/approvals/{approval.id}/answer"
        wrong = await operator.post(path, json={"approve": True, "by": "cli", "digest": "other"})
        assert (wrong.status_code, wrong.json()["code"]) == (409, "different-action")
        first = await operator.post(path, json={"approve": False, "by": "tui", "reason": "no"})
        assert first.json()["id"] == approval.id
        assert await task
        late = await operator.post(path, json={"approve": True, "by": "cli"})
        assert (late.status_code, late.json()["code"]) == (409, "already-answered")
        assert "denied by tui" in late.json()["message"]


class TestClaim:
    @pytest.fixture
    def places(self, tmp_path):
        return find_places({"COMPANION_HOME": str(tmp_path / "h"), "COMPANION_CACHE": str(tmp_path / "c")})

    def test_one_daemon_at_a_time(self, places):
        with claimed(places):
            announce(places, "http://g", "1", [])
            with pytest.raises(claim.Unclaimable, match="already runs"), claimed(places):
                pass
        with claimed(places):
            pass

    def test_a_process_id_alone_proves_nothing(self, places):
        with claimed(places):
            announce(places, "http://g", "1", [])
            assert running_pid(places)
            note = places.discovery.read_text()
            places.discovery.write_text(note.replace('"started": 1', '"started": 2'))
            assert running_pid(places) is None
            for junk in ("", "{", "[]", '{"pid": "x", "started": 1}', '{"pid": -1, "started": 1}'):
                places.discovery.write_text(junk)
                assert running_pid(places) is None

    def test_without_unix_sockets_a_token_in_a_private_file(self, places, monkeypatch, services):
        monkeypatch.setattr(claim, "HAS_UNIX_SOCKETS", False)
        monkeypatch.setattr(discover, "HAS_UNIX_SOCKETS", False)
        with claimed(places):
            sockets = bind_control(places)
            announce(places, "http://g", "1", sockets)
            agent, operator = discover.find_agent(places), discover.find_operator(places)
            assert agent.token != operator.token
            assert {agent.url, operator.url} == {one.url for one in sockets}
            assert places.discovery.stat().st_mode & 0o077 == 0
            for one in sockets:
                one.socket.close()
            withdraw(places)
            with pytest.raises(discover.NotRunning):
                discover.find_operator(places)

    def test_what_a_dead_daemon_left_is_cleared_away(self, places):
        with claimed(places):
            for one in bind_control(places):
                one.socket.close()
            for one in bind_control(places):
                one.socket.close()


async def test_events_are_told_until_the_daemon_ends(services):
    from companion.edges.control.app import Asks

    told = Asks(services)._events()
    assert (await anext(told)).startswith(b":")
    services.events.notice("alert", "x", "words", {})
    assert b'"text":"words"' in await anext(told)
    services.events.close()
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(anext(told), 5)


def test_answers_are_wire_types():
    assert Answer(True, "cli").digest == ""
