"""Where a guard has asked: a yes that is kept, or a person, or no."""

from __future__ import annotations

import asyncio

from companion.contract.types import Answer
from companion.gatekeeper.asking import Asking
from companion.model.action import ShellCommand
from companion.model.exchange import Exchange, Origin
from companion.model.verdict import Ask
from tests.support.rooms import NOON, Heard, Ledger, Scanner, Scripts, asking, gatekeeper


class Scene:
    def __init__(self, texts=None) -> None:
        self.files = Scripts(texts)
        self.ledger = Ledger()
        self.asking: Asking = asking(Heard(), Scanner(), files=self.files)
        guard = ("commands", lambda action, facts: Ask("runs-script", "it runs a script"))
        self.keeper = gatekeeper([guard], asking=self.asking, ledger=self.ledger)
        self.number = 0

    def start(self, command: str = "bash x.sh", *, hook: bool = False, **origin: str) -> asyncio.Task:
        self.number += 1
        given = {"client": "claude", "session": "s", "workspace": "/w"} | origin
        exchange = Exchange(f"{self.number:026}", NOON, Origin(**given), ShellCommand(command))

        async def admit():
            async with self.keeper.admit(exchange, at_execution=hook) as admission:
                return admission

        return asyncio.create_task(admit())

    async def question(self, count: int = 1):
        while len(self.asking.approvals.pending()) < count:
            await asyncio.sleep(0)
        return self.asking.approvals.pending()[-1]

    async def answer(self, **answer):
        one = await self.question()
        self.asking.approvals.answer(one.id, Answer(**({"approve": True, "by": "tui", "digest": one.digest} | answer)))
        return one


async def test_one_yes_serves_the_wire_and_the_hook_once():
    scene = Scene()
    wire = scene.start()
    await scene.answer()
    assert (await wire).refusal is None
    hook = await scene.start(hook=True)
    assert hook.refusal is None
    assert hook.answered.by == "tui, said on the wire"
    third = scene.start(hook=True)
    await scene.answer(approve=False, reason="enough")
    assert "enough" in (await third).refusal.reason


async def test_a_script_that_changed_between_wire_and_hook_is_asked_about_anew():
    scene = Scene({"x.sh": "echo 1"})
    wire = scene.start()
    first = await scene.answer()
    assert [script.state for script in first.scripts] == ["new"]
    await wire
    scene.files.texts["x.sh"] = "rm -rf ~"
    hook = scene.start(hook=True)
    second = await scene.answer(approve=False)
    assert [script.state for script in second.scripts] == ["changed"]
    assert "+rm -rf ~" in second.scripts[0].shown
    assert (await hook).refusal.code == "denied-by-person"


async def test_a_script_that_changes_while_the_person_reads_is_asked_about_anew():
    scene = Scene({"x.sh": "echo 1"})
    wire = scene.start()
    first = await scene.question()
    scene.files.texts["x.sh"] = "echo 2"
    await scene.answer()
    while (second := await scene.question()).id == first.id:
        await asyncio.sleep(0)
    assert second.digest != first.digest
    await scene.answer()
    assert (await wire).refusal is None


async def test_one_that_changes_each_time_is_refused():
    scene = Scene({"x.sh": "0"})
    wire = scene.start()
    seen: set[str] = set()
    for number in range(3):
        while (one := await scene.question()).id in seen:
            await asyncio.sleep(0)
        seen.add(one.id)
        scene.files.texts["x.sh"] = f"{number + 1}"
        await scene.answer()
    assert (await wire).refusal.code == "script-changes"


async def test_a_rule_is_kept_used_and_told_in_the_ledger():
    scene = Scene()
    wire = scene.start("npm test")
    one = await scene.answer(reach="rule")
    assert one.reaches == ["once", "session", "rule"]
    await wire
    again = await scene.start("npm test", session="another")
    assert again.refusal is None
    assert again.answered.by.startswith("tui, rule r-")
    codes = [[remark.code for remark in closing.remarks] for closing in scene.ledger.closings]
    assert codes == [["runs-script", "grant-made"], ["runs-script", "granted"]]


async def test_a_session_is_that_session():
    scene = Scene()
    wire = scene.start()
    await scene.answer(reach="session")
    await wire
    assert (await scene.start()).refusal is None
    other = scene.start(session="t")
    await scene.answer(approve=False)
    assert (await other).refusal is not None
