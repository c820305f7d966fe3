"""The gate at execution."""

from __future__ import annotations

import itertools

from companion.edges.gateway.tools import actions_of
from companion.edges.hooks.gate import HookGate
from companion.edges.hooks.payloads import Asked
from companion.model.action import Dialect, ModelCall, ShellCommand, Tier
from companion.model.exchange import Exchange, Origin
from companion.model.verdict import PASS, Deny
from tests.support.rooms import NOON, Ledger, gatekeeper


class Scene:
    def __init__(self) -> None:
        self.seen = []
        self.returns = []
        self.ledger = Ledger()
        self.keeper = gatekeeper([("test", self._judge)], ledger=self.ledger)
        ids = (f"{number:026}" for number in itertools.count())
        self.gate = HookGate(self.keeper, actions_of, lambda: next(ids), lambda: NOON)

    def _judge(self, action, facts):
        self.seen.append((action, facts.origin))
        self.returns.append(facts.returns)
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


async def test_only_a_call_that_came_by_the_wire_is_taken_to_return_that_way_and_only_once():
    scene = Scene()
    origin = Origin("claude", session="s", workspace="/w", tier=Tier.ACT)
    asked = Asked("claude", "Bash", '{"command": "grep -rn x ."}', "/w", "s", Tier.ACT)
    other = Asked("claude", "Bash", '{"command": "grep -rn y ."}', "/w", "s", Tier.ACT)
    called = ModelCall(Dialect.MESSAGES, "m", ("hello",))
    command = ShellCommand("grep -rn x .")
    for number, (action, returns) in enumerate(
        [(called, True), (command, True), (ShellCommand("grep -rn y ."), False)]
    ):
        async with scene.keeper.admit(Exchange(f"x{number}", NOON, origin, action, returns=returns)):
            pass
    scene.returns.clear()
    for one in (other, asked, asked):
        await scene.gate.judge(one)
    assert scene.returns == [False, True, False]


async def test_what_was_refused_on_the_wire_is_not_taken_to_return():
    scene = Scene()
    origin = Origin("claude", session="s", workspace="/w", tier=Tier.ACT)
    async with scene.keeper.admit(Exchange("x", NOON, origin, ShellCommand("rm a"), returns=True)):
        pass
    scene.returns.clear()
    await scene.gate.judge(Asked("claude", "Bash", '{"command": "rm a"}', "/w", "s", Tier.ACT))
    assert scene.returns == [False]
