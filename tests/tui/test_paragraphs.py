from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.contract.types import (
    AlertState,
    Approval,
    CloudLine,
    Deletion,
    EffectLine,
    ExchangeLine,
    RemarkLine,
    ScriptLine,
    Status,
)
from companion_tui import paragraphs
from companion_tui.paragraphs import LONGEST, Paragraphs
from tests.tui.fakes import (
    NOON,
    alert,
    approval,
    budget,
    evolve,
    exchange,
    limit,
    parallel,
    resting,
    status,
    story,
    week_of,
)

HOSTILE = "[red]a\nb\x1b[2J\u202e\u0000\ud800"
for kind in (Approval, ExchangeLine, AlertState, Status):
    attrs.resolve_types(kind)
ANY = st.one_of(
    st.from_type(Approval).map(lambda found: paragraphs.of_approval(found, NOON)),
    st.from_type(ExchangeLine).map(lambda found: paragraphs.of_exchange(found, NOON)),
    st.lists(st.from_type(AlertState), max_size=3).map(lambda found: paragraphs.of_alerts(found, NOON)),
    st.from_type(Status).map(lambda found: paragraphs.of_status(found, NOON)),
)


@given(ANY)
def test_whatever_the_daemon_says_the_terminal_gets_plain_text(pairs: Paragraphs):
    for label, text in pairs:
        assert label.isprintable()
        assert text.replace("\n", "").isprintable()


def text_of(pairs: Paragraphs, label: str) -> str:
    return next(text for each, text in pairs if each == label)


class TestApproval:
    def test_the_action_stands_first_across_the_whole_width(self):
        assert paragraphs.of_approval(approval(what="rm -rf build\nls"), NOON)[0] == ("", "rm -rf build\nls")

    @pytest.mark.parametrize(
        ("length", "end"),
        [
            (LONGEST, ""),
            (LONGEST + 1, "\n… and 1 more character: too long to judge here"),
            (3 * LONGEST, "\n… and 40,000 more characters: too long to judge here"),
        ],
    )
    def test_what_is_not_drawn_is_counted(self, length: int, end: str):
        assert paragraphs.whole(approval(what="$" * length)) == "$" * LONGEST + end

    def test_of_what_the_daemon_says_only_the_reason_and_the_hint_may_have_lines(self):
        given = dict.fromkeys(attrs.fields_dict(Approval), HOSTILE)
        beside = {"effects": [], "deletes": None, "scripts": [], "environment": [], "reaches": ["once"]}
        made = Approval(**(given | beside))
        many = {label for label, text in paragraphs.of_approval(made, NOON) if "\n" in text}
        assert many == {"", "Why", "Hint"}

    def test_what_it_would_do_beside_its_text_is_told(self):
        made = approval(
            what="rm -rf build",
            effects=[EffectLine("delete", "build", 7, 12, "delete", "build would be deleted")],
            deletes=Deletion(7, 90, complete=False, names=[f"build/{number}" for number in range(7)]),
            scripts=[ScriptLine("/w/x.sh", "aa", "changed", "-a\n+b")],
            environment=["LD_PRELOAD=/x"],
        )
        assert paragraphs.deletes(made).startswith("at least 7 files: build/0, ")
        assert paragraphs.runs(made).startswith("/w/x.sh: changed since")
        pairs = dict(paragraphs.of_approval(made, NOON))
        assert "+b" in pairs["Runs /w/x.sh"]
        assert pairs["With"] == "LD_PRELOAD=/x"
        assert "build would be deleted" in pairs["Effects"]
        assert [(one.start, one.end) for one in paragraphs.marked(made).spans] == [(7, 12)]

    @pytest.mark.parametrize(
        ("workspace", "text"),
        [
            ("/home/ada/src/shop", "cline, act tier, in /home/ada/src/shop"),
            ("", "cline, act tier, in a workspace that nobody named"),
        ],
    )
    def test_origin(self, workspace: str, text: str):
        assert paragraphs.origin(approval(workspace=workspace)) == text


