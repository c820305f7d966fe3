"""Runs the demo: the real daemon, a session through its gateway, a person or a stand-in at the operator's socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from companion.client import AsyncClient, NotRunning, Refused, calls, find_operator
from companion.contract.types import Answer, Approval, ExchangeLine
from companion.demo.session import ScriptedAgent
from companion.demo.stage import Stage
from companion.demo.tell import Teller
from companion.gatekeeper.tasks import spawn
from companion.places import find_places

_POLL_SECONDS = 0.05

Person = Callable[[Approval], Awaitable[Answer | None]]
"""Answers one approval; None leaves it to another face."""


class DemoFailed(Exception):  # noqa: N818 - the demo's own outcome
    """The demo did not show what it promises; the message says what is missing."""


async def play(stage: Stage, gateway: str, key: str, teller: Teller, person: Person) -> None:
    """Both acts with the scripted agent, then ledger, spend and the proof. Raises DemoFailed."""
    async with operator_of(stage) as operator, answering(operator, person):
        await _acts(stage, gateway, key, teller)
        await show_outcome(stage, operator, teller)


@asynccontextmanager
async def answering(operator: AsyncClient, person: Person) -> AsyncIterator[None]:
    """While inside, each approval is put to `person` once."""
    watching = spawn(_answer_all(operator, person), "answer approvals")
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _acts(stage: Stage, gateway: str, key: str, teller: Teller) -> None:
    agent = ScriptedAgent(gateway, key, stage.workspace, listener=teller.hear)
    teller.act("Plan", "The agent plans: another model answers, and nothing may be changed.")
    await agent.run("Plan how to clean up this project.", mode="plan", model="any-model")
    teller.act("Act", "The agent works: ignored files stay closed, secrets become placeholders, danger waits.")
    await agent.run("Clean up this project and publish it.", mode="act", model="any-model")


async def show_outcome(stage: Stage, operator: AsyncClient, teller: Teller) -> None:
    """Raises DemoFailed when anything that must stay left the machine."""
    teller.act("What was decided", "From the ledger: each exchange once, with the reason.")
    teller.ledger(await _closed_lines(operator))
    teller.act("What was spent", "At the list prices of the models that the tiers name, counted per call.")
    teller.spend(await operator.do(calls.spend(by="tier", days=1)))
    teller.act("What left this machine", "Every byte that reached the model was kept and searched.")
    leaks = stage.capture.find(stage.forbidden)
    teller.proof(stage.capture.total_bytes, len(stage.capture.requests), len(stage.forbidden), len(leaks))
    if leaks:
        raise DemoFailed(f"{len(leaks)} planted values reached the model")
    _check_workspace(stage.workspace)


async def _closed_lines(operator: AsyncClient) -> list[ExchangeLine]:
    """The ledger once the writer has caught up with the agent."""
    for _ in range(100):
        lines = await operator.do(calls.log(limit=200))
        if all(line.closed_at for line in lines):
            return lines
        await asyncio.sleep(_POLL_SECONDS)
    raise DemoFailed("an exchange of the demo was never closed")


def _check_workspace(workspace: Path) -> None:
    if (workspace / "build").exists():
        raise DemoFailed("build/ should be gone: its removal was approved")
    if not (workspace / "notes" / "rotation.md").exists():
        raise DemoFailed("notes/rotation.md should be there: writing it was allowed")


def operator_of(stage: Stage) -> AsyncClient:
    """The control API of the stage's daemon."""
    return AsyncClient(find_operator(find_places(stage.environ())))


async def _answer_all(operator: AsyncClient, person: Person) -> None:
    answered: set[str] = set()
    while True:
        for approval in await operator.do(calls.pending()):
            if approval.id in answered:
                continue
            answered.add(approval.id)
            answer = await person(approval)
            if answer is not None:
                try:
                    await operator.do(calls.answer(approval.id, answer))
                except (Refused, NotRunning):
                    continue
        await asyncio.sleep(_POLL_SECONDS)


def stand_in(teller: Teller) -> Person:
    """Answers as a careful person would: yes to clearing build/, no to the rest."""

    async def answer(approval: Approval) -> Answer:
        approve = approval.what.strip() == "rm -rf build"
        why = "the label sheets can be made again" if approve else "not from an agent, and not unread"
        teller.answered(approval.what, approve=approve, why=why)
        return Answer(approve=approve, by="demo", reason="" if approve else why, digest=approval.digest)

    return answer
