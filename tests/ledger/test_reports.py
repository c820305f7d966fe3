import asyncio
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.contract.codec import decode, encode
from companion.contract.types import CloudLine, ExchangeLine, RemarkLine, SpendRow
from companion.ledger.commit import Committer
from companion.ledger.errors import LedgerError
from companion.ledger.keys import KeyStore
from companion.ledger.reports import DIMENSIONS, Reports
from companion.ledger.store import prepare
from companion.model.budget import SpentRow
from companion.model.money import Cost, Usage
from companion.model.record import CloudRecord, Ending, FindingRecord, RemarkRecord

UTC_ZONE = ZoneInfo("UTC")
TODAY = date(2027, 1, 15)


def write(path, zone, *lines):
    committer = Committer(path, zone)
    rejected = committer.commit(lines, survive_power_loss=False)
    committer.disconnect()
    assert rejected == []


@pytest.mark.parametrize("exists", [True, False])
def test_an_empty_ledger_answers_every_question(tmp_path, exists):
    path = tmp_path / "ledger.db"
    if exists:
        prepare(path)
    reports = Reports(path, UTC_ZONE)
    assert reports.exchanges() == []
    assert reports.exchange("a") is None
    assert reports.today(TODAY) == (0, 0, 0)
    assert reports.spent_since(TODAY) == []
    for by in DIMENSIONS:
        report = reports.spend(by, 7, TODAY)
        assert report.rows == []
        assert report.total == SpendRow("total", 0, 0, 0, 0, 0, 0, 0, 0)
        assert (report.first_day, report.last_day, report.timezone) == ("2027-01-09", "2027-01-15", "UTC")


@pytest.mark.parametrize(("by", "days"), [("colour", 1), ("", 1), ("day", 0), ("day", -3)])
def test_a_question_that_makes_no_sense_is_refused(ledger_path, by, days):
    with pytest.raises(ValueError, match="spend"):
        Reports(ledger_path, UTC_ZONE).spend(by, days, TODAY)


def test_more_days_than_there_ever_were_is_all_of_them(ledger_path):
    assert Reports(ledger_path, UTC_ZONE).spend("day", 10**9, TODAY).first_day == "0001-01-01"


def test_a_damaged_ledger_says_so(tmp_path):
    path = tmp_path / "ledger.db"
    path.write_bytes(b"nothing that SQLite would know" * 100)
    with pytest.raises(LedgerError, match="cannot be read"):
        Reports(path, UTC_ZONE).exchanges()


def test_pages_follow_each_other_without_gap_or_overlap(ledger_path, opening):
    kinds = ("model", "shell", "file")
    write(ledger_path, UTC_ZONE, *(opening(f"{n:03}", kind=kinds[n % 3]) for n in range(50)))
    reports = Reports(ledger_path, UTC_ZONE)
    seen: list[str] = []
    while page := reports.exchanges(limit=7, before=seen[-1] if seen else ""):
        seen += [line.id for line in page]
    assert seen == [f"{n:03}" for n in reversed(range(50))]
    shells = reports.exchanges(limit=5, before="040", kind="shell")
    assert [line.id for line in shells] == ["037", "034", "031", "028", "025"]
    assert reports.exchanges(limit=-1) == []
    assert reports.exchanges(kind="' OR 1 --") == []


