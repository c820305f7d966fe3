"""`companion spend` and `log`: money adds up, an unknown cost is never 0, and every verdict has its reason."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from companion.cli.reports import log, spend
from companion.cli.shared import local_time
from companion.model.money import PICODOLLARS_PER_DOLLAR, Cost, Usage
from companion.model.record import CloudRecord, Ending, FindingRecord
from tests.support.lines import closing, opening


def run(command, *arguments):
    return CliRunner().invoke(command, list(arguments))


def call(id_, *, cost, model="big", **given):
    """Both lines of a model call that was served."""
    usage = Usage(input=1000, cache_read=200, cache_write_5m=30, output=4)
    return opening(id_, **given), closing(id_, model=model, calls=1, status=200, usage=usage, cost=cost)


def table(result) -> dict[str, list[str]]:
    rows = [line.split() for line in result.stdout.splitlines()]
    return {row[0]: row[1:] for row in rows if len(row) > 6}


class TestSpend:
    @pytest.fixture(autouse=True)
    def _spent(self, control):
        control.write(
            *call("ex-1", cost=Cost(PICODOLLARS_PER_DOLLAR, source="t"), tier="plan"),
            *call("ex-2", cost=Cost(PICODOLLARS_PER_DOLLAR // 2, source="t")),
            *call("ex-3", cost=Cost(None, "no table knows it"), model="odd"),
        )

    def test_rows_add_up_and_what_has_no_price_is_counted_apart(self):
        result = run(spend)
        assert result.stdout.startswith("Spend 2026-06-01 (UTC)")
        rows = table(result)
        assert rows["big"] == ["2", "2,000", "400", "60", "8", "$1.50"]
        assert rows["odd"] == ["1", "1,000", "200", "30", "4", "$0.00", "+", "1", "unpriced"]
        assert rows["total"] == ["3", "3,000", "600", "90", "12", "$1.50", "+", "1", "unpriced"]
        assert "unpriced: 1 call, 1,234 tokens whose price is unknown; they are not in the cost" in result.stdout

    def test_another_dimension_and_more_days(self):
        result = run(spend, "--by", "tier", "--days", "7")
        assert result.stdout.startswith("Spend 2026-05-26 to 2026-06-01 (UTC)")
        assert {"plan", "act", "total"} <= set(table(result))

    def test_json_is_picodollars(self):
        report = json.loads(run(spend, "--json").stdout)
        assert report["total"]["cost_pd"] == 1_500_000_000_000
        assert (report["total"]["unpriced_calls"], report["total"]["unpriced_tokens"]) == (1, 1234)
        assert sum(row["cost_pd"] for row in report["rows"]) == report["total"]["cost_pd"]


def test_elsewhere_than_in_a_terminal_no_name_is_cut(control):
    name = "provider/a-model-with-a-name-" + "x" * 150
    control.write(*call("ex-1", cost=Cost(1, source="t"), model=name))
    assert name in run(spend).stdout


def test_nothing_yet(control):
    assert run(log).stdout == "nothing yet. next: companion connect claude\n"
    assert run(log, "--before", "ex-9").stdout == "nothing before ex-9\n"
    assert json.loads(run(log, "--json").stdout) == []
    assert table(run(spend))["total"] == ["0", "0", "0", "0", "0", "$0.00"]


def verdict(id_, outcome, **given):
    return opening(id_, kind="shell", summary=f"run {id_}"), closing(id_, outcome=outcome, **given)


@pytest.fixture
def story(control):
    asked = {"code": "rm", "reason": "it [removes]", "approver": "tui"}
    control.write(
        *call("ex-1", cost=Cost(PICODOLLARS_PER_DOLLAR, source="t")),
        *call("ex-2", cost=Cost(None, "no table knows it")),
        *verdict("ex-3", "deny", ending=Ending.REFUSED, code="ignored-path", reason=".env is ignored"),
        *verdict("ex-4", "ask", **asked),
        *verdict("ex-5", "ask", ending=Ending.REFUSED, **asked),
        opening("ex-6", kind="file", summary="[bold]read[/] x"),
    )


@pytest.mark.usefixtures("story")
class TestLog:
    def test_the_newest_stands_last_each_with_its_verdict_and_reason(self):
        shown = [" ".join(line.split()) for line in run(log).stdout.splitlines()]
        [first] = json.loads(run(log, "--limit", "1", "--json").stdout)
        at = local_time(first["opened_at"], date=False)
        assert shown == [
            f"{at} cline act model allow summary of ex-1 $1.00",
            f"{at} cline act model allow summary of ex-2 unpriced",
            f"{at} cline act shell deny run ex-3",
            "refused: .env is ignored (ignored-path)",
            f"{at} cline act shell ask: yes run ex-4",
            "served: it [removes] (rm, answered by tui)",
            f"{at} cline act shell ask: no run ex-5",
            "refused: it [removes] (rm, answered by tui)",
            f"{at} cline act file open [bold]read[/] x",
        ]

    @pytest.mark.parametrize(
        ("arguments", "ids"),
        [
            (["--limit", "2"], ["ex-6", "ex-5"]),
            (["--kind", "shell"], ["ex-5", "ex-4", "ex-3"]),
            (["--before", "ex-3"], ["ex-2", "ex-1"]),
            (["--kind", "shell", "--before", "ex-5", "--limit", "1"], ["ex-4"]),
        ],
    )
    def test_pages_and_kinds(self, arguments, ids):
        assert [line["id"] for line in json.loads(run(log, "--json", *arguments).stdout)] == ids

    def test_a_full_page_says_how_to_go_on(self):
        assert run(log, "--limit", "2").stdout.startswith("older ones: companion log --before ex-5\n")
        assert "older ones" not in run(log).stdout

    def test_json_has_null_for_an_unknown_cost_and_says_why(self):
        lines = {line["id"]: line for line in json.loads(run(log, "--json").stdout)}
        assert (lines["ex-2"]["cost_pd"], lines["ex-2"]["unpriced"]) == (None, "no table knows it")
        assert lines["ex-6"]["closed_at"] == ""


def test_the_log_names_what_was_found_in_a_call(control):
    found = (
        FindingRecord("SECRET_AWS_0A1B2C3D", "AWS", "aws[key]", "rules", "high", "0a1b2c3d" * 4, 3),
        FindingRecord("SECRET_X_1A1B2C3D", "X", "x", "known-values", "low", "1a1b2c3d" * 4),
    )
    control.write(opening("ex-1"), closing("ex-1", findings=found))
    lines = [line.strip() for line in run(log).stdout.splitlines()]
    assert lines[-2:] == [
        "SECRET_AWS_0A1B2C3D  high  aws[key] (rules), 3 times",
        "SECRET_X_1A1B2C3D  low  x (known-values)",
    ]
    [line] = json.loads(run(log, "--json").stdout)
    assert [one["placeholder"] for one in line["findings"]] == ["SECRET_AWS_0A1B2C3D", "SECRET_X_1A1B2C3D"]


def test_the_log_names_the_services_that_a_command_calls(control):
    called = (
        CloudRecord("ec2", "run[instances]", "write", "prod", "eu-west-1"),
        CloudRecord("s3", "ls", "read", "", "", "http://e"),
    )
    control.write(*verdict("ex-1", "deny", ending=Ending.REFUSED, cloud=called), *verdict("ex-2", "allow"))
    lines = [line.strip() for line in run(log, "--cloud").stdout.splitlines()]
    assert lines[-2:] == [
        "cloud: ec2 run[instances] (write), account prod, region eu-west-1",
        "cloud: s3 ls (read), at http://e",
    ]
    [line] = json.loads(run(log, "--cloud", "--json").stdout)
    assert line["id"] == "ex-1"
    assert line["cloud"][0]["account"] == "prod"


def test_no_command_has_called_a_service_yet(control):
    control.write(*verdict("ex-1", "allow"))
    assert run(log, "--cloud").stdout == "no command has called a service yet\n"
