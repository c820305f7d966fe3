"""Where each session works, whether it plans, and which of its calls came by the wire."""

from datetime import timedelta

from companion.gatekeeper.sessions import PASSED_SECONDS, Session, Sessions, Unhooked
from companion.model.action import FileAccess, Operation, ShellCommand, Tier
from companion.model.exchange import Origin
from tests.support.rooms import NOON

SEARCH = ShellCommand("grep -rn x .")


def test_a_session_is_known_by_its_id_wherever_it_stands_now():
    sessions = Sessions()
    sessions.note(Origin("claude", session="s", workspace="/w", tier=Tier.PLAN))
    assert sessions.find("claude", "s", "/w/sub") == Session("/w", Tier.PLAN)
    assert sessions.find("claude", "t", "/w") is None
    assert sessions.find("codex", "s", "/w") is None


def test_an_agent_without_ids_is_known_by_its_workspace_and_the_last_word_counts():
    sessions = Sessions()
    sessions.note(Origin("cline", workspace="/w/", tier=Tier.PLAN))
    sessions.note(Origin("cline", workspace="/w", tier=Tier.ACT))
    assert sessions.find("cline", "", "/w") == Session("/w", Tier.ACT)
    assert sessions.find("cline", "", "/w/sub") is None
    assert sessions.find("cline", "", "") is None


def test_who_names_no_workspace_leaves_nothing_behind():
    sessions = Sessions()
    sessions.note(Origin("cline", session="s"))
    assert sessions.find("cline", "s", "") is None


def test_a_call_that_passed_the_wire_is_known_once_for_each_time_it_passed():
    sessions = Sessions()
    origin = Origin("claude", session="s", workspace="/w")
    for _ in range(2):
        sessions.passed(SEARCH, origin, NOON)
    found = [sessions.take(ShellCommand("grep -rn x .", "/w"), origin, NOON) for _ in range(3)]
    assert found == [True, True, False]


def test_a_call_is_known_by_all_that_it_is():
    sessions = Sessions()
    origin = Origin("claude", session="s", workspace="/w")
    sessions.passed(SEARCH, origin, NOON)
    sessions.passed(FileAccess("a.env", Operation.READ), origin, NOON)
    others = [
        (ShellCommand("grep -rn y ."), origin),
        (ShellCommand("grep -rn x .", "/w/sub"), origin),
        (ShellCommand("grep -rn x .", "", (("PATH", "/x"),)), origin),
        (FileAccess("b.env", Operation.READ), origin),
        (FileAccess("a.env", Operation.SEARCH), origin),
        (SEARCH, Origin("claude", session="t", workspace="/w")),
        (SEARCH, Origin("codex", session="s", workspace="/w")),
        (SEARCH, Origin("claude", session="s", workspace="/v")),
    ]
    assert not any(sessions.take(action, who, NOON) for action, who in others)
    assert sessions.take(SEARCH, origin, NOON)
    assert sessions.take(FileAccess("/w/a.env", Operation.READ), origin, NOON)


def test_a_call_that_no_hook_told_of_is_forgotten_after_a_while():
    sessions = Sessions()
    origin = Origin("claude", session="s", workspace="/w")
    sessions.passed(SEARCH, origin, NOON)
    assert not sessions.take(SEARCH, origin, NOON + timedelta(seconds=PASSED_SECONDS))
    sessions.passed(SEARCH, origin, NOON)
    assert not sessions.take(SEARCH, origin, NOON - timedelta(seconds=1))
    for number in range(5000):
        sessions.passed(ShellCommand(f"grep -rn {number} ."), origin, NOON)
    assert sessions.take(ShellCommand("grep -rn 4999 ."), origin, NOON)
    assert not sessions.take(ShellCommand("grep -rn 0 ."), origin, NOON)


def test_a_wire_that_names_no_session_passes_for_every_session_in_its_folder():
    sessions = Sessions()
    sessions.passed(SEARCH, Origin("cline", workspace="/w"), NOON)
    assert not sessions.take(SEARCH, Origin("cline", session="s", workspace="/v"), NOON)
    assert sessions.take(SEARCH, Origin("cline", session="s", workspace="/w"), NOON)


def test_calls_that_no_hook_asks_about_are_counted_until_one_does():
    sessions = Sessions()
    assert sessions.unhooked("cline") is None
    for minute in (0, 1):
        sessions.passed(SEARCH, Origin("cline", workspace="/w"), NOON + timedelta(minutes=minute))
    sessions.passed(SEARCH, Origin("codex", workspace="/w"), NOON)
    assert sessions.unhooked("cline") == Unhooked(2, NOON)
    sessions.asked("cline")
    assert sessions.unhooked("cline") is None
    assert sessions.unhooked("codex") == Unhooked(1, NOON)


def test_clients_that_call_themselves_anew_each_time_fill_no_memory():
    sessions = Sessions()
    for number in range(1000):
        sessions.passed(SEARCH, Origin(f"agent-{number}", workspace="/w"), NOON)
        sessions.passed(SEARCH, Origin("cline", workspace="/w"), NOON)
    assert sessions.unhooked("cline") == Unhooked(1000, NOON)
    assert sessions.unhooked("agent-0") is None