def test_an_exchange_comes_back_as_it_was_written(ledger_path, opening, closing):
    berlin = ZoneInfo("Europe/Berlin")
    write(
        ledger_path,
        berlin,
        opening("a", parent="p", model="asked", summary="Grüße, 世界 \udc80"),
        closing(
            "a",
            ending=Ending.REFUSED,
            outcome="deny",
            code="ignored-file",
            reason="because",
            guard="files",
            remarks=(RemarkRecord("files", "deny", "ignored-file", "because"), RemarkRecord("x", "ask", "y", "z")),
            approver="tui",
            upstream="anthropic",
            model="served",
            calls=2,
            status=200,
            usage=Usage(1, 2, 3, 4, 5, 1),
            cost=Cost(6, source="table"),
            redactions=7,
            cloud=(
                CloudRecord("s3", "rm", "delete", "prod", "eu-west-1", "https://e"),
                CloudRecord("s3", "ls", "read"),
            ),
        ),
    )
    line = Reports(ledger_path, berlin).exchange("a")
    assert line == ExchangeLine(
        id="a",
        parent="p",
        opened_at="2027-01-15T09:00:00.000+01:00",
        closed_at="2027-01-15T09:00:01.000+01:00",
        kind="model",
        client="cline",
        workspace="/w",
        tier="act",
        summary="Grüße, 世界 \\udc80",
        ending="refused",
        outcome="deny",
        code="ignored-file",
        reason="because",
        guard="files",
        approver="tui",
        upstream="anthropic",
        model_asked="asked",
        model="served",
        calls=2,
        status=200,
        redactions=7,
        input_tokens=1,
        cache_read_tokens=2,
        cache_write_tokens=7,
        output_tokens=5,
        cost_pd=6,
        unpriced="",
        remarks=[RemarkLine("files", "deny", "ignored-file", "because"), RemarkLine("x", "ask", "y", "z")],
        cloud=[CloudLine("s3", "rm", "delete", "prod", "eu-west-1", "https://e"), CloudLine("s3", "ls", "read")],
    )
    assert decode(encode(line), ExchangeLine) == line


def test_an_open_exchange_has_no_ending(ledger_path, opening):
    write(ledger_path, UTC_ZONE, opening("a"))
    line = Reports(ledger_path, UTC_ZONE).exchange("a")
    assert line is not None
    assert (line.closed_at, line.ending, line.cost_pd, line.remarks) == ("", "", None, [])


def test_what_calls_a_service_can_be_listed_alone(ledger_path, opening, closing):
    calls = (CloudRecord("s3", "ls", "read"),)
    lines = [(opening(f"{n:02}"), closing(f"{n:02}", cloud=calls if n % 3 == 0 else ())) for n in range(12)]
    write(ledger_path, UTC_ZONE, *(line for both in lines for line in both), opening("12"))
    reports = Reports(ledger_path, UTC_ZONE)
    assert [line.id for line in reports.exchanges(cloud=True)] == ["09", "06", "03", "00"]
    assert [line.id for line in reports.exchanges(1, before="09", kind="model", cloud=True)] == ["06"]
    assert reports.exchanges(kind="shell", cloud=True) == []


def test_what_calls_a_service_is_found_without_reading_what_calls_none(ledger_path):
    plans: list[list[str]] = []

    class Explained(Reports):
        def _read(self, sql, values):
            plans.append([row["detail"] for row in super()._read(f"EXPLAIN QUERY PLAN {sql}", values)])
            return super()._read(sql, values)

    for before, kind in (("", ""), ("9", ""), ("9", "shell")):
        Explained(ledger_path, UTC_ZONE).exchanges(5, before, kind, cloud=True)
    assert len(plans) == 3
    for first, *others in plans:
        assert "closing_cloud" in first
        assert not [step for step in others if step.startswith("SCAN") or "TEMP B-TREE" in step]


def test_unpriced_calls_are_in_every_total(ledger_path, opening, closing):
    usage = Usage(input=100, output=20)
    write(
        ledger_path,
        UTC_ZONE,
        *(opening(id_) for id_ in "abcde"),
        closing("a", calls=1, usage=usage, cost=Cost(1_000)),
        closing("b", calls=2, usage=usage, cost=Cost(None, "no price")),
        closing("c", calls=1, usage=usage),
        closing("d", calls=1, usage=usage, cost=Cost(10**30)),
        closing("e"),
    )
    reports = Reports(ledger_path, UTC_ZONE)
    assert reports.today(TODAY) == (5, 1_000, 4)
    total = reports.spend("model", 1, TODAY).total
    assert (total.unpriced_calls, total.unpriced_tokens) == (4, 360)
    reasons = {line.id: line.unpriced for line in reports.exchanges()}
    assert reasons["a"] == reasons["e"] == ""
    assert reasons["b"] == "no price"
    assert reasons["c"] == "nobody priced this call"
    assert "out of range" in reasons["d"]


