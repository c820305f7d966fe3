from __future__ import annotations

from datetime import UTC, datetime

from companion.contract.codec import to_plain
from companion.model.budget import BudgetState, Window
from companion.model.facts import Confidence, Finding
from companion.model.limit import LimitKind, LimitState
from companion.model.scope import Dimension
from companion.status_lines import budget_line, finding_line, limit_line, upstream_line
from companion.upstream.breaker import State
from companion.upstream.lanes import LaneState


def test_a_budget_is_told_with_every_figure():
    ends = datetime(2026, 3, 16, tzinfo=UTC)
    assert to_plain(budget_line(BudgetState(Dimension.CLIENT, "cline", Window.WEEK, 50, 30, 5, ends))) == {
        "dimension": "client",
        "name": "cline",
        "window": "week",
        "limit_pd": 50,
        "spent_pd": 30,
        "reserved_pd": 5,
        "resets_at": "2026-03-16T00:00:00+00:00",
    }


def test_a_limit_is_told_with_every_figure():
    state = LimitState(Dimension.CLIENT, "cline", LimitKind.REQUESTS, 60, 6, 5, 2)
    assert to_plain(limit_line(state)) == {
        "dimension": "client",
        "name": "cline",
        "kind": "requests_per_minute",
        "amount": 60,
        "at_once": 6,
        "used": 5,
        "waiting": 2,
    }


def test_an_upstream_that_rests_is_told_with_cause_and_beginning_and_seconds_are_rounded_up():
    lane = LaneState("main", "anthropic", "api.example", "opus", State.OPEN, 12.1, "a failure: 529", 86_400.25)
    assert to_plain(upstream_line(lane)) == {
        "upstream": "main",
        "model": "opus",
        "state": "open",
        "seconds": 13,
        "cause": "a failure: 529",
        "since": "1970-01-02T00:00:00+00:00",
    }
    well = upstream_line(LaneState("main", "anthropic", "api.example", "opus", State.CLOSED, 0.0))
    assert (well.cause, well.since) == ("", "")


def test_a_finding_is_told_by_its_names() -> None:
    found = Finding(0, 3, 7, "AWS", "rule", "engine", Confidence.LOW, "SECRET_AWS_0A0A0A0A", "0a" * 16)
    line = finding_line(found)
    assert (line.type, line.rule, line.engine, line.start, line.end) == ("AWS", "rule", "engine", 3, 7)
    assert (line.confidence, line.preview, line.fingerprint) == ("low", "SECRET_AWS_0A0A0A0A", "0a" * 16)
