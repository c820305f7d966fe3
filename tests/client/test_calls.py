"""Every call is a route of the daemon, on the socket that it is said to be on, and its answer has the type it names."""

from __future__ import annotations

import inspect

import attrs
import pytest
from starlette.routing import Match

from companion.client import AsyncClient, Call, Client, Refused, calls, find_agent, find_operator
from companion.contract import API, types
from companion.edges.control.app import agent_app, operator_app
from companion.model.action import Tier
from companion.places import find_places
from tests.support.control import Control, Rooms
from tests.support.lines import opening

MADE = {
    "status": calls.status(),
    "find_secrets": calls.find_secrets("text", "/w"),
    "pending": calls.pending(),
    "answer": calls.answer("apr-0001", types.Answer(True, "cli")),
    "spend": calls.spend("tier", 7),
    "log": calls.log(5, "ex-9", "shell"),
    "exchange": calls.exchange("ex-1"),
    "alerts": calls.alerts(),
    "keys": calls.keys(),
    "new_key": calls.new_key("laptop"),
    "rotate_key": calls.rotate_key("key-1", 60),
    "expire_key": calls.expire_key("key-1", ""),
    "revoke_key": calls.revoke_key("key-1"),
    "rules": calls.rules(),
    "revoke_rule": calls.revoke_rule("rule-1"),
    "hooks": calls.hooks(),
    "accepted": calls.accepted(),
    "accept": calls.accept(types.AcceptRequest(rule="r", scope="/w")),
    "revoke_acceptance": calls.revoke_acceptance("acc-1"),
    "shut_down": calls.shut_down(),
}
ASKS = {"status", "find_secrets", "pending"}
"""What either socket answers."""


def matches(app, call: Call) -> bool:
    scope = {"type": "http", "method": call.method, "path": f"/{API}/{call.path}"}
    return any(route.matches(scope)[0] is Match.FULL for route in app.routes)


def test_every_call_is_looked_at_here():
    assert set(MADE) == {name for name, _ in inspect.getmembers(calls, inspect.isfunction)}


@pytest.mark.parametrize("name", MADE)
def test_law_the_agents_socket_can_ask_and_the_operators_can_all(tmp_path, name):
    services = Rooms(tmp_path / "ledger.db").services()
    assert matches(operator_app(services), MADE[name])
    assert matches(agent_app(services), MADE[name]) == (name in ASKS)


@pytest.fixture
def control(tmp_path):
    with Control(find_places({"COMPANION_HOME": str(tmp_path / "h")})) as running:
        yield running


def test_each_is_answered_with_its_type(control):
    control.findings = [types.SecretFinding("ACME", "acme-key", "regex", 0, 8, "high")]
    control.write(*(opening(f"ex-{n}", kind="shell" if n % 2 else "model") for n in range(9)))
    approval, outcome = control.opens("rm x")
    with Client(find_operator(control.places)) as client:
        assert client.do(calls.pending()) == [approval]
        found: types.Status = client.do(calls.status())
        assert attrs.evolve(control.status, pending=1) == found
        assert client.do(calls.find_secrets("key-1234", "/w")) == control.findings
        assert control.scanned == [("key-1234", "/w")]
        assert isinstance(
            client.do(calls.answer(approval.id, types.Answer(True, "cli", digest=approval.digest))), types.Approval
        )
        assert outcome.result(10).by == "cli"
        report = client.do(calls.spend("tier", 7))
        assert isinstance(report, types.SpendReport)
        assert (report.by, report.first_day) == ("tier", "2026-05-26")
        assert [line.id for line in client.do(calls.log(2, "ex-5", "shell"))] == ["ex-3", "ex-1"]
        assert isinstance(client.do(calls.exchange("ex-1")), types.ExchangeLine)
        assert client.do(calls.alerts()) == []
        key = client.do(calls.new_key("laptop"))
        assert isinstance(key, types.NewKey)
        assert [line.id for line in client.do(calls.keys())] == [key.id]
        assert isinstance(client.do(calls.rotate_key(key.id, 60)), types.NewKey)
        assert client.do(calls.expire_key(key.id, "2099-01-01T00:00:00+00:00")).state == "live"
        narrow = client.do(
            calls.new_key(types.KeyRequest("ci", tiers=["plan"], expires_at="2099-01-01T00:00:00+00:00"))
        )
        assert control.keys.authenticate(narrow.secret).scope.tiers == (Tier.PLAN,)
        assert narrow.expires_at
        revoked = client.do(calls.revoke_key(key.id))
        assert isinstance(revoked, types.KeyLine)
        assert revoked.revoked_at
        assert client.do(calls.shut_down()) == {"status": "stopping"}


async def test_what_only_the_operator_may_is_refused_on_the_agents_socket(control):
    async with AsyncClient(find_agent(control.places)) as client:
        assert await client.do(calls.pending()) == []
        for name in MADE.keys() - ASKS:
            with pytest.raises(Refused) as caught:
                await client.do(MADE[name])
            assert (caught.value.status, caught.value.problem.code) == (404, "unknown-path"), name
