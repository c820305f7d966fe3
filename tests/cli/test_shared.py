import time

import click
import pytest

from companion.cli.shared import complain, local_time, plural


@pytest.fixture
def _tokyo(live_in):
    live_in("Asia/Tokyo")


@pytest.mark.usefixtures("_tokyo")
@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process cannot be changed here")
def test_times_are_shown_in_the_zone_of_the_machine():
    assert local_time("2026-03-14T20:15:30.123456+00:00") == "2026-03-15 05:15:30"
    assert local_time("2026-03-14T20:15:30+00:00", date=False) == "05:15:30"


@pytest.mark.parametrize("text", ["", "soon"])
def test_a_time_that_cannot_be_read_is_shown_as_it_came(text):
    assert local_time(text) == text


def test_plural():
    assert [plural(number, "call") for number in (0, 1, 1234)] == ["0 calls", "1 call", "1,234 calls"]


@pytest.mark.parametrize(
    ("following", "said"), [("companion up", "companion: no\nnext: companion up\n"), ("", "companion: no\n")]
)
def test_a_complaint_ends_in_the_next_command_where_there_is_one(capsys, following, said):
    complain("no", following)
    assert click.unstyle(capsys.readouterr().err) == said
