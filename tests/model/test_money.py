from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.money import Usage, show_dollars, to_dollars, to_picodollars

INT64 = st.integers(-(2**63), 2**63 - 1)


@given(INT64)
def test_picodollars_survive_the_way_through_dollars(picodollars):
    assert to_picodollars(to_dollars(picodollars)) == picodollars


@given(st.lists(INT64.filter(lambda n: abs(n) < 10**15), max_size=20))
def test_sums_do_not_depend_on_where_the_conversion_happens(amounts):
    assert sum(map(to_dollars, amounts), Decimal(0)) == to_dollars(sum(amounts))


@pytest.mark.parametrize(
    ("dollars", "picodollars"),
    [
        ("0", 0),
        ("1", 10**12),
        ("0.000000000001", 1),
        # Half to even: neither always up nor always down.
        ("0.0000000000005", 0),
        ("0.0000000000015", 2),
        ("0.0000000000025", 2),
        ("0.00000000000251", 3),
        ("-0.0000000000015", -2),
        # One cached token of a small model: below a micro-dollar, and yet not nothing.
        ("0.00000001", 10_000),
    ],
)
def test_dollars_are_rounded_once_half_to_even(dollars, picodollars):
    assert to_picodollars(Decimal(dollars)) == picodollars


@pytest.mark.parametrize(
    ("picodollars", "shown"),
    [
        (0, "$0.00"),
        (1, "$0.000000000001"),
        (10_000, "$0.0000000100"),
        (999_999_999, "$0.001000"),
        (4_500_000_000, "$0.0045"),
        (17_000_000_000, "$0.0170"),
        (123_400_000_000, "$0.1234"),
        (999_999_999_999, "$1.00"),
        (-4_500_000_000, "-$0.0045"),
        (10**12, "$1.00"),
        (1_234_567 * 10**12, "$1,234,567.00"),
        (12_345_678_900_000, "$12.35"),
    ],
)
def test_amounts_for_people(picodollars, shown):
    assert show_dollars(picodollars) == shown


@given(INT64)
def test_nothing_but_nothing_is_shown_as_nothing(picodollars):
    assert (set(show_dollars(picodollars)) <= set("$-0.,")) == (picodollars == 0)


def test_a_prompt_is_all_of_its_buckets():
    assert Usage(input=1, cache_read=20, cache_write_5m=300, cache_write_1h=4_000, output=50_000).prompt == 4_321
