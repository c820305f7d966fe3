"""A person's word over the real daemon: from the log to the next prompt, and no agent's."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from companion.client import Client, Refused, calls, find_agent, find_operator
from companion.contract.types import AcceptRequest
from tests.support.scenes import DIALECTS

TOKEN = "ghp_" + "zB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0hL2nQ7"


def last_body(scene) -> bytes:
    return scene.upstream.requests[-1][2]


@pytest.mark.parametrize("name", DIALECTS)
def test_what_is_accepted_leaves_as_it_is_from_the_next_call_on(scene, name):
    scene.ask(name, f"my token is {TOKEN}")
    assert TOKEN.encode() not in last_body(scene)
    companion = scene.companion
    lines = json.loads(companion.run("log", "--kind", "model", "--json").stdout)
    [found] = lines[0]["findings"]
    assert (found["type"], found["confidence"]) == ("GITHUB", "high")
    assert found["placeholder"].encode() in last_body(scene)
    assert TOKEN not in json.dumps(lines)

    told = json.loads(companion.run("accept", "value", found["placeholder"], "--for", "1h", "--json").stdout)
    scene.ask(name, f"my token is {TOKEN}")
    assert TOKEN.encode() in last_body(scene)

    companion.run("accept", "revoke", told["id"])
    scene.ask(name, f"my token is {TOKEN}")
    assert TOKEN.encode() not in last_body(scene)
    for path in companion.places.state.rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes(), path


def test_a_rule_is_accepted_where_the_agent_works_and_nowhere_else(scene):
    scene.ask("chat", f"a {TOKEN}")
    operator = Client(find_operator(scene.companion.places))
    with operator as client:
        rule = client.do(calls.log(1))[0].findings[0].rule
        line = client.do(calls.accept(AcceptRequest(rule=rule, scope=str(scene.workspace))))
        scene.ask("chat", f"a {TOKEN}")
        assert TOKEN.encode() in last_body(scene)
        client.do(calls.revoke_acceptance(line.id))
        line = client.do(calls.accept(AcceptRequest(rule=rule, scope=str(scene.workspace / "elsewhere"))))
        scene.ask("chat", f"a {TOKEN}")
        assert TOKEN.encode() not in last_body(scene)
        client.do(calls.revoke_acceptance(line.id))


def test_law_the_agents_socket_takes_no_such_word(scene):
    with Client(find_agent(scene.companion.places)) as client:
        for call in (calls.accept(AcceptRequest(rule="r", scope="/")), calls.accepted(), calls.revoke_acceptance("a")):
            with pytest.raises(Refused) as refused:
                client.do(call)
            assert refused.value.status == 404
    with closing(sqlite3.connect(scene.companion.places.ledger)) as connection:
        assert connection.execute("SELECT count(*) FROM acceptance WHERE scope = '/'").fetchone() == (0,)
