"""Each kind of failure, in the words and headers of the providers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.upstream.failures import Again, Failure, failure_of, failure_without_answer

HERE, ELSEWHERE, NEVER = Again


def error(status: int = 0, headers: dict[str, str] | None = None, **fields) -> Failure:
    return failure_of(status, list((headers or {}).items()), json.dumps({"error": fields}).encode(), 0.0)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_an_answer_that_serves_is_no_failure(status):
    assert failure_of(status, [], b'{"error": {"type": "budget_exceeded"}}', 0.0) is None


@pytest.mark.parametrize(
    ("status", "again", "trips", "throttled"),
    [
        (307, ELSEWHERE, False, False),
        (400, NEVER, False, False),
        (401, ELSEWHERE, False, False),
        (402, ELSEWHERE, False, False),
        (403, ELSEWHERE, False, False),
        (404, ELSEWHERE, False, False),
        (405, NEVER, False, False),
        (408, HERE, True, False),
        (409, HERE, False, False),
        (413, NEVER, False, False),
        (418, NEVER, False, False),
        (422, NEVER, False, False),
        (424, ELSEWHERE, True, False),
        (429, ELSEWHERE, False, True),
        (500, HERE, True, False),
        (501, ELSEWHERE, True, False),
        (502, HERE, True, False),
        (503, HERE, True, False),
        (504, HERE, True, False),
        (520, ELSEWHERE, True, False),
        (529, HERE, True, True),
        (999, ELSEWHERE, True, False),
    ],
)
def test_a_status_without_words(status, again, trips, throttled):
    failure = failure_of(status, [], b"", 0.0)
    assert (failure.again, failure.trips, failure.throttled) == (again, trips, throttled)
    assert failure.pauses == (status == 429)


@pytest.mark.parametrize(
    ("status", "body", "again", "trips"),
    [
        # A budget that the organisation has set, under the three statuses that LiteLLM has had for it.
        *[
            (status, {"error": {"type": "budget_exceeded", "code": str(status)}}, NEVER, False)
            for status in (400, 422, 429)
        ],
        (429, {"error": {"type": "insufficient_quota", "code": "insufficient_quota"}}, ELSEWHERE, False),
        (
            429,
            {
                "type": "error",
                "error": {"type": "rate_limit_error", "details": {"error_code": "enforced_spend_limit_reached"}},
            },
            NEVER,
            False,
        ),
        (429, {"error": {"type": "invalid_request_error", "code": "billing_hard_limit_reached"}}, NEVER, False),
        (429, {"error": {"code": "billing_not_active"}}, ELSEWHERE, False),
        (400, {"error": {"type": "invalid_request_error", "code": "model_not_found"}}, ELSEWHERE, False),
        (400, {"type": "error", "error": {"type": "overloaded_error"}}, HERE, True),
        (500, {"error": {"type": "throttling_error", "code": "429"}}, ELSEWHERE, False),
        (503, [{"error": {"code": 503, "status": "UNAVAILABLE"}}], HERE, True),
        (503, [{"error": {"code": "insufficient_quota"}}], ELSEWHERE, False),
        (401, {"error": {"type": "invalid_request_error", "code": "invalid_api_key"}}, ELSEWHERE, False),
        (500, {"type": "error", "error": {"type": "api_error"}}, HERE, True),
        # Words at the top, as some proxies have them.
        (400, {"type": "budget_exceeded"}, NEVER, False),
        (500, {"error": "BUDGET_EXCEEDED", "code": "Budget_Exceeded"}, NEVER, False),
    ],
)
def test_words_count_more_than_the_status(status, body, again, trips):
    failure = failure_of(status, [], json.dumps(body).encode(), 0.0)
    assert (failure.again, failure.trips) == (again, trips)


@pytest.mark.parametrize(
    ("status", "headers", "again", "wait", "pauses"),
    [
        (429, {"retry-after": "2"}, HERE, 2.0, True),
        (429, {"retry-after": "5"}, HERE, 5.0, True),
        (429, {"retry-after": "6"}, ELSEWHERE, 6.0, True),
        (429, {"retry-after-ms": "250", "retry-after": "9"}, HERE, 0.25, True),
        (429, {"retry-after": "1e9"}, ELSEWHERE, 3600.0, True),
        (429, {}, ELSEWHERE, 1.0, True),
        (429, {"retry-after": "soon"}, ELSEWHERE, 1.0, True),
        (429, {"x-ratelimit-reset-tokens": "1s"}, HERE, 1.0, True),
        (429, {"retry-after": "1", "x-should-retry": "false"}, ELSEWHERE, 1.0, True),
        (503, {"retry-after": "1"}, HERE, 1.0, False),
        (503, {"retry-after": "60"}, ELSEWHERE, 60.0, False),
        (500, {"x-ratelimit-reset-tokens": "1s"}, HERE, 0.0, False),
        (500, {"x-should-retry": "false"}, ELSEWHERE, 0.0, False),
        (500, {"x-should-retry": "true"}, HERE, 0.0, False),
        (400, {"retry-after": "1", "x-should-retry": "true"}, NEVER, 0.0, False),
        (404, {"retry-after": "1"}, ELSEWHERE, 0.0, False),
    ],
)
def test_what_the_headers_ask_for(status, headers, again, wait, pauses):
    failure = failure_of(status, list(headers.items()), b"", 0.0)
    assert (failure.again, failure.wait, failure.pauses) == (again, wait, pauses)


@pytest.mark.parametrize(
    ("status", "headers", "fields", "cause"),
    [
        (529, {}, {}, "529"),
        (529, {}, {"type": "overloaded_error", "message": "hush sk-ant-secret"}, "529 overloaded_error"),
        (400, {"retry-after": "9"}, {"type": "Overloaded_Error"}, "400 overloaded_error"),
        (500, {}, {"type": "sk-ant-secret", "code": "hush"}, "500"),
        (429, {"retry-after": "30"}, {}, "asked to be left alone for 30 s (429)"),
        (429, {"retry-after": "0.2"}, {}, "asked to be left alone for 1 s (429)"),
        (429, {"retry-after": "1e9"}, {}, "asked to be left alone for 3600 s (429)"),
        (429, {}, {"code": "rate_limit_exceeded"}, "too much to do (429 rate_limit_exceeded)"),
    ],
)
def test_the_cause_says_what_it_was_in_words_of_our_own(status, headers, fields, cause):
    assert error(status, headers, **fields).cause == cause


@pytest.mark.parametrize(
    ("kind", "again", "trips", "cause"),
    [
        ("connect", HERE, True, "no connection"),
        ("broken", HERE, True, "the connection broke"),
        ("timeout", ELSEWHERE, True, "no answer in time"),
        ("refused", ELSEWHERE, False, "companion may not ask it"),
    ],
)
def test_no_answer_at_all(kind, again, trips, cause):
    failure = failure_without_answer(kind)
    assert (failure.again, failure.trips, failure.pauses, failure.cause) == (again, trips, False, cause)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("budget_exceeded"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["error", "type", "code", "details", "error_code", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.integers(300, 999), json_values.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
def test_no_body_is_too_odd(status, body):
    assert isinstance(failure_of(status, [], body, 0.0), Failure)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"error":' * 100_000, b"9" * 100_000, b"\xff", b"[]", b"null"])
def test_nor_too_deep(body):
    assert failure_of(500, [], body, 0.0) == failure_of(500, [], b"", 0.0)
