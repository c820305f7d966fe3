"""The second layer with the real agents: what a person says holds, and once is enough.

But for one test the agent is led past the gateway, straight to the model, so that its hook is all there is.
"""

from __future__ import annotations

import pytest

from companion.client import calls

pytestmark = pytest.mark.agents


def test_one_yes_serves_wire_and_hook(scene):
    scene.connect(past_the_gateway=False)
    ran = scene.run_while(scene.answer(approve=True))
    assert not scene.doomed.exists(), ran.output
    shells = [(line.approver, line.ending) for line in scene.companion.lines("shell")]
    assert shells == [("cli", "served"), ("cli, said on the wire", "served")]
    [seen] = scene.companion.ask(calls.status()).clients
    assert (seen.client, seen.unhooked) == (scene.agent.name, 0)


def test_an_agent_whose_hook_does_not_ask_is_told_of(scene):
    scene.connect(past_the_gateway=False, hooks=False)
    ran = scene.run_while(scene.answer(approve=True))
    assert not scene.doomed.exists(), ran.output
    [seen] = scene.companion.ask(calls.status()).clients
    assert (seen.client, seen.unhooked) == (scene.agent.name, 1)


@pytest.mark.parametrize("approve", [True, False])
def test_the_hook_alone_asks_and_the_model_reads_the_reason(scene, approve):
    scene.connect(past_the_gateway=True)
    ran = scene.run_while(scene.answer(approve=approve))
    assert scene.doomed.exists() is not approve, ran.output
    if not approve:
        assert "not in this house" in scene.capture.requests[-1].body.decode()


def test_nobody_answering_in_time_blocks(scene):
    scene.companion.down()
    scene.companion.configure(scene.companion.places.config_file.read_text() + "[policy]\napproval_seconds = 5\n")
    scene.companion.up()
    scene.connect(past_the_gateway=True)
    ran = scene.run()
    assert scene.doomed.exists(), ran.output
    [line] = scene.companion.lines("shell")
    # Cline waits for its plugin for three seconds only, and the question goes with it.
    assert line.code == "approval-timeout" or (scene.agent.name, line.ending) == ("cline", "cancelled")
