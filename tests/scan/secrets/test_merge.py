from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from companion.model.facts import Confidence
from companion.policy.redaction import PLACEHOLDER
from companion.scan.secrets.engine import Span
from companion.scan.secrets.merge import merge, without_placeholders

OURS = "SECRET_AWS_1A2B3C4D"


def span(start: int, end: int, rule: str = "r", confidence: Confidence = Confidence.HIGH) -> Span:
    return Span(start, end, "T", rule, "e", confidence)


spans = st.lists(
    st.builds(
        lambda start, length, sure: span(start, start + length, f"{start}", sure),
        st.integers(0, 60),
        st.integers(1, 20),
        st.sampled_from(Confidence),
    ),
    max_size=12,
)


@given(spans)
def test_merged_spans_cover_the_same_characters_and_never_overlap(many: list[Span]) -> None:
    merged = merge(many)
    assert all(left.end <= right.start for left, right in pairwise(merged))
    assert {c for s in merged for c in range(s.start, s.end)} == {c for s in many for c in range(s.start, s.end)}


def test_the_strongest_names_the_union() -> None:
    low, high, longer = span(0, 20, "low", Confidence.LOW), span(5, 10, "high"), span(8, 16, "longer")
    assert merge([low, high]) == [span(0, 20, "high")]
    assert merge([low, high, longer]) == [span(0, 20, "longer")]
    assert merge([span(3, 6, "first"), span(3, 6, "second")]) == [span(3, 6, "first")]


def test_neighbours_stay_apart() -> None:
    assert merge([span(4, 8), span(0, 4)]) == [span(0, 4), span(4, 8)]


def test_what_is_hidden_already_is_no_secret() -> None:
    text = f"key={OURS}"
    assert without_placeholders(text, [span(4, len(text))]) == []
    text = f"key={OURS}-and-more-{OURS}x"
    (rest,) = without_placeholders(text, [span(4, len(text))])
    assert text[rest.start : rest.end] == "-and-more-"


@given(st.lists(st.sampled_from([OURS, "abcdefghij", "SECRET_", "x"]), max_size=6).map("".join), spans)
def test_no_placeholder_is_ever_hidden_again(text: str, many: list[Span]) -> None:
    rest = without_placeholders(text, [s for s in many if s.end <= len(text)])
    for match in PLACEHOLDER.finditer(text):
        assert all(s.end <= match.start() or s.start >= match.end() for s in rest)
