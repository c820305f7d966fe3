"""The way to the daemon: followers hear once how it stands, and the link is sought again whatever broke it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from companion.client import Call, Endpoint, NotRunning, Refused, calls, find_agent, find_operator
from companion.contract.codec import WireError
from companion.contract.types import Event, Problem, Status
from companion_lsp import link as link_module
from companion_lsp.link import Follower, Line, Link, explain
from tests.lsp.fake_control import FakeDaemon, until


class Recorder(Follower):
    def __init__(self) -> None:
        self.told: list[str] = []
        self.heard: list[str] = []
        self.refreshes = 0
        self.sought = 0
        self.error: Exception | None = None

    def found(self, status: Status, *, can_answer: bool) -> None:
        self.told.append(f"found {status.version}, can answer: {can_answer}")

    def lost(self, why: str) -> None:
        self.told.append(f"lost: {why}")

    def hear(self, event: Event) -> None:
        self.heard.append(event.name)

    async def refresh(self) -> None:
        self.refreshes += 1
        if self.error is not None:
            error, self.error = self.error, None
            raise error


@pytest.fixture
async def follower(daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Recorder]:
    """Follows a link to a daemon that does not run yet."""
    monkeypatch.setattr(link_module, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(link_module, "_LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(link_module, "_POLL", 60.0)
    recorder = Recorder()

    def seek() -> Endpoint:
        recorder.sought += 1
        return find_agent(daemon.places)

    link = Link(seek, lambda: find_operator(daemon.places))
    link.follow(Follower())
    link.follow(recorder)
    running = asyncio.create_task(link.run())
    yield recorder
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert link.agent._client is None
    assert link.operator._client is None


async def test_how_it_stands_is_told_once_and_at_each_change(daemon: FakeDaemon, follower: Recorder) -> None:
    await until(lambda: follower.sought > 3)
    [lost] = follower.told
    assert lost.startswith("lost: no daemon is running")
    assert lost.endswith("Next: companion up")
    await daemon.start()
    await until(lambda: len(follower.told) == 2 and daemon.listeners)
    await daemon.stop()
    await until(lambda: len(follower.told) == 3)
    await daemon.start()
    await until(lambda: len(follower.told) == 4)
    assert follower.told[1] == follower.told[3] == "found 9.9, can answer: True"


async def test_where_only_the_agents_side_answers_it_says_so_until_the_other_comes(
    daemon: FakeDaemon, follower: Recorder
) -> None:
    await daemon.start(operator=False)
    await until(lambda: "found 9.9, can answer: False" in follower.told)
    sought = follower.sought
    await until(lambda: follower.sought > sought + 3)
    assert (follower.told.count("found 9.9, can answer: False"), follower.refreshes) == (1, 0)
    await daemon.stop()
    await daemon.start()
    await until(lambda: follower.told[-1] == "found 9.9, can answer: True")


async def test_events_are_heard_and_an_approval_is_looked_for(daemon: FakeDaemon, follower: Recorder) -> None:
    await daemon.start()
    await until(lambda: daemon.listeners)
    await until(lambda: follower.refreshes == 1)
    daemon._put(Event("exchange.opened", "ex-1", "t"))
    daemon.open()
    await until(lambda: follower.refreshes == 2)
    assert follower.heard == ["exchange.opened", "approval.opened"]


async def test_a_follower_that_stumbles_does_not_end_the_link(daemon: FakeDaemon, follower: Recorder) -> None:
    follower.error = RuntimeError("stumbled")
    await daemon.start()
    await until(lambda: "found 9.9, can answer: True" in follower.told[-1:])
    await until(lambda: follower.refreshes > 1)
    assert "lost: unexpected: RuntimeError: stumbled. Next: companion doctor" in follower.told


async def test_now_and_then_it_looks_should_an_event_have_been_missed(
    daemon: FakeDaemon, follower: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "_POLL", 0.02)
    await daemon.start()
    await until(lambda: follower.refreshes > 3)
    assert follower.heard == []


async def test_a_line_is_opened_when_it_is_needed_and_anew_when_the_daemon_moved(daemon: FakeDaemon) -> None:
    await daemon.start()
    places, asked = [daemon.places.agent_socket], []

    def find() -> Endpoint:
        asked.append(places[0])
        return Endpoint("agent", socket=places[0])

    line = Line(find)
    assert asked == []
    assert (await line.do(calls.status())).version == "9.9"
    first = line._client
    await line.do(calls.status())
    assert line._client is first
    places[0] = Path(daemon.places.operator_socket)
    await line.do(calls.status())
    assert line._client is not first
    await line.close()
    await line.close()


async def test_a_line_says_what_a_call_says(daemon: FakeDaemon) -> None:
    line = Line(lambda: find_agent(daemon.places))
    with pytest.raises(NotRunning):
        await line.do(calls.status())
    await daemon.start()
    with pytest.raises(Refused):
        await line.do(Call("GET", "nowhere", Status))
    with pytest.raises(WireError):
        await line.do(Call("GET", "approvals", Status))
    await line.close()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NotRunning("it is gone"), "it is gone. Next: companion up"),
        (Refused(409, Problem("x", "it is late", "companion log")), "it is late. Next: companion log"),
        (Refused(409, Problem("x", "it is late")), "it is late"),
        (WireError("a\nb"), "the daemon's answer cannot be read (a). Next: companion doctor"),
        (KeyError("x"), "unexpected: KeyError: 'x'. Next: companion doctor"),
        (ExceptionGroup("g", [ExceptionGroup("h", [NotRunning("it is gone")]), ValueError()]), "it is gone. Next: "),
    ],
)
def test_what_went_wrong_is_one_line_with_the_next_step(error: BaseException, words: str) -> None:
    assert explain(error).startswith(words)
    assert "\n" not in explain(error)
