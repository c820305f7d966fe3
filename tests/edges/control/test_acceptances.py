"""A person's word, over the operator's socket alone."""

from __future__ import annotations

import httpx
import pytest

from companion.contract.types import AcceptanceLine, FindingLine
from companion.edges.control.acceptances import AcceptanceDesk
from companion.edges.control.app import agent_app, operator_app
from companion.model.record import FindingRecord
from companion.scan.secrets.scanner import Named
from tests.support.control import Rooms
from tests.support.lines import closing, opening

PRINT = "0a1b2c3d" * 4
CALLED = "SECRET_AWS_0A1B2C3D"


@pytest.fixture
def rooms(tmp_path):
    return Rooms(tmp_path / "ledger.db")


def client(made) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url="http://companion")


@pytest.fixture
async def operator(rooms):
    async with client(operator_app(rooms.services())) as found:
        yield found


async def accept(operator, **body):
    return await operator.post("/v1/accepted", json=body)


def covered(rooms: Rooms, rule: str = "", place: str = "/w") -> bool:
    return rooms.acceptances.cover(lambda: PRINT, rule, place)


async def test_a_value_goes_by_the_name_that_its_call_shows(rooms, operator):
    rooms.met[CALLED] = Named(PRINT)
    answer = await accept(operator, secret=CALLED, by="tui")
    assert answer.status_code == 201
    line = answer.json()
    assert (line["fingerprint"], line["shown"], line["warning"], line["state"]) == (PRINT, CALLED, "", "live")
    assert covered(rooms)
    assert (await operator.get("/v1/accepted")).json()[0]["id"] == line["id"]
    assert (await operator.post(f"/v1/accepted/{line['id']}/revoke", json={})).json()["state"] == "revoked"
    assert not covered(rooms)


async def test_after_a_restart_the_record_knows_it(rooms, operator):
    found = FindingRecord(CALLED, "AWS", "aws", "rules", "high", PRINT, 2)
    rooms.write(opening("ex-1"), closing("ex-1", findings=(found,)))
    assert (await accept(operator, secret=CALLED)).json()["fingerprint"] == PRINT
    assert covered(rooms)
    [line] = (await operator.get("/v1/exchanges/ex-1")).json()["findings"]
    assert line == {
        "placeholder": CALLED,
        "type": "AWS",
        "rule": "aws",
        "engine": "rules",
        "confidence": "high",
        "fingerprint": PRINT,
        "times": 2,
    }


@pytest.mark.parametrize(
    ("called", "shown"), [(CALLED, CALLED), ("SECRET_AWS_FFFFFFFF", PRINT), ("anything", PRINT)], ids=str
)
async def test_a_name_that_is_not_the_values_own_is_not_kept(operator, called, shown):
    assert (await accept(operator, secret=PRINT.upper(), called=called)).json()["shown"] in {shown, shown.upper()}


async def test_a_value_that_an_env_file_keeps_is_accepted_with_a_warning(rooms, operator):
    rooms.met[PRINT] = Named(PRINT, ".env.local")
    assert ".env.local" in (await accept(operator, secret=PRINT)).json()["warning"]
    found = FindingRecord("SECRET_ENV_FF1B2C3D", "ENV", ".env", "known-values", "high", "ff" * 16)
    rooms.write(opening("ex-1"), closing("ex-1", findings=(found,)))
    assert ".env" in (await accept(operator, secret="SECRET_ENV_FF1B2C3D")).json()["warning"]
    assert ".env" in (await accept(operator, rule=".env", scope="/w")).json()["warning"]
    assert covered(rooms, ".env")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 409, "ledger"),
        ({"secret": "SECRET_AWS_FFFFFFFF"}, 404, "unknown-secret"),
        ({"secret": "hunter2"}, 400, "bad-request"),
        ({"secret": PRINT, "rule": "r", "scope": "/w"}, 409, "ledger"),
        ({"rule": "r"}, 409, "ledger"),
        ({"rule": "r", "scope": "w"}, 400, "bad-request"),
        ({"rule": 7, "scope": "/w"}, 400, "bad-request"),
        ({"secret": PRINT, "expires_at": "tomorrow"}, 400, "bad-request"),
        ({"secret": PRINT, "expires_at": "2020-01-01T00:00:00+00:00"}, 409, "ledger"),
        ({"secret": PRINT, "by": "an agent"}, 400, "bad-request"),
        ({"secret": PRINT, "note": "a\nb"}, 409, "ledger"),
    ],
    ids=str,
)
async def test_what_cannot_be_accepted_is_refused_and_never_repeated(rooms, operator, body, status, code):
    answer = await accept(operator, **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "hunter2" not in answer.text
    assert rooms.acceptances.list() == []


async def test_law_an_agent_can_neither_accept_nor_see_what_is_accepted(rooms):
    async with client(agent_app(rooms.services())) as agent:
        for method, path in (("GET", "accepted"), ("POST", "accepted"), ("POST", "accepted/acc-1/revoke")):
            answer = await agent.request(method, f"/v1/{path}", json={"rule": "r", "scope": "/w"})
            assert answer.status_code == 404
    assert rooms.acceptances.list() == []


async def test_everybody_hears_of_it(rooms, operator):
    with rooms.events.subscribe() as queue:
        line = (await accept(operator, rule="r", scope="/w")).json()
        await operator.post(f"/v1/accepted/{line['id']}/revoke", json={})
        names = [queue.get_nowait().name for _ in range(2)]
    assert names == ["secret.accepted", "secret.revoked"]


def test_the_desk_needs_no_sockets(rooms):
    desk = AcceptanceDesk(rooms.acceptances, lambda _: None, lambda _: FindingLine(CALLED, "A", "r", "e", "low", PRINT))
    line = desk.accept({"secret": CALLED})
    assert isinstance(line, AcceptanceLine)
    assert line.fingerprint == PRINT
