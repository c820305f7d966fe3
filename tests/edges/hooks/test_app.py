"""Where hooks ask."""

from __future__ import annotations

import asyncio
import json

import pytest

from companion.edges.hooks import app as module
from companion.edges.hooks.app import LARGEST_BODY, Door, HooksApp
from companion.edges.hooks.gate import Verdict
from tests.support.rooms import Heard

PAYLOAD = json.dumps({"session_id": "s", "cwd": "/w", "tool_name": "Bash", "tool_input": {"command": "ls"}}).encode()
HEADERS = {"host": "127.0.0.1:1", "authorization": "Bearer cmph-x"}


class Gate:
    def __init__(self, verdict: Verdict | Exception | None = None) -> None:
        self.verdict = verdict or Verdict(allow=True)
        self.release = asyncio.Event()
        self.release.set()
        self.cancelled = False

    async def judge(self, asked):
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict


class Talk:
    """One request to the application; `said` is what it answered."""

    def __init__(self, gate: Gate, door: Door | None = None) -> None:
        self.heard = Heard()
        self.behind = []
        self.app = HooksApp(gate, self.heard, self._behind, door)
        self.sent = []
        self.gone = asyncio.Event()

    async def _behind(self, scope, receive, send):
        self.behind.append(scope["path"])

    async def ask(self, path="/hooks/v1/claude", body=PAYLOAD, method="POST", headers=HEADERS):
        messages = [{"type": "http.request", "body": body}]

        async def receive():
            if messages:
                return messages.pop()
            await self.gone.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            self.sent.append(message)

        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self.app({"type": "http", "path": path, "method": method, "headers": raw}, receive, send)
        return self

    @property
    def status(self):
        return self.sent[0]["status"]

    @property
    def said(self):
        return b"".join(message.get("body", b"") for message in self.sent)


async def test_a_yes_and_a_no_are_words():
    assert (await Talk(Gate()).ask()).said == b"allow\n"
    assert (await Talk(Gate(Verdict(False, "because"))).ask()).said == b"deny\nbecause\n"


async def test_claude_codes_own_shape():
    assert json.loads((await Talk(Gate()).ask("/hooks/v1/claude/json")).said) == {}
    said = json.loads((await Talk(Gate(Verdict(False, "because"))).ask("/hooks/v1/claude/json")).said)
    assert said["hookSpecificOutput"]["permissionDecision"] == "deny"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"tool_name": 1}'])
async def test_what_cannot_be_read_is_denied(body):
    assert (await Talk(Gate()).ask(body=body)).said.startswith(b"deny\n")


async def test_a_failure_is_denied_and_told():
    talk = await Talk(Gate(RuntimeError("oops"))).ask()
    assert talk.said.startswith(b"deny\n")
    assert talk.heard.notices[0][0] == "failure"


async def test_while_a_person_decides_spaces_come(monkeypatch):
    monkeypatch.setattr(module, "_BEAT_SECONDS", 0.001)
    gate = Gate()
    gate.release.clear()
    talk = Talk(gate)
    asking = asyncio.create_task(talk.ask())
    while len(talk.sent) < 4:
        await asyncio.sleep(0)
    gate.release.set()
    await asking
    assert talk.said.lstrip(b" ") == b"allow\n"
    assert talk.said.startswith(b"  ")
    assert [message["type"] for message in talk.sent].count("http.response.start") == 1


async def test_an_agent_that_goes_away_takes_its_question_along():
    gate = Gate()
    gate.release.clear()
    talk = Talk(gate)
    asking = asyncio.create_task(talk.ask())
    await asyncio.sleep(0)
    talk.gone.set()
    await asking
    await asyncio.sleep(0)
    assert gate.cancelled
    assert talk.sent == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"authorization": "Bearer cmph-y"}, 401),
        ({"authorization": "Bearer cmp-x"}, 401),
        ({"authorization": ""}, 401),
        ({"host": "evil.example"}, 421),
        ({"origin": "http://127.0.0.1:1"}, 403),
    ],
    ids=["other", "virtual-key", "none", "host", "browser"],
)
async def test_the_door_lets_nobody_else_in(change, status):
    door = Door("cmph-x", lambda: frozenset({"127.0.0.1:1"}))
    talk = await Talk(Gate(), door).ask(headers=HEADERS | change)
    assert talk.status == status
    assert talk.said.startswith(b"deny\n")
    assert (await Talk(Gate(), door).ask()).said == b"allow\n"


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"path": "/hooks/v2/claude"}, 404),
        ({"path": "/hooks/v1/claude/other"}, 404),
        ({"method": "GET"}, 405),
        ({"body": b" " * (LARGEST_BODY + 1)}, 413),
    ],
    ids=["version", "shape", "method", "size"],
)
async def test_odd_requests_are_denied(given, status):
    talk = await Talk(Gate()).ask(**given)
    assert talk.status == status
    assert talk.said.startswith(b"deny\n")


async def test_the_rest_goes_by():
    talk = await Talk(Gate()).ask("/v1/messages")
    assert (talk.behind, talk.sent) == (["/v1/messages"], [])
