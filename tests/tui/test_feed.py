from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from textual.message import Message

from companion.client import NotRunning, Refused, calls
from companion.contract.types import Problem
from companion_tui.feed import Feed
from companion_tui.messages import LinkLost, NewestArrived, PartFailed, PendingArrived, SpendArrived, StatusArrived
from tests.tui.fakes import FakeDaemon, approval, exchange


class Heard:
    """The messages of a feed."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._more = asyncio.Condition()

    def tell(self, message: Message) -> None:
        self.messages.append(message)

    async def until(self, condition: Callable[[Message], object], after: int = 0) -> Message:
        async with asyncio.timeout(10):
            while True:
                for message in self.messages[after:]:
                    if condition(message):
                        return message
                await asyncio.sleep(0.005)

    async def kind(self, kind: type[Message], after: int = 0) -> Message:
        return await self.until(lambda message: isinstance(message, kind), after)


@asynccontextmanager
async def following(daemon: FakeDaemon) -> AsyncIterator[tuple[Feed, Heard]]:
    heard = Heard()
    feed = Feed(daemon.connect, heard.tell)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(feed.run())
        try:
            yield feed, heard
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_the_first_round_brings_everything_approvals_first(daemon: FakeDaemon):
    async with following(daemon) as (_, heard):
        await heard.kind(SpendArrived)
        kinds = [type(message) for message in heard.messages]
        assert kinds == [StatusArrived, PendingArrived, StatusArrived, NewestArrived, SpendArrived]


async def test_an_event_fetches_what_it_makes_stale_and_nothing_else(daemon: FakeDaemon):
    async with following(daemon) as (_, heard):
        await heard.kind(SpendArrived)
        before = len(heard.messages)
        daemon.ask(approval())
        await heard.until(
            lambda message: isinstance(message, PendingArrived) and message.approvals == [approval()], before
        )
        await heard.kind(StatusArrived, before)
        assert {type(message) for message in heard.messages[before:]} == {PendingArrived, StatusArrived}


async def test_later_rounds_fetch_the_head_and_what_closed_below_it(daemon: FakeDaemon):
    daemon.exchanges = [exchange(number) for number in range(300, 0, -1)]
    async with following(daemon) as (_, heard):
        await heard.kind(SpendArrived)
        before = len(heard.messages)
        daemon.tell("exchange.closed", "ex-000007")
        newest = await heard.kind(NewestArrived, before)
        assert isinstance(newest, NewestArrived)
        assert len(newest.lines) == 50
        assert [line.id for line in newest.changed] == ["ex-000007"]


async def test_a_gap_is_closed_with_a_whole_page(daemon: FakeDaemon):
    daemon.exchanges = [exchange(number) for number in range(300, 0, -1)]
    async with following(daemon) as (feed, heard):
        await heard.kind(SpendArrived)
        before = len(heard.messages)
        daemon.exchanges = [exchange(number) for number in range(400, 0, -1)]
        feed.refresh("exchanges")
        newest = await heard.kind(NewestArrived, before)
        assert isinstance(newest, NewestArrived)
        assert len(newest.lines) == 200


async def test_it_connects_again_after_every_loss(daemon: FakeDaemon):
    async with following(daemon) as (feed, heard):
        for round_number in (1, 2, 3):
            before = len(heard.messages)
            daemon.drop()
            await heard.kind(LinkLost, before)
            with pytest.raises(NotRunning):
                await feed.do(calls.status())
            before = len(heard.messages)
            daemon.up = True
            feed.refresh()
            await heard.kind(SpendArrived, before)
            assert daemon.connections >= round_number


async def test_a_stream_that_ends_is_a_loss(daemon: FakeDaemon):
    async with following(daemon) as (_, heard):
        await heard.kind(SpendArrived)
        daemon.put(None)
        lost = await heard.kind(LinkLost)
        assert isinstance(lost, LinkLost)
        assert lost.trouble.text == "the daemon went away"


async def test_a_refusal_of_one_part_is_told_and_the_others_come(daemon: FakeDaemon):
    daemon.failing["approvals"] = Refused(500, Problem("broken", "the ledger is locked"))
    async with following(daemon) as (_, heard):
        await heard.kind(SpendArrived)
        failed = await heard.kind(PartFailed)
        assert isinstance(failed, PartFailed)
        assert failed.part == "approvals"
        assert failed.trouble.text == "the ledger is locked"


async def test_a_refused_status_keeps_it_trying(daemon: FakeDaemon):
    daemon.failing["status"] = Refused(403, Problem("not-allowed", "no"))
    async with following(daemon) as (_, heard):
        lost = await heard.kind(LinkLost)
        assert isinstance(lost, LinkLost)
        assert lost.trouble.code == "not-allowed"
        daemon.failing.clear()
        await heard.kind(SpendArrived)
