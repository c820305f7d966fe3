"""The gate at execution."""

from __future__ import annotations

import itertools

from companion.edges.gateway.tools import actions_of
from companion.edges.hooks.gate import HookGate
from companion.edges.hooks.payloads import Asked
from companion.model.action import ShellCommand, Tier
from companion.model.exchange import Origin
from companion.model.verdict import PASS, Deny
from tests.support.rooms import NOON, Ledger, gatekeeper


class Scene:
    def __init__(self) -> None:
        self.seen = []
        self.ledger = Ledger()
        self.keeper = gatekeeper([("test", self._judge)], ledger=self.ledger)
        ids = (f"{number:026}" for number in itertools.count())
        self.gate = HookGate(self.keeper, actions_of, lambda: next(ids), lambda: NOON)

    def _judge(self, action, facts):
        self.seen.append((action, facts.origin))
        bad = isinstance(action, ShellCommand) and action.command.startswith("rm")
        return Deny("no-rm", f"{action.command} is bad", "leave it") if bad else PASS


async def test_the_hooks_own_folder_is_judged_and_the_session_keeps_its_workspace():
    scene = Scene()
    scene.keeper.sessions.note(Origin("claude", session="s", workspace="/w", tier=Tier.PLAN))
    verdict = await scene.gate.judge(Asked("claude", "Bash", '{"command": "ls"}', "/w/sub", "s", Tier.ACT))
    assert verdict.allow
    [(action, origin)] = scene.seen
    assert (action.cwd, origin.workspace, origin.tier) == ("/w/sub", "/w", Tier.ACT)


async def test_the_first_folder_of_an_unknown_session_is_its_workspace_for_good():
    scene = Scene()
    for folder in ("/w", "/elsewhere"):
        await scene.gate.judge(Asked("claude", "Bash", '{"command": "ls"}', folder, "s", Tier.ACT))
    assert [origin.workspace for _, origin in scene.seen] == ["/w", "/w"]


async def test_an_agent_that_does_not_say_plans_as_its_last_call_did():
    scene = Scene()
    scene.keeper.sessions.note(Origin("cline", workspace="/w", tier=Tier.PLAN))
    await scene.gate.judge(Asked("cline", "run_commands", '{"commands": ["ls"]}', "/w"))
    assert scene.seen[0][1].tier is Tier.PLAN


async def test_of_several_commands_one_no_refuses_the_call_and_each_has_its_line():
    scene = Scene()
    verdict = await scene.gate.judge(Asked("cline", "run_commands", '{"commands": ["ls", "rm a", "rm b"]}', "/w"))
    assert not verdict.allow
    assert "rm a is bad" in verdict.reason
    assert "rm b is bad" in verdict.reason
    assert len(scene.ledger.openings) == len(scene.ledger.closings) == 3


async def test_what_cannot_be_read_is_refused_and_recorded():
    scene = Scene()
    verdict = await scene.gate.judge(Asked("claude", "Bash", '{"cmd": "ls"}', "/w"))
    assert not verdict.allow
    assert scene.ledger.closings[0].code == "unreadable-call"
