"""Approvals: the list, the highlighted one in full, and the keys that answer it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalGroup, VerticalScroll
from textual.content import Content
from textual.errors import NoWidget
from textual.timer import Timer
from textual.widgets import Static

from companion.contract.types import Approval
from companion_tui.aim import SEEN_AFTER, SEEN_AFTER_ANSWER, Aim
from companion_tui.clock import Clock
from companion_tui.messages import AnswerGiven, DenialClosed, ReadingWanted, RowChosen, RowHighlighted
from companion_tui.paragraphs import LONGEST, deletes, marked, of_approval, origin, runs
from companion_tui.pending import Entry, Pending
from companion_tui.show import countdown, left, one_line, plain, plural, time_of
from companion_tui.source import Trouble
from companion_tui.widgets.denial import DenialBar
from companion_tui.widgets.facts import Facts
from companion_tui.widgets.rows import Cell, RowList, fit
from companion_tui.widgets.title import titled

_TICK = 0.2
_SOON = 30
_FURTHER = {"session": (" A ", "this session  "), "rule": (" R ", "from now on  ")}
_UNKNOWN = "What waits is not known until the daemon answers."
_IDLE = "Nothing waits for you.\nAgents ask here before anything dangerous runs."


class ApprovalsPanel(Vertical):
    """Posts AnswerGiven for the highlighted approval, once it has been in view long enough and to its end."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "approve", "Approve"),
        Binding("A", "approve_further('session')", "For this session", show=False),
        Binding("R", "approve_further('rule')", "From now on", show=False),
        Binding("d", "deny", "Deny"),
        Binding("escape", "put_away", "Put away", show=False),
    ]

    def __init__(self, clock: Clock) -> None:
        super().__init__(id="approvals", classes="panel -idle")
        self._clock = clock
        self._pending = Pending()
        self._aim = Aim()
        self._wait = SEEN_AFTER
        self._read: set[tuple[str, str]] = set()
        self._ticker: Timer | None = None
        self._lost = False
        self._failed = ""
        self._show_title()

    def compose(self) -> ComposeResult:
        yield Static(_UNKNOWN, id="approvals-idle")
        yield RowList(_key, self._draw, id="approval-rows")
        with VerticalScroll(id="what-pane", can_focus=False):
            yield Static(Content(), id="what")
        yield Facts(("Deletes", "Runs", "With", "Why", "Hint", "From"), id="approval-facts")
        with VerticalGroup(id="approval-foot"):
            yield DenialBar()
            yield Static(Content(), id="approval-keys")

    def on_mount(self) -> None:
        self._ticker = self.set_interval(_TICK, self._tick, pause=True)

    @property
    def _rows(self) -> RowList[Entry]:
        return self.query_one("#approval-rows", RowList)

    @property
    def _entry(self) -> Entry | None:
        return self._rows.row

    def focus_rows(self) -> None:
        self._rows.focus()

    def show(self, approvals: Sequence[Approval]) -> None:
        """Takes over the daemon's list; rings for what is new and says what vanished."""
        self._lost = False
        self.query_one("#approvals-idle", Static).update(_IDLE)
        change = self._pending.update(approvals, self._highlighted, self._clock.now())
        self._redraw()
        if change.fresh:
            self.app.bell()
            first = change.fresh[0]
            text = f"{one_line(first.client)}: {fit(one_line(first.what), 60).rstrip()}"
            title = "An approval waits" if len(change.fresh) == 1 else f"{len(change.fresh)} approvals wait"
            self.notify(text, title=title, severity="warning", markup=False)
        for approval, why in change.vanished:
            self.notify(f"{fit(one_line(approval.what), 60).rstrip()}\n{why}", title="Approval gone", markup=False)

    def closed(self, id: str, text: str) -> None:  # noqa: A002 - the contract's word
        self._pending.closed(id, text)

    def answered(self, approval: Approval, *, approve: bool) -> None:
        """The daemon took the answer."""
        self._pending.answered(approval.id)
        self._wait = SEEN_AFTER_ANSWER
        self._redraw()
        self._wait = SEEN_AFTER
        title = "✓ Approved" if approve else "✗ Denied"
        self.notify(fit(one_line(approval.what), 60).rstrip(), title=title, markup=False, timeout=3)

    def answer_failed(self, approval: Approval, trouble: Trouble, *, gone: bool) -> None:
        """The daemon did not take the answer; with `gone` the approval is no longer open."""
        self._pending.not_sent(approval.id, gone=plain(trouble.text) if gone else "")
        self._redraw()
        title = "Approval gone" if gone else "Not answered"
        self.notify(plain(str(trouble)), title=title, severity="error", markup=False)

    def say_failed(self, text: str) -> None:
        """Shows why the list may be out of date; "" when it is not."""
        self._failed = text
        self._show_title()

    def lost(self) -> None:
        """No daemon answers: what is shown may be out of date, and nothing can be answered."""
        self._lost = True
        self.query_one("#approvals-idle", Static).update(_UNKNOWN)
        self._tick()

    def covered(self) -> None:
        """Another screen was in front: what is in view is seen from now on."""
        self._aim.restart(self._clock.monotonic())
        self.call_after_refresh(self._take_focus)

    def read_whole(self, id: str) -> None:  # noqa: A002
        """The approval's text was read to its end elsewhere."""
        if entry := self._pending.entry(id):
            self._read.add((id, entry.approval.digest))

    @property
    def _highlighted(self) -> str:
        return _key(self._entry) if self._entry else ""

    def _redraw(self) -> None:
        rows = self._rows
        rows.show(self._pending.entries)
        self.set_class(not self._pending.entries, "-idle")
        self.call_after_refresh(self._take_focus)
        self._show_title()
        self._show_entry()
        self.refresh_bindings()

    def _show_title(self) -> None:
        waiting = self._pending.waiting
        self.border_title = titled(f"Approvals · {waiting} waiting" if waiting else "Approvals", self._failed)

    def _take_focus(self) -> None:
        """A hidden list loses the focus. When it is back it takes it, unless the person is elsewhere meanwhile.

        In a terminal that is not in front nothing has the focus, and what had it before must get it back.
        """
        if self._pending.entries and self.app.app_focus and self.screen.focused is None:
            self._rows.focus()

    @on(RowHighlighted)
    def _highlight_moved(self, event: RowHighlighted) -> None:
        event.stop()
        denial = self.query_one(DenialBar)
        if denial.approval and denial.approval.id != event.key:
            denial.close()
        if any(entry.gone and _key(entry) != event.key for entry in self._pending.entries):
            self._pending.leave(event.key)
            self._redraw()
        else:
            self._show_entry()

    @on(RowChosen)
    def _chosen(self, event: RowChosen) -> None:
        event.stop()
        if entry := self._entry:
            approval = entry.approval
            self.post_message(
                ReadingWanted(
                    f"Approval · {one_line(approval.kind)}", of_approval(approval, self._clock.now()), approval.id
                )
            )

    def _show_entry(self) -> None:
        entry = self._entry
        shown = self._aim.approval
        self._aim.at(entry.approval if entry and not entry.gone else None, self._clock.monotonic(), self._wait)
        if self._ticker:
            (self._ticker.resume if entry else self._ticker.pause)()
        if entry is None:
            return
        approval = entry.approval
        self.query_one("#what", Static).update(marked(approval))
        if shown is None or shown.id != approval.id:
            self.query_one("#what-pane", VerticalScroll).scroll_home(animate=False)
        self.query_one("#approval-facts", Facts).show(
            {
                "Deletes": deletes(approval),
                "Runs": runs(approval),
                "With": plain(", ".join(approval.environment)),
                "Why": f"{plain(approval.reason)} ({one_line(approval.code)})",
                "Hint": plain(approval.hint),
                "From": origin(approval),
            }
        )
        self._tick()

    def _tick(self) -> None:
        """Draws the last line, and nothing else, when its text changed."""
        entry = self._entry
        if entry is None:
            return
        line = self.query_one("#approval-keys", Static)
        content = self._keys_line(entry)
        if line.content != content:
            line.update(content)

    def _keys_line(self, entry: Entry) -> Content:
        if entry.gone:
            return Content.assemble(
                ("✗ gone: ", "bold $text-error"), entry.gone, ("   esc puts it away", "$foreground-muted")
            )
        if entry.sent:
            return Content.assemble(("… sending the answer", "$foreground-muted"))
        remaining = left(entry.approval.expires_at, self._clock.now())
        soon = remaining is not None and remaining.total_seconds() < _SOON
        expiry = (countdown(remaining), "bold $text-warning" if soon else "$foreground-muted")
        if self._lost:
            return Content.assemble(("○ no answer can be given without the daemon   ", "$text-error"), expiry)
        if self.query_one(DenialBar).display:
            keys = (" enter ", "bold $text-accent"), "denies  ", (" esc ", "bold $text-accent"), "goes back   "
            return Content.assemble(*keys, expiry)
        if self.screen.focused is not None and not self._rows.has_focus:
            return Content.assemble((" 1 ", "bold $text-accent"), "goes here, to answer   ", expiry)
        ready = self._aim.ready(self._clock.monotonic())
        style = "bold $text-accent" if ready else "$foreground-muted"
        further = [_further(reach, style) for reach in _FURTHER if reach in entry.approval.reaches]
        yes, no, read = ((" a ", style), "approve  "), ((" d ", style), "deny  "), ((" enter ", style), "read whole  ")
        pairs, least_first = [yes, *further, no, read], [read, *reversed(further), no, yes]
        room = self.query_one("#approval-keys", Static).size.width - cell_len(expiry[0]) - 1
        # The help and the line at the bottom of the screen say the keys as well; how long there is stands here alone.
        while room > 0 and least_first and sum(cell_len(key + word) for (key, _), word in pairs) > room:
            pairs.remove(least_first.pop(0))
        return Content.assemble(*(part for pair in pairs for part in pair), " ", expiry)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's shape
        if action in {"approve", "approve_further", "deny"}:
            return bool(self._pending.entries)
        return True

    def action_approve(self) -> None:
        if approval := self._aimed("approved"):
            if not self._seen_to_the_end(approval):
                return
            self._send(approval, approve=True)

    def action_approve_further(self, reach: str) -> None:
        """As approve, and the same needs no further yes: in this session, or in this workspace."""
        entry = self._entry
        if entry and not entry.gone and reach not in entry.approval.reaches:
            self.notify("This can only be approved once: press a.", title="Not approved", severity="warning")
        elif (approval := self._aimed("approved")) and self._seen_to_the_end(approval):
            self._send(approval, approve=True, reach=reach)

    def action_deny(self) -> None:
        if approval := self._aimed("denied"):
            self.query_one(DenialBar).open(approval)
            self._tick()

    def action_put_away(self) -> None:
        """The highlighted one that vanished leaves; what takes its place is seen from now on."""
        if (entry := self._entry) and entry.gone:
            self._pending.leave("")
            self._redraw()

    @on(DenialClosed)
    def _denial_closed(self, event: DenialClosed) -> None:
        event.stop()
        self._rows.focus()
        self.covered()
        self._tick()
        if event.approval is None:
            return
        entry = self._pending.entry(event.approval.id)
        if entry is None or entry.gone or entry.approval.digest != event.approval.digest:
            self.notify(entry.gone if entry else "it is no longer open", title="Approval gone", markup=False)
        elif not entry.sent:
            self._send(event.approval, approve=False, reason=event.reason)

    def _aimed(self, done: str) -> Approval | None:
        """The approval that a key answers now; says why when there is none."""
        entry = self._entry
        if entry is None:
            return None
        if entry.gone:
            self.notify(entry.gone, title="Approval gone", markup=False)
            return None
        if entry.sent:
            return None
        if self._lost:
            self.notify(f"Nothing was {done}: there is no connection to the daemon.", severity="error", timeout=3)
            return None
        approval = self._aim.press(self._clock.monotonic())
        if approval is None:
            self.notify(f"Nothing was {done}: it had only just come into view. Read it, then press again.", timeout=3)
            self._tick()
        return approval

    def _seen_to_the_end(self, approval: Approval) -> bool:
        if len(approval.what) > LONGEST:
            self.notify(
                f"It is {len(approval.what):,} characters long, too long to judge here. Deny it, or read it with: "
                "companion pending",
                title="Not approved",
                severity="warning",
                markup=False,
            )
            return False
        hidden = self._lines_out_of_view()
        if not hidden or (approval.id, approval.digest) in self._read:
            return True
        self.notify(
            f"{plural(hidden, 'more line')} of it did not fit. Press enter and read it to its end first.",
            title="Not approved",
            severity="warning",
        )
        return False

    def _lines_out_of_view(self) -> int:
        """Lines of the action below what is in view: those to scroll to, and those that the panel has no room for."""
        pane = self.query_one("#what-pane", VerticalScroll)
        try:
            in_view = self.screen.find_widget(pane).visible_region.height
        except NoWidget:
            in_view = 0
        return max(0, pane.max_scroll_y - pane.scroll_offset.y) + max(0, pane.size.height - in_view)

    def _send(self, approval: Approval, *, approve: bool, reason: str = "", reach: str = "once") -> None:
        self._pending.sent(approval.id)
        self._redraw()
        self.post_message(AnswerGiven(approval, approve, reason, reach))

    def _draw(self, entry: Entry, width: int) -> list[Cell]:
        approval = entry.approval
        state = ("✗ gone ", "bad") if entry.gone else ("… sent ", "quiet") if entry.sent else ("? ask  ", "warn")
        tone = "quiet" if entry.gone else ""
        now = self._clock.now()
        return [
            state,
            (fit(time_of(approval.asked_at, now), 9), "quiet"),
            (fit(one_line(approval.client), 10), tone),
            (fit(one_line(approval.kind), 6), "quiet"),
            (fit(one_line(approval.what), width - 32), tone),
        ]


def _key(entry: Entry) -> str:
    return entry.approval.id


def _further(reach: str, style: str) -> tuple[tuple[str, str], str]:
    key, word = _FURTHER[reach]
    return (key, style), word
