"""Runs the demo: the real daemon, a session through its gateway, a person or a stand-in at the operator's socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from companion.client import AsyncClient, NotRunning, Refused, calls, find_operator
from companion.contract.types import Answer, Approval, ExchangeLine
from companion.demo.session import ScriptedAgent
from companion.demo.stage import Stage
from companion.demo.tell import Teller
from companion.gatekeeper.tasks import spawn
from companion.places import find_places

_POLL_SECONDS = 0.05
_REMOVAL = "rm -rf build"
_PAGE = "notes/rotation.md"

ASKED_MODEL = "companion/auto"
"""What the agents of the demo ask for, as `companion connect` sets it for Cline: the mode decides the tier."""

Person = Callable[[Approval], Awaitable[Answer | None]]
"""Answers one approval; None leaves it to another face."""


class DemoFailed(Exception):  # noqa: N818 - the demo's own outcome
    """The demo did not show what it promises; the message says what is missing."""


async def play(stage: Stage, gateway: str, key: str, teller: Teller, person: Person) -> None:
    """Both acts with the scripted agent, then ledger, spend and the proof. Raises DemoFailed."""
    async with operator_of(stage) as operator:
        await get_ready(operator, teller)
        async with answering(operator, person):
            await _acts(stage, gateway, key, teller)
        await show_outcome(stage, operator, teller)


async def get_ready(operator: AsyncClient, teller: Teller) -> None:
    """The demo's daemon has an empty cache, so its secret engines compile their rules first."""
    with teller.busy("the secret engines compile their rules, once"):
        await operator.do(calls.find_secrets("nothing secret"))


@asynccontextmanager
async def answering(operator: AsyncClient, person: Person) -> AsyncIterator[None]:
    """While inside, each approval is put to `person` once. Left regularly, it waits for a person who is being asked."""
    asking = asyncio.Lock()
    watching = spawn(_answer_all(operator, person, asking), "answer approvals")
    try:
        yield
        async with asking:
            watching.cancel()
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _acts(stage: Stage, gateway: str, key: str, teller: Teller) -> None:
    agent = ScriptedAgent(gateway, key, stage.workspace, listener=teller.hear)
    teller.act("Plan", "The agent plans: another model answers, and nothing may be changed.")
    await agent.run("Plan how to clean up this project.", mode="plan", model=ASKED_MODEL)
    teller.act("Act", "The agent works: ignored files stay closed, secrets become placeholders, danger waits.")
    await agent.run("Clean up this project and publish it.", mode="act", model=ASKED_MODEL)


async def show_outcome(stage: Stage, operator: AsyncClient, teller: Teller) -> None:
    """Raises DemoFailed when anything that must stay left the machine."""
    teller.act("What was decided", "From the ledger: each exchange once, with the reason.")
    lines = await _closed_lines(operator)
    teller.ledger(lines)
    teller.act("What was spent", "At the list prices of the models that the tiers name, counted per call.")
    teller.spend(await operator.do(calls.spend(by="tier", days=1)))
    teller.act("What left this machine", "Every byte that reached the model was kept and searched.")
    leaks = stage.capture.find(stage.forbidden)
    teller.proof(stage.capture.total_bytes, len(stage.capture.requests), len(stage.forbidden), len(leaks))
    if leaks:
        raise DemoFailed(f"{len(leaks)} planted values reached the model")
    teller.restored(_check_workspace(stage, lines), _PAGE)


async def _closed_lines(operator: AsyncClient) -> list[ExchangeLine]:
    """The ledger once the writer has caught up with the agent."""
    for _ in range(100):
        lines = await operator.do(calls.log(limit=200))
        if all(line.closed_at for line in lines):
            return lines
        await asyncio.sleep(_POLL_SECONDS)
    raise DemoFailed("an exchange of the demo was never closed")


def _check_workspace(stage: Stage, lines: list[ExchangeLine]) -> bool:
    """Whether the page on the disk holds the secret for which the model wrote a placeholder. Raises DemoFailed."""
    removed = any(line.summary == _REMOVAL and line.ending != "refused" for line in lines)
    if removed == (stage.workspace / "build").exists():
        should = "be gone: its removal was approved" if removed else "still be there: nobody approved its removal"
        raise DemoFailed(f"build/ should {should}")
    try:
        page = (stage.workspace / _PAGE).read_text("utf-8")
    except OSError:
        raise DemoFailed(f"{_PAGE} should be there: writing it was allowed") from None
    return any(secret in page for secret in stage.forbidden)


def operator_of(stage: Stage) -> AsyncClient:
    """The control API of the stage's daemon."""
    return AsyncClient(find_operator(find_places(stage.environ())))


async def _answer_all(operator: AsyncClient, person: Person, asking: asyncio.Lock) -> None:
    answered: set[str] = set()
    while True:
        for approval in await operator.do(calls.pending()):
            if approval.id in answered:
                continue
            answered.add(approval.id)
            async with asking:
                answer = await person(approval)
            if answer is not None:
                with suppress(Refused, NotRunning):
                    await operator.do(calls.answer(approval.id, answer))
        await asyncio.sleep(_POLL_SECONDS)


def stand_in(teller: Teller) -> Person:
    """Answers as a careful person would: yes to clearing build/, no to the rest."""

    async def answer(approval: Approval) -> Answer:
        approve = approval.what.strip() == _REMOVAL
        if approve:
            why = "the label sheets can be made again"
        elif approval.what.startswith("git push"):
            why = "people publish here, not agents"
        else:
            why = "nobody has read it"
        teller.answered(approval.what, approve=approve, why=why)
        return Answer(approve=approve, by="demo", reason="" if approve else why, digest=approval.digest)

    return answer
