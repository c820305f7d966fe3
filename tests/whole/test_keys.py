"""Virtual keys on the real gateway: what a key may not is refused before anything leaves, and the answer says why."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import httpx
import pytest

from companion.client import calls
from companion.contract.types import KeyRequest
from tests.support.answers import STREAMS
from tests.support.daemons import Companion, companion
from tests.support.upstreams import send, upstream

PATH = "/v1/messages"


@pytest.fixture(scope="module")
def running():
    def answer(handler, body) -> None:
        send(handler, STREAMS["messages"]("hello", [], 5), "text/event-stream")

    with companion() as made, upstream(answer) as up:
        made.up("--upstream", up.url)
        yield made, up


def ask(made: Companion, secret: str, model: str = "claude-haiku-4-5", tier: str = "act") -> httpx.Response:
    body = {"model": model, "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    headers = {"x-api-key": secret, "x-companion-tier": tier}
    return httpx.post(made.gateway + PATH, json=body, headers=headers, timeout=30, trust_env=False)


def new_key(made: Companion, *arguments: str):
    return json.loads(made.run("keys", "create", *arguments, "--json").stdout)


def test_a_key_is_used_for_what_it_is_for(running):
    made, up = running
    key = new_key(made, "narrow", "--tier", "act", "--model", "claude-haiku-*", "--project", "web")
    up.requests.clear()
    assert ask(made, key["secret"]).status_code == 200
    assert len(up.requests) == 1
    for given, code, words in (
        ({"tier": "plan"}, "key-tier", "the virtual key narrow may use the tier act"),
        ({"model": "claude-opus-4"}, "key-model", "the virtual key narrow may ask for claude-haiku-*"),
    ):
        refused = ask(made, key["secret"], **given)
        assert refused.status_code == 400
        assert code in refused.text
        assert words in refused.text
        assert f"companion keys show {key['id']}" in refused.text
        line = made.lines("model")[-1]
        assert (line.outcome, line.code, line.guard, line.calls) == ("deny", code, "scope", 0)
    assert len(up.requests) == 1, "what is refused never leaves"


def test_a_rotated_secret_works_on_for_its_grace_alone(running):
    made, _ = running
    old = new_key(made, "rotated")
    new = json.loads(made.run("keys", "rotate", "rotated", "--grace", "1h", "--json").stdout)
    assert [ask(made, key["secret"]).status_code for key in (old, new)] == [200, 200]
    newest = json.loads(made.run("keys", "rotate", old["id"], "--json").stdout)
    refused = ask(made, old["secret"])
    assert (refused.status_code, refused.json()["error"]["type"]) == (401, "authentication_error")
    assert "was replaced" in refused.text
    assert f"companion keys rotate {old['id']}" in refused.text
    assert ask(made, newest["secret"]).status_code == 200


def test_an_expired_key_says_so_and_works_again_when_told_to(running):
    made, _ = running
    key = new_key(made, "short", "--expires", "30d")
    assert ask(made, key["secret"]).status_code == 200
    made.down()
    with closing(sqlite3.connect(made.places.ledger)) as ledger:
        ledger.execute("UPDATE virtual_key SET expires_at_ns = 1800000000 WHERE name = 'short'")
        ledger.commit()
    made.up("--upstream", running[1].url)
    refused = ask(made, key["secret"])
    assert refused.status_code == 401
    assert "the virtual key short expired at 1970-01-01" in refused.text
    command = f"companion keys expire {key['id']} --in 30d"
    assert command in refused.text
    made.run(*command.split()[1:])
    assert ask(made, key["secret"]).status_code == 200


def test_a_revoked_key_is_one_that_never_was(running):
    made, _ = running
    key = made.ask(calls.new_key(KeyRequest("gone")))
    made.run("keys", "revoke", "gone")
    refused, unknown = ask(made, key.secret), ask(made, "cmp-" + "x" * 43)
    assert refused.status_code == unknown.status_code == 401
    assert refused.json()["error"]["message"] == unknown.json()["error"]["message"]
