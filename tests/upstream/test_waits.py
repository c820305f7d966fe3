from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.upstream.waits import LONGEST_SECONDS, named_wait, reset_wait

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-7"}, 0.0),
        ({"retry-after": "Mon, 01 Jun 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Mon, 01 Jun 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "Mon, 01 Jun 2026 14:00:30 +0200"}, 30.0),
        ({"retry-after": "2026-06-01T12:00:09Z"}, 9.0),
        ({"retry-after": "99999999"}, LONGEST_SECONDS),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e999"}, None),
        ({"retry-after": "Mon, 99 Jun 2026 12:00:30 GMT"}, None),
        ({"retry-after": ","}, None),
        ({"retry-after": ""}, None),
        ({"retry-after-ms": "20"}, 0.02),
        ({"retry-after-ms": "20", "retry-after": "9"}, 0.02),
        ({"retry-after-ms": "?", "retry-after": "9"}, 9.0),
        # By the upstream's own clock, an hour ahead of ours.
        ({"retry-after": "Mon, 01 Jun 2026 13:00:30 GMT", "date": "Mon, 01 Jun 2026 13:00:00 GMT"}, 30.0),
        ({"x-ratelimit-reset-tokens": "9s"}, None),
    ],
)
def test_retry_after(headers, seconds):
    assert named_wait(list(headers.items()), NOON) == seconds


def test_the_first_of_two_counts():
    assert named_wait([("retry-after", "1"), ("retry-after", "2")], NOON) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"anthropic-ratelimit-requests-reset": "2026-06-01T12:00:04Z"}, 4.0),
        ({"anthropic-ratelimit-requests-reset": "2026-06-01T14:00:04+02:00"}, 4.0),
        ({"anthropic-ratelimit-requests-reset": "2026-06-01T12:00:04"}, 4.0),
        (
            {
                "anthropic-ratelimit-requests-reset": "2026-06-01T12:00:04Z",
                "anthropic-ratelimit-requests-remaining": "3",
                "anthropic-ratelimit-input-tokens-reset": "2026-06-01T12:00:40Z",
                "anthropic-ratelimit-input-tokens-remaining": "0",
                "anthropic-ratelimit-output-tokens-reset": "2026-06-01T12:00:50Z",
                "anthropic-ratelimit-output-tokens-remaining": "0",
            },
            50.0,
        ),
        ({"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-reset-tokens": "20ms"}, 0.02),
        (
            {
                "x-ratelimit-reset-requests": "1m1.5s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "20ms",
                "x-ratelimit-remaining-tokens": "149984",
            },
            61.5,
        ),
        ({"x-ratelimit-reset-requests": "7.66"}, 7.66),
        ({"x-ratelimit-reset-requests": "1d"}, LONGEST_SECONDS),
        ({"x-ratelimit-reset-requests": "s"}, None),
        ({"x-ratelimit-reset-requests": "1m soon"}, None),
        ({"anthropic-ratelimit-requests-reset": "never"}, None),
        ({"anthropic-ratelimit-requests-limit": "4"}, None),
    ],
)
def test_limits_that_are_reset(headers, seconds):
    assert reset_wait(list(headers.items()), NOON) == seconds


names = st.sampled_from(
    [
        "retry-after",
        "retry-after-ms",
        "date",
        "x-ratelimit-reset-a",
        "x-ratelimit-remaining-a",
        "anthropic-ratelimit-a-reset",
    ]
)
values = st.text(alphabet=st.characters(max_codepoint=255), max_size=40) | st.from_regex(
    r"[0-9]{1,30}(ms|[dhms]|[.][0-9]{1,30}s)?|[0-9]{1,5}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?Z?"
    r"|[A-Z][a-z]{2}, [0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,9} [0-9]{2}:[0-9]{2}:[0-9]{2} ([+-][0-9]{1,9}|GMT)",
    fullmatch=True,
)


@given(st.lists(st.tuples(names, values), max_size=5))
def test_whatever_they_say_it_is_a_wait_or_none(headers):
    for seconds in (named_wait(headers, NOON), reset_wait(headers, NOON)):
        assert seconds is None or 0 <= seconds <= LONGEST_SECONDS