def test_rows_carry_names_that_people_know(ledger_path, opening, closing):
    key = KeyStore(ledger_path).create("laptop")
    write(
        ledger_path,
        UTC_ZONE,
        opening("a", key_id=key.id, workspace="", model="asked"),
        opening("b", key_id="gone", workspace="/w"),
        closing("a", calls=1, cost=Cost(5)),
        closing("b", calls=1, cost=Cost(9), model="served"),
    )
    reports = Reports(ledger_path, UTC_ZONE)

    def names(by):
        return [row.name for row in reports.spend(by, 1, TODAY).rows]

    assert names("key") == ["gone", "laptop"]
    assert names("workspace") == ["/w", "unknown"]
    assert names("model") == ["served", "asked"]
    assert names("tier") == ["act"]
    assert names("day") == ["2027-01-15"]


def test_what_was_spent_is_told_by_all_that_a_budget_can_be_about(ledger_path, opening, closing):
    days = {"a": 14, "b": 15, "c": 15, "d": 15, "e": 15, "f": 16}
    write(
        ledger_path,
        UTC_ZONE,
        *(opening(id_, tier="plan" if id_ == "e" else "act") for id_ in days),
        *(
            closing(
                id_,
                at_ns=int(datetime(2027, 1, day, 12, tzinfo=UTC).timestamp()) * 10**9,
                calls=1,
                cost=Cost(None, "unknown") if id_ == "d" else Cost(10 ** (day - 14)),
                model="served",
                upstream=id_,
            )
            for id_, day in days.items()
        ),
    )
    rows = Reports(ledger_path, UTC_ZONE).spent_since(TODAY)
    assert sorted(rows, key=lambda row: (row.day, row.tier)) == [
        SpentRow("2027-01-15", "served", "act", "cline", "/w", "key-1", 20),
        SpentRow("2027-01-15", "served", "plan", "cline", "/w", "key-1", 10),
        SpentRow("2027-01-16", "served", "act", "cline", "/w", "key-1", 100),
    ]


ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")
# Days on which some of these zones set their clocks, and an ordinary one.
SWITCHES = [date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 11, 1), date(2026, 7, 4)]
MOMENTS = st.builds(
    lambda day, minutes: datetime.combine(day, time(), UTC) + timedelta(minutes=minutes),
    st.sampled_from(SWITCHES),
    st.integers(-30 * 60, 54 * 60),
)
COUNTS = st.integers(0, 2_000_000)
CALLS = st.fixed_dictionaries(
    {
        "at": MOMENTS,
        "model": st.sampled_from(["", "sonnet", "haiku"]),
        "tier": st.sampled_from(["plan", "act"]),
        "client": st.sampled_from(["cline", "codex", ""]),
        "workspace": st.sampled_from(["/a", "/b", ""]),
        "key_id": st.sampled_from(["k1", "k2"]),
        "calls": st.integers(1, 3),
        "usage": st.one_of(st.none(), st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)),
        "cost": st.one_of(
            st.none(), st.builds(Cost, st.integers(0, 10**14)), st.just(Cost(None, "unknown model", "table"))
        ),
    }
)


