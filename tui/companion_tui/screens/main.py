"""The one screen: what waits, what it costs, what happened."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import Footer

from companion.client import calls
from companion.contract.types import Answer
from companion_tui import messages as told
from companion_tui.clock import Clock
from companion_tui.feed import PAGE, Feed
from companion_tui.paragraphs import HELP, of_alerts, of_status
from companion_tui.screens.accepted import AcceptedScreen
from companion_tui.screens.findings import FindingsScreen
from companion_tui.screens.reading import ReadingScreen
from companion_tui.show import plain
from companion_tui.source import Connect, Trouble, explain
from companion_tui.widgets.alerts import AlertsBar
from companion_tui.widgets.approvals import ApprovalsPanel
from companion_tui.widgets.delays import DelaysBar
from companion_tui.widgets.exchanges import ExchangesPanel
from companion_tui.widgets.spend import SpendPanel
from companion_tui.widgets.status import StatusBar

_GONE_STATUSES = {404, 409, 410}


class MainScreen(Screen[None]):
    """Carries messages between the feed and the panels."""

    CSS_PATH = "main.tcss"
    AUTO_FOCUS = "#approval-rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "go('approvals')", "Approvals", show=False),
        Binding("2", "go('exchanges')", "Exchanges", show=False),
        Binding("tab", "app.focus_next", "Next panel"),
        Binding("s", "read_status", "Daemon", show=False),
        Binding("exclamation_mark", "read_alerts", "Alerts", show=False),
        Binding("e", "accepted", "Accepted", show=False),
        Binding("r", "refresh", "Refresh", show=False),
        Binding("question_mark", "help", "Help"),
        Binding("q", "app.quit", "Quit"),
    ]

    def __init__(self, connect: Connect, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._feed = Feed(connect, self.post_message)

    def compose(self) -> ComposeResult:
        yield StatusBar(self._clock)
        yield AlertsBar()
        yield DelaysBar(self._clock)
        with Container(id="top"):
            yield ApprovalsPanel(self._clock)
            yield SpendPanel(self._clock)
        yield ExchangesPanel(self._clock)
        yield Footer()

    def on_mount(self) -> None:
        self.run_worker(self._feed.run(), name="feed", group="feed", exclusive=True)

    def on_screen_resume(self) -> None:
        self.seen_anew()

    def seen_anew(self) -> None:
        """This screen comes into view: the approval on it is seen from now on."""
        self._approvals.covered()

    @property
    def _approvals(self) -> ApprovalsPanel:
        return self.query_one(ApprovalsPanel)

    @property
    def _exchanges(self) -> ExchangesPanel:
        return self.query_one(ExchangesPanel)

    @on(told.LinkLost)
    def _link_lost(self, event: told.LinkLost) -> None:
        self.add_class("-lost")
        self.query_one(StatusBar).say_lost(event.trouble)
        self._approvals.lost()

    @on(told.StatusArrived)
    def _status_arrived(self, event: told.StatusArrived) -> None:
        self.remove_class("-lost")
        self.query_one(StatusBar).show(event.status)
        self._exchanges.show_upstreams(event.status.upstreams)
        self.query_one(AlertsBar).show(event.status.alerts)
        self.query_one(DelaysBar).show(event.status)
        self.query_one(SpendPanel).show_budgets(event.status.budgets)
        self.query_one(SpendPanel).show_limits(event.status)

    @on(told.PendingArrived)
    def _pending_arrived(self, event: told.PendingArrived) -> None:
        self._approvals.say_failed("")
        self._approvals.show(event.approvals)
        self._exchanges.show_waiting({approval.exchange for approval in event.approvals})

    @on(told.ApprovalClosed)
    def _approval_closed(self, event: told.ApprovalClosed) -> None:
        self._approvals.closed(event.id, event.text)

    @on(told.SpendArrived)
    def _spend_arrived(self, event: told.SpendArrived) -> None:
        panel = self.query_one(SpendPanel)
        panel.say_failed("")
        panel.show(event.by_model, event.by_tier)

    @on(told.NewestArrived)
    def _newest_arrived(self, event: told.NewestArrived) -> None:
        self._exchanges.say_failed("")
        self._exchanges.show_newest(event.lines, event.changed)

    @on(told.PartFailed)
    def _part_failed(self, event: told.PartFailed) -> None:
        text = plain(f"out of date: {event.trouble}")
        if event.part == "approvals":
            self._approvals.say_failed(text)
        elif event.part == "spend":
            self.query_one(SpendPanel).say_failed(text)
        elif event.part == "exchanges":
            self._exchanges.say_failed(text)
        else:
            self.query_one(StatusBar).say_failed(text)

    @on(told.AnswerGiven)
    def _answer_given(self, event: told.AnswerGiven) -> None:
        self._answer(event)

    @work(group="answers")
    async def _answer(self, given: told.AnswerGiven) -> None:
        """Not exclusive: an answer on its way must not be cancelled by the next one."""
        approval = given.approval
        answer = Answer(given.approve, "tui", given.reason, approval.digest, given.reach)
        try:
            await self._feed.do(calls.answer(approval.id, answer))
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the person is told and the UI goes on
            trouble = explain(error)
            gone = getattr(error, "status", 0) in _GONE_STATUSES
            if trouble.code == "not-running":
                trouble = Trouble("the daemon went away, so nobody knows whether the answer counts", trouble.next)
            self._approvals.answer_failed(approval, trouble, gone=gone)
        else:
            self._approvals.answered(approval, approve=given.approve)
        self._feed.refresh("approvals", "status", "exchanges")

    @on(told.OlderWanted)
    def _older_wanted(self, event: told.OlderWanted) -> None:
        self._fetch_older(event.before)

    @work(group="older", exclusive=True)
    async def _fetch_older(self, before: str) -> None:
        try:
            lines = await self._feed.do(calls.log(limit=PAGE, before=before))
        except Exception as error:  # noqa: BLE001 - as above
            self._exchanges.older_failed()
            self._exchanges.say_failed(plain(f"no older ones: {explain(error)}"))
        else:
            self._exchanges.show_older(lines)

    @on(told.ReadingWanted)
    @work(group="reading", exclusive=True)
    async def _read(self, event: told.ReadingWanted) -> None:
        whole = await self.app.push_screen_wait(ReadingScreen(event.title, event.paragraphs))
        if whole and event.about:
            self._approvals.read_whole(event.about)

    @on(told.FindingsWanted)
    @work(group="findings", exclusive=True)
    async def _show_findings(self, event: told.FindingsWanted) -> None:
        asked = await self.app.push_screen_wait(FindingsScreen(event.line, self._clock))
        if asked is None:
            return
        try:
            line = await self._feed.do(calls.accept(asked))
        except Exception as error:  # noqa: BLE001 - as above
            self.notify(plain(str(explain(error))), title="Not accepted", severity="error", markup=False)
            return
        said = plain(f"{line.shown}\nTo take it back: e, or companion accept revoke {line.id}")
        self.notify(said, title="✓ Accepted", markup=False)
        if line.warning:
            self.notify(plain(line.warning), title="Mind", severity="warning", markup=False)

    @work(group="findings", exclusive=True)
    async def action_accepted(self) -> None:
        try:
            accepted = await self._feed.do(calls.accepted())
            chosen = await self.app.push_screen_wait(AcceptedScreen(accepted, self._clock))
            if chosen is not None:
                line = await self._feed.do(calls.revoke_acceptance(chosen))
                self.notify(plain(line.shown), title="Found again from now on", markup=False)
        except Exception as error:  # noqa: BLE001 - as above
            self.notify(plain(str(explain(error))), severity="error", markup=False)

    def action_go(self, panel: str) -> None:
        (self._approvals if panel == "approvals" else self._exchanges).focus_rows()

    def action_refresh(self) -> None:
        self._feed.refresh()

    def action_help(self) -> None:
        self.app.push_screen(ReadingScreen("Help", HELP))

    def action_read_status(self) -> None:
        bar = self.query_one(StatusBar)
        self.app.push_screen(ReadingScreen("Daemon", of_status(bar.status, bar.answered_at)))

    def action_read_alerts(self) -> None:
        self.app.push_screen(ReadingScreen("Alerts", of_alerts(self.query_one(AlertsBar).alerts, self._clock.now())))

    def action_filter(self) -> None:
        self._exchanges.action_filter()
