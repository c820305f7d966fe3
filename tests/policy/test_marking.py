"""A part of a command is found again in the text that a person is shown."""

from hypothesis import given
from hypothesis import strategies as st

from companion.policy.display import visible
from companion.policy.marking import places, span

PLACEHOLDER = "SECRET_TOKEN_0A1B2C3D"


@given(st.text(max_size=60), st.data())
def test_without_secrets_a_part_is_shown_as_it_would_be_alone(raw, data):
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, len(raw)))
    where = places(raw, raw)
    if "SECRET_" in raw or where is None:
        return
    first, last = span(where, start, end)
    assert visible(raw)[first:last] == (visible(raw[start:end]) if end > start else "")


@given(st.text("abc \u202e", max_size=20), st.text("xyz", min_size=1, max_size=9), st.text("abc ", max_size=20))
def test_what_stands_beside_a_secret_keeps_its_place(before, secret, after):
    raw, scrubbed = f"{before}{secret}{after}", f"{before}{PLACEHOLDER}{after}"
    where = places(raw, scrubbed)
    assert where is not None
    shown = visible(scrubbed)
    first, last = span(where, 0, len(before))
    assert shown[first:last] == visible(before)
    first, last = span(where, len(before) + len(secret), len(raw))
    assert shown[first:last] == visible(after)


def test_a_text_that_is_another_has_no_places():
    assert places("rm x", "(shell withheld: it could not be searched for secrets)") is None


def test_parts_outside_of_the_text_are_none():
    assert span([0, 1, 2], 1, 9) == (0, 0)
