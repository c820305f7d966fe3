from __future__ import annotations

import inspect
from typing import Any

import pytest
from textual.message import Message
from textual.widget import Widget

from companion_tui import messages as told
from companion_tui.source import Trouble
from tests.tui.bench import bench
from tests.tui.fakes import FakeDaemon, approval, exchange, status

SPEND = FakeDaemon().spend
WHOLE: list[Message] = [
    told.LinkLost(Trouble("gone")),
    told.StatusArrived(status()),
    told.PendingArrived([approval()]),
    told.SpendArrived(SPEND["model"], SPEND["tier"]),
]
PART: list[Message] = [
    told.NewestArrived([exchange(1)], []),
    told.PartFailed("spend", Trouble("no")),
    told.ApprovalClosed("apr-1", "denied"),
    told.AnswerGiven(approval(), approve=True),
    told.DenialClosed(approval(), "no"),
    told.OlderWanted("ex-000001"),
    told.ReadingWanted("Help", []),
    told.FindingsWanted(exchange(1)),
    told.RowHighlighted("apr-1"),
    told.RowChosen("apr-1"),
    told.NearEnd(),
]


def test_the_lists_above_name_every_message():
    own = {kind for _, kind in inspect.getmembers(told, inspect.isclass) if kind.__module__ == told.__name__}
    assert {type(each) for each in [*WHOLE, *PART]} == own - {told.Whole}


@pytest.mark.parametrize("message", WHOLE, ids=lambda message: type(message).__name__)
def test_a_whole_replaces_an_older_one_of_its_kind_and_nothing_else(message: Message):
    newer = type(message)(**vars_of(message))
    assert newer.can_replace(message)
    assert not any(message.can_replace(other) for other in [*WHOLE, *PART] if type(other) is not type(message))


@pytest.mark.parametrize("message", PART, ids=lambda message: type(message).__name__)
def test_what_is_no_whole_replaces_nothing_not_even_its_like(message: Message):
    like = type(message)(**vars_of(message))
    assert not any(message.can_replace(other) for other in [like, *WHOLE, *PART])


def vars_of(message: Message) -> dict[str, Any]:
    return {name: getattr(message, name) for name in getattr(message, "__dataclass_fields__", {})}


class Ear(Widget):
    def __init__(self) -> None:
        super().__init__()
        self.wholes: list[told.PendingArrived] = []
        self.parts: list[told.ApprovalClosed] = []

    def on_pending_arrived(self, event: told.PendingArrived) -> None:
        self.wholes.append(event)

    def on_approval_closed(self, event: told.ApprovalClosed) -> None:
        self.parts.append(event)


async def test_of_a_flood_the_newest_whole_is_heard_and_of_the_others_every_one():
    ear = Ear()
    lists = [told.PendingArrived([approval(f"apr-{number}")]) for number in range(50)]
    ends = [told.ApprovalClosed(f"apr-{number}", "") for number in range(50)]
    async with bench(ear) as stand:
        for each in [*lists, *ends]:
            ear.post_message(each)
        await stand.until(lambda: len(ear.parts) >= len(ends))
    assert ear.parts == ends
    assert ear.wholes == lists[-1:]