@settings(max_examples=25)
@given(calls=st.lists(CALLS, max_size=40), zone=st.sampled_from(ZONES))
def test_every_report_equals_the_raw_lines_to_the_picodollar(calls, zone, opening, closing):
    local = ZoneInfo(zone)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        prepare(path)
        lines = []
        for number, call in enumerate(calls):
            at_ns = int(call["at"].timestamp()) * 10**9 + 999_999_999
            about = {name: call[name] for name in ("tier", "client", "workspace", "key_id")}
            lines.append(opening(f"{number:04}", model="asked", **about))
            served = {name: call[name] for name in ("model", "calls", "usage", "cost")}
            lines.append(closing(f"{number:04}", at_ns=at_ns, **served))
        write(path, local, *lines)
        write(path, local, *lines)
        reports = Reports(path, local)
        for by in DIMENSIONS:
            report = reports.spend(by, 400, date(2026, 12, 31))
            assert {row.name: row for row in report.rows} == recomputed(calls, by, local)
            assert sum_of(report.rows) == report.total
        last = date(2026, 10, 25)
        since = [call for call in calls if call["at"].astimezone(local).date() >= last and call["cost"]]
        assert sum(row.picodollars for row in reports.spent_since(last)) == sum(
            call["cost"].picodollars or 0 for call in since
        )


def recomputed(calls, by, zone):
    groups: dict[str, list[SpendRow]] = {}
    for call in calls:
        name = {
            "day": call["at"].astimezone(zone).date().isoformat(),
            "model": call["model"] or "asked",
            "key": call["key_id"],
            **{name: call[name] for name in ("tier", "client", "workspace")},
        }[by] or "unknown"
        usage = call["usage"] or Usage()
        cost = call["cost"]
        tokens = usage.prompt + usage.output
        unpriced = cost.picodollars is None if cost else tokens > 0
        groups.setdefault(name, []).append(
            SpendRow(
                name,
                call["calls"],
                usage.input,
                usage.cache_read,
                usage.cache_write_5m + usage.cache_write_1h,
                usage.output,
                (cost.picodollars or 0) if cost else 0,
                call["calls"] if unpriced else 0,
                tokens if unpriced else 0,
            )
        )
    return {name: sum_of(rows, name) for name, rows in groups.items()}


def sum_of(rows, name="total"):
    fields = [field.name for field in SpendRow.__attrs_attrs__[1:]]
    return SpendRow(name, *(sum(getattr(row, field) for row in rows) for field in fields))


async def test_reports_can_be_asked_from_many_threads_while_lines_are_written(ledger_path, opening, closing):
    reports = Reports(ledger_path, UTC_ZONE)

    def write_some(start):
        for n in range(start, start + 20):
            write(ledger_path, UTC_ZONE, opening(f"{n:04}"), closing(f"{n:04}", calls=1, cost=Cost(1)))

    asked = [asyncio.to_thread(reports.spend, "model", 1, TODAY) for _ in range(20)]
    await asyncio.gather(asyncio.to_thread(write_some, 0), *asked)
    assert reports.today(TODAY) == (20, 20, 0)


def test_a_finding_comes_back_by_its_placeholder_as_it_was_last_seen(ledger_path, opening, closing):
    older = FindingRecord("SECRET_AWS_0A1B2C3D", "AWS", "old", "rules", "low", "0a" * 16)
    newer = FindingRecord("SECRET_AWS_0A1B2C3D", "AWS", "new", "rules", "high", "0a" * 16, 2)
    other = FindingRecord("SECRET_AWS_0A1B2C3DE", "AWS", "other", "rules", "high", "0b" * 16)
    found = {"1": (older,), "2": (other, newer), "3": ()}
    write(ledger_path, UTC_ZONE, *map(opening, found), *(closing(name, findings=found[name]) for name in found))
    reports = Reports(ledger_path, UTC_ZONE)
    assert reports.finding("SECRET_AWS_0A1B2C3D").rule == "new"
    assert reports.finding("SECRET_AWS_FFFFFFFF") is None
    assert reports.finding('"') is None
    assert [len(line.findings) for line in reports.exchanges()] == [0, 2, 1]
