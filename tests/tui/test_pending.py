from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from companion_tui.pending import Pending
from tests.tui.fakes import NOON, approval

ONE, TWO, THREE = (approval(f"apr-{number}") for number in (1, 2, 3))


def names(pending: Pending) -> list[str]:
    return [entry.approval.id for entry in pending.entries]


def test_what_is_new_is_told_once():
    pending = Pending()
    assert pending.update([ONE], "", NOON).fresh == (ONE,)
    assert pending.update([ONE, TWO], "apr-1", NOON).fresh == (TWO,)
    assert pending.update([ONE, TWO], "apr-1", NOON).fresh == ()


def test_one_that_vanished_stays_only_while_it_is_highlighted():
    pending = Pending()
    pending.update([ONE, TWO, THREE], "", NOON)
    change = pending.update([THREE], "apr-1", NOON)
    assert [each.id for each, _ in change.vanished] == ["apr-1", "apr-2"]
    assert names(pending) == ["apr-1", "apr-3"]
    assert pending.entries[0].gone
    assert pending.waiting == 1
    assert pending.update([THREE], "apr-1", NOON).vanished == ()
    pending.leave("apr-3")
    assert names(pending) == ["apr-3"]


def test_why_it_vanished_is_what_the_daemon_said_else_what_the_clock_says():
    pending = Pending()
    pending.update([ONE, TWO, THREE], "", NOON)
    pending.closed("apr-1", "denied in the \x1beditor")
    assert pending.update([TWO, THREE], "", NOON).vanished[0][1] == r"denied in the \x1beditor"
    assert "answered elsewhere" in pending.update([THREE], "", NOON).vanished[0][1]
    assert "expired" in pending.update([], "", NOON + timedelta(hours=1)).vanished[0][1]


def test_an_own_answer_is_not_a_vanishing_and_a_stale_list_does_not_bring_it_back():
    pending = Pending()
    pending.update([ONE, TWO], "", NOON)
    pending.sent("apr-1")
    assert pending.update([TWO], "apr-1", NOON).vanished == ()
    assert names(pending) == ["apr-1", "apr-2"]
    pending.answered("apr-1")
    assert pending.update([ONE, TWO], "apr-2", NOON).fresh == ()
    assert names(pending) == ["apr-2"]


def test_an_answer_that_did_not_count_opens_it_again():
    pending = Pending()
    pending.update([ONE], "", NOON)
    pending.sent("apr-1")
    pending.not_sent("apr-1")
    assert pending.entries[0].sent is False
    assert pending.entries[0].gone == ""


@given(st.lists(st.tuples(st.sets(st.integers(0, 5)), st.integers(0, 5)), max_size=12))
@settings(max_examples=100)
def test_every_open_approval_is_shown_once_and_only_the_highlighted_one_may_be_gone(
    lists: list[tuple[set[int], int]],
):
    pending = Pending()
    for numbers, highlighted in lists:
        held = f"apr-{highlighted}"
        pending.update([approval(f"apr-{number}") for number in sorted(numbers)], held, NOON)
        shown = [entry.approval.id for entry in pending.entries if not entry.gone]
        assert sorted(shown) == sorted(f"apr-{number}" for number in numbers)
        assert {entry.approval.id for entry in pending.entries if entry.gone} <= {held}
        assert len(names(pending)) == len(set(names(pending)))
