from datetime import UTC, datetime

import pytest
from genai_prices import Usage as CountedUsage
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given
from hypothesis import strategies as st

from companion.ledger.tariff import Entry
from companion.model.money import Usage, to_picodollars

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
ENTRIES = [Entry(provider, model) for provider in get_snapshot().providers for model in provider.models]
KINDS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")


def by_the_catalogue(entry, usage):
    counted = CountedUsage(
        input_tokens=usage.prompt,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write_5m + usage.cache_write_1h,
        cache_write_1h_tokens=usage.cache_write_1h,
        output_tokens=usage.output,
    )
    price = entry.model.calc_price(counted, entry.provider, genai_request_timestamp=AT)
    return to_picodollars(price.total_price)


def agree(entry, usage):
    cost = entry.cost(usage, AT)
    if not entry.free and cost.picodollars is not None:
        assert cost.picodollars == by_the_catalogue(entry, usage), entry.name


counts = st.one_of(
    st.integers(0, 400_000), st.sampled_from([0, 1, 32_000, 128_000, 199_999, 200_000, 200_001, 272_000, 272_001])
)
usages = st.builds(Usage, **dict.fromkeys(KINDS, counts))


@pytest.mark.parametrize("prompt", [0, 1, 31_999, 128_001, 200_000, 200_001, 272_001, 524_289, 2_000_000])
def test_every_entry_of_the_catalogue_costs_what_the_catalogue_calculates(prompt):
    for entry in ENTRIES:
        agree(entry, Usage(input=prompt, output=1_234))
        agree(entry, Usage(input=prompt - prompt // 3, cache_read=prompt // 3, output=7))
        agree(entry, Usage(input=1, cache_read=prompt, cache_write_5m=991, cache_write_1h=997, output=3))


@given(st.sampled_from(ENTRIES), st.lists(usages, min_size=1, max_size=4))
def test_what_was_asked_before_changes_no_price(entry, asked):
    for usage in asked:
        agree(entry, usage)


@given(st.sampled_from(ENTRIES), usages, st.sampled_from(KINDS))
def test_a_negative_count_is_no_cost(entry, usage, kind):
    negative = Usage(**{one: getattr(usage, one) for one in KINDS} | {kind: -1})
    if not entry.free and entry.cost(usage, AT).picodollars is not None:
        with pytest.raises(ValueError, match="negative"):
            entry.cost(negative, AT)
