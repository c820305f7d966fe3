"""What the person beside a real agent sees when money is out, an upstream is busy, or it dies in mid-answer."""

from __future__ import annotations

import json

import pytest

from tests.clients.test_agents import AGENTS, programs  # noqa: F401 - a fixture
from tests.support.agents import Agent
from tests.support.answers import STREAMS
from tests.support.daemons import companion
from tests.support.upstreams import send, upstream

pytestmark = pytest.mark.agents

PATHS = {"/v1/chat/completions": "chat", "/v1/messages": "messages", "/v1/responses": "responses"}

MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "It is all done now."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 100, "output_tokens": 5},
}
"""What Claude Code asks for when a stream broke off: the same in one piece."""

CONFIG = """
[upstreams.main]
url = "{url}"
provider = "openai"
[tiers.plan]
upstream = "main"
model = "gpt-4.1"
[tiers.act]
upstream = "main"
model = "gpt-4.1"
[tiers.small]
upstream = "main"
model = "gpt-4.1-mini"
{more}
"""


class Scene:
    def __init__(self, made, up, agent) -> None:
        self.companion, self.upstream, self.agent = made, up, agent
        self.answers: list = []
        up.answer = self._answer

    def _answer(self, handler, body) -> None:
        """The next of the answers that the test says, then a sentence, for ever."""
        if self.answers:
            self.answers.pop(0)(handler)
        elif body.get("stream"):
            send(handler, self.stream(handler), "text/event-stream")
        else:
            send(handler, json.dumps(MESSAGE).encode())

    @staticmethod
    def stream(handler) -> bytes:
        name = PATHS[handler.path.partition("?")[0]]
        return STREAMS[name]("It is all done now.", [], 5)

    def check_the_books(self) -> None:
        assert sum(line.calls for line in self.companion.lines()) == len(self.upstream.requests)


@pytest.fixture(params=AGENTS)
def scene(request, programs, tmp_path):  # noqa: F811
    workspace, home = tmp_path / "ws", tmp_path / "home"
    workspace.mkdir()
    home.mkdir()
    with companion() as made, upstream(lambda handler, body: None) as up:
        yield Scene(made, up, Agent(request.param, programs, home, workspace, "", ""))


def start(scene, more: str = "") -> None:
    scene.companion.configure(CONFIG.format(url=scene.upstream.url, more=more))
    scene.companion.up()
    scene.agent.gateway, scene.agent.key = scene.companion.gateway, scene.companion.key


def test_a_spent_budget_ends_the_run_and_says_so(scene):
    start(scene, '[budgets]\nday = "0.000001"')
    ran = scene.agent.run("Say that all is done", "any-model")
    assert "budget" in ran.output, ran.output
    assert scene.upstream.requests == []
    assert {line.code for line in scene.companion.lines("model")} == {"budget-exceeded"}
    assert len(scene.companion.lines("model")) <= 4, "no agent asks again and again"


def test_an_upstream_that_is_busy_for_a_moment_is_waited_for(scene):
    start(scene)
    busy = b'{"error": {"message": "slow down", "type": "rate_limit_error"}}'
    scene.answers = [lambda handler: send(handler, busy, status=429, retry_after="1")]
    ran = scene.agent.run("Say that all is done", "any-model")
    assert ran.code == 0, ran.output
    assert "all done now" in ran.output
    scene.check_the_books()


def test_an_upstream_that_dies_in_mid_answer_leaves_the_run_an_end(scene):
    start(scene)

    def dies(handler) -> None:
        raw = scene.stream(handler)
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.end_headers()
        handler.wfile.write(raw[: len(raw) // 2])
        handler.close_connection = True

    scene.answers = [dies]
    ran = scene.agent.run("Say that all is done", "any-model")
    assert "no end within" not in ran.output
    # Whoever asks again gets an answer; whoever does not says what happened.
    assert "all done now" in ran.output or "broke off" in ran.output, ran.output
    endings = [line.ending for line in scene.companion.lines("model")]
    assert "failed" in endings
    scene.check_the_books()
