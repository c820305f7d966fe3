"""Where each session works, and whether it plans."""

from companion.gatekeeper.sessions import Session, Sessions
from companion.model.action import Tier
from companion.model.exchange import Origin


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
