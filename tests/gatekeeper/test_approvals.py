from __future__ import annotations

import asyncio

import pytest

from companion.contract.types import Answer
from companion.gatekeeper.approvals import (
    AlreadyAnswered,
    Approvals,
    DifferentAction,
    Question,
    UnknownApproval,
)
from companion.gatekeeper.contents import digest_of as content_digest
from companion.model.action import FileAccess, Operation, ShellCommand
from companion.model.exchange import Exchange, Origin
from companion.model.verdict import Ask, Decision, Remark
from tests.support.rooms import NOON, Heard


def exchange(command: str = "rm x", cwd: str = "", workspace: str = "/w", id: str = "0" * 18 + "ABCDEFGH") -> Exchange:
    return Exchange(id, NOON, Origin("cline", workspace=workspace), ShellCommand(command, cwd))


def digest_of(made: Exchange) -> str:
    return content_digest(made.action, made.origin.workspace)


DECISION = Decision(ShellCommand("rm x"), (Remark("commands", Ask("rm", "it removes", "move it away")),))


async def waiting(approvals: Approvals, made: Exchange, seconds: int = 60):
    task = asyncio.create_task(approvals.ask(Question(made, DECISION, "rm x"), seconds))
    while not any(one.exchange == made.id for one in approvals.pending()):
        await asyncio.sleep(0)
    return task


async def test_what_waits_says_all_that_a_person_needs():
    approvals = Approvals(lambda: NOON, Heard())
    task = await waiting(approvals, exchange())
    [approval] = approvals.pending()
    assert (approval.what, approval.code, approval.reason, approval.hint) == (
        "rm x",
        "rm",
        "it removes",
        "move it away",
    )
    assert (approval.client, approval.workspace, approval.kind) == ("cline", "/w", "shell")
    assert approval.expires_at > approval.asked_at
    task.cancel()


async def test_the_first_answer_wins():
    approvals = Approvals(lambda: NOON, Heard())
    task = await waiting(approvals, exchange())
    [approval] = approvals.pending()
    approvals.answer(approval.id, Answer(True, "tui"))
    with pytest.raises(AlreadyAnswered):
        approvals.answer(approval.id, Answer(False, "cli"))
    assert (await task).by == "tui"
    with pytest.raises(AlreadyAnswered, match="approved by tui"):
        approvals.answer(approval.id, Answer(False, "cli"))


async def test_an_answer_to_another_action_is_none():
    approvals = Approvals(lambda: NOON, Heard())
    task = await waiting(approvals, exchange())
    [approval] = approvals.pending()
    with pytest.raises(DifferentAction):
        approvals.answer(approval.id, Answer(True, "tui", digest=digest_of(exchange("rm y"))))
    assert not task.done()
    task.cancel()


async def test_an_unknown_id_is_said_to_be_one():
    with pytest.raises(UnknownApproval):
        Approvals(lambda: NOON, Heard()).answer("nobody", Answer(True, "cli"))


async def test_two_that_wait_at_once_have_different_ids():
    approvals = Approvals(lambda: NOON, Heard())
    tasks = [await waiting(approvals, exchange(id=f"{number:026d}")) for number in range(3)]
    assert len({one.id for one in approvals.pending()}) == 3
    for task in tasks:
        task.cancel()


def test_the_digest_binds_action_folder_and_workspace():
    plain = digest_of(exchange())
    assert plain == digest_of(exchange())
    others = [exchange("rm y"), exchange(cwd="/else"), exchange(workspace="/v")]
    others.append(Exchange("1", NOON, Origin(workspace="/w"), FileAccess("x", Operation.DELETE)))
    assert plain not in {digest_of(other) for other in others}


async def test_opening_and_closing_are_told():
    heard = Heard()
    await Approvals(lambda: NOON, heard).ask(Question(exchange(), DECISION, "rm x"), 0)
    assert [name for name, *_ in heard.notices] == ["approval.opened", "approval.closed"]
    assert heard.notices[1][2] == "denied by timeout"


async def test_a_wait_is_measured_by_a_clock_that_nobody_sets():
    seconds = [100.0]
    approvals = Approvals(lambda: NOON, Heard(), lambda: seconds[0])
    assert approvals.oldest_seconds == 0
    first = await waiting(approvals, exchange(id="0" * 25 + "1"))
    seconds[0] = 130.0
    second = await waiting(approvals, exchange(id="0" * 25 + "2"))
    assert approvals.oldest_seconds == 30
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert approvals.oldest_seconds == 0
    second.cancel()


async def test_an_answer_given_before_the_end_still_counts():
    approvals = Approvals(lambda: NOON, Heard())
    task = await waiting(approvals, exchange())
    approvals.answer(approvals.pending()[0].id, Answer(True, "tui"))
    approvals.close()
    assert (await task).approve