class TestExchange:
    def test_services_that_a_command_calls_are_told_as_far_as_they_are_known(self):
        called = [CloudLine("s3", "rm", "delete", "prod", "eu\nwest"), CloudLine("kubernetes", "get", "read")]
        found = text_of(paragraphs.of_exchange(exchange(1, cloud=called), NOON), "Cloud")
        assert found == "s3 rm  delete  prod  eu ⏎ west\nkubernetes get  read"

    @pytest.mark.parametrize(
        ("changes", "text"),
        [
            ({"closed_at": "", "outcome": "", "code": ""}, "still open"),
            ({}, "no guard objected"),
            ({"outcome": "deny", "code": "path-ignored"}, "path-ignored"),
            ({"outcome": "deny", "code": "path\nignored"}, "path ⏎ ignored"),
        ],
    )
    def test_what_stands_for_a_reason_that_is_missing(self, changes: dict[str, str], text: str):
        line = exchange(1, reason="", **changes)
        assert paragraphs.no_reason(line) == text
        assert text_of(paragraphs.of_exchange(line, NOON), "Why") == text

    @pytest.mark.parametrize(
        ("changes", "parts"),
        [
            ({}, ["anthropic/claude-sonnet-4-5", "41.2k tokens in, 812 out", "$0.0278"]),
            ({"code": "secret-replaced", "redactions": 2}, ["secret-replaced", ..., "2 secrets kept back"]),
            ({"redactions": 1, "approver": "tui"}, [..., "1 secret kept back", "answered by tui"]),
            ({"upstream": "", "cost_pd": 0}, ["claude-sonnet-4-5", "41.2k tokens in, 812 out", "$0.00"]),
            ({"cost_pd": None, "unpriced": "no table knows it"}, [..., "unpriced: no table knows it"]),
            (
                {
                    "upstream": "",
                    "model": "",
                    "input_tokens": 0,
                    "cache_read_tokens": 0,
                    "output_tokens": 0,
                    "cost_pd": None,
                },
                [],
            ),
        ],
    )
    def test_measures_are_those_that_there_are(self, changes: dict[str, object], parts: list[object]):
        found = paragraphs.measures(exchange(1, **changes))
        if ... in parts:
            gap = parts.index(...)
            after = len(parts) - gap - 1
            assert (found[:gap], found[len(found) - after :]) == (parts[:gap], parts[gap + 1 :])
        else:
            assert found == parts

    def test_no_kind_of_token_goes_unsaid(self):
        line = exchange(1, input_tokens=1_001, cache_read_tokens=1_002, cache_write_tokens=1_003, output_tokens=1_004)
        text = text_of(paragraphs.of_exchange(line, NOON), "Tokens")
        assert text == "1,001 in · 1,002 cache read · 1,003 cache write · 1,004 out"
        assert "3.0k tokens in, 1.0k out" in paragraphs.measures(line)

    def test_each_remark_names_its_guard_and_its_reason(self):
        line = exchange(
            1, remarks=[RemarkLine("ignore", "deny", "path-ignored", "line 3"), RemarkLine("secrets", "allow", "", "")]
        )
        text = text_of(paragraphs.of_exchange(line, NOON), "Remarks")
        assert text == "ignore: deny path-ignored\n  line 3\nsecrets: allow"

    @pytest.mark.parametrize("line", story(), ids=lambda line: line.id)
    def test_the_verdict_has_a_reason_in_every_story(self, line: ExchangeLine):
        pairs = paragraphs.of_exchange(line, NOON)
        assert text_of(pairs, "Verdict")
        assert text_of(pairs, "Why")


class TestAlerts:
    @pytest.mark.parametrize(("severity", "symbol"), [("page", "▲"), ("warn", "!"), ("info", "i"), ("doom", "▲")])
    def test_a_severity_that_is_not_known_looks_like_the_gravest(self, severity: str, symbol: str):
        assert paragraphs.alert_symbol(alert(severity)) == symbol
        assert paragraphs.of_alerts([alert(severity)], NOON)[0][0] == f"{symbol} {severity}"

    def test_what_to_do_stands_on_a_line_of_its_own_where_there_is_something(self):
        with_it, without = alert(), evolve(alert(), todo="")
        (_, one), (_, other) = paragraphs.of_alerts([with_it, without], NOON)
        assert one.splitlines()[-1] == f"→ {with_it.todo}"
        assert other.splitlines()[-1] == without.summary

    def test_none(self):
        assert paragraphs.of_alerts([], NOON) == [("", "No alert is firing.")]


class TestStatus:
    def test_before_the_first_answer(self):
        assert paragraphs.of_status(None, NOON) == [("", "The daemon has not answered yet.")]

    def test_every_budget_every_rest_and_the_queue(self):
        lines = [budget(), *(week_of(f"agent-{number}", number) for number in range(30))]
        found = status(budgets=lines, resting=[resting("a", seconds=5), resting("b", seconds=9)], waiting=2)
        pairs = paragraphs.of_status(found, NOON)
        assert len(text_of(pairs, "Budgets").splitlines()) == 31
        assert text_of(pairs, "Resting").splitlines() == [
            "anthropic/b: resting until 12:00:09, it failed too often",
            "anthropic/a: resting until 12:00:05, it failed too often",
        ]
        assert text_of(pairs, "Waiting") == "2 calls at a limit"

    def test_every_limit_those_that_press_first(self):
        found = status(limits=[limit(0), parallel("opus", 4, 2)], limits_left_out=3)
        assert text_of(paragraphs.of_status(found, NOON), "Limits").splitlines() == [
            "! 100% of 4 calls at a time for model opus: 4 of 4 used at once, 2 calls waiting",
            "0% of 60 requests a minute for client cline: 0 of 6 used at once",
            "and 3 more limits, less used",
        ]

    def test_what_there_is_none_of_is_left_out_or_said(self):
        pairs = dict(paragraphs.of_status(status(budgets=[], tiers={}, upstreams={}, clients=[], engines={}), NOON))
        assert [pairs[label] for label in ("Budgets", "Limits", "Resting", "Waiting")] == [""] * 4
        assert [pairs[label] for label in ("Tiers", "Upstreams", "Engines")] == ["none"] * 3
        assert pairs["Clients"] == "none came through the gateway yet"
