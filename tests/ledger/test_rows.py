import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.ledger.commit import Committer
from companion.ledger.rows import local_day
from companion.ledger.store import prepare
from companion.model.money import Cost, Usage
from companion.model.record import CloudRecord, RemarkRecord

ANY_INT = st.integers(-(10**40), 10**40)
ANY_TEXT = st.text(st.characters(), max_size=20)


@pytest.fixture(scope="module")
def committer(tmp_path_factory, utc):
    path = tmp_path_factory.mktemp("rows") / "ledger.db"
    prepare(path)
    made = Committer(path, utc)
    yield made
    made.disconnect()


@settings(max_examples=60)
@given(
    number=st.integers(0, 2**60),
    texts=st.tuples(ANY_TEXT, ANY_TEXT, ANY_TEXT),
    ints=st.tuples(ANY_INT, ANY_INT, ANY_INT),
    usage=st.builds(Usage, ANY_INT, ANY_INT, ANY_INT, ANY_INT, ANY_INT, ANY_INT, st.lists(ANY_TEXT).map(tuple)),
    cost=st.one_of(st.none(), st.builds(Cost, st.one_of(st.none(), ANY_INT), ANY_TEXT, ANY_TEXT)),
)
def test_whatever_a_record_holds_its_line_is_kept(committer, number, texts, ints, usage, cost, opening, closing):
    id_ = f"{number:020}"
    lines = [
        opening(id_, summary=texts[0], model=texts[1], workspace=texts[2], at_ns=ints[0]),
        closing(
            id_,
            at_ns=ints[0],
            reason=texts[0],
            remarks=(RemarkRecord(*texts, "x"),),
            cloud=(CloudRecord(*texts, *texts),),
            calls=ints[1],
            status=ints[2],
            usage=usage,
            cost=cost,
        ),
    ]
    assert committer.commit(lines, survive_power_loss=False) == []


def test_a_count_that_cannot_be_is_flagged(committer, opening, closing):
    lines = [opening("x"), closing("x", usage=Usage(input=-3, output=10**12, flags=("odd",)))]
    committer.commit(lines, survive_power_loss=False)
    kept = committer._connection.execute("SELECT input, output, usage_flags FROM closing WHERE id = 'x'").fetchone()
    assert kept == (0, 10**10, '["odd", "tokens-out-of-range"]')


def test_a_cost_is_known_or_has_a_reason_for_not_being_so(committer, opening, closing):
    committer.commit([opening("y"), closing("y", cost=Cost(None))], survive_power_loss=False)
    select = "SELECT cost_pd, unpriced, calls FROM closing WHERE id = 'y'"
    assert committer._connection.execute(select).fetchone() == (None, "the price is unknown", 1)
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        committer._connection.execute(
            "INSERT INTO closing SELECT 'z', at_ns, local_day, ending, outcome, code, reason, guard, remarks, "
            "approver, upstream, model, calls, status, redactions, input, cache_read, cache_write_5m, cache_write_1h, "
            "output, reasoning, usage_flags, 5, 'unknown', price_source, findings, cloud FROM closing WHERE id = 'y'"
        )


@pytest.mark.parametrize(
    ("seconds", "zone", "day"),
    [
        (0, "UTC", "1970-01-01"),
        # 23:59:59 and midnight of the day on which Berlin's clocks go back: it has 25 hours.
        (1_792_879_199, "Europe/Berlin", "2026-10-24"),
        (1_792_879_200, "Europe/Berlin", "2026-10-25"),
        (1_792_879_200 + 25 * 3_600 - 1, "Europe/Berlin", "2026-10-25"),
        (1_792_879_200 + 25 * 3_600, "Europe/Berlin", "2026-10-26"),
        # A zone that is 5 hours and 45 minutes ahead.
        (1_792_865_699, "Asia/Kathmandu", "2026-10-24"),
        (1_792_865_700, "Asia/Kathmandu", "2026-10-25"),
    ],
)
def test_a_line_falls_on_the_local_day(seconds, zone, day):
    from zoneinfo import ZoneInfo

    assert local_day(seconds * 10**9 + 999_999_999, ZoneInfo(zone)) == day


def test_a_line_falls_on_the_day_that_it_is_charged_to(committer, opening, closing):
    committer.commit([opening("charged"), closing("charged", day="2026-02-28", calls=1)], survive_power_loss=False)
    query = "SELECT c.local_day, r.calls FROM closing AS c JOIN roll_day AS r USING (local_day) WHERE c.id = 'charged'"
    assert committer._connection.execute(query).fetchall() == [("2026-02-28", 1)]
