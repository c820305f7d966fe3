import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.facts import KEPT
from companion.scan.secrets.known import KnownValues, spellings

VALUE = 'pa$$ "word"\\é+/12'


def known(*values: str, certain: bool = True) -> KnownValues:
    values_known = KnownValues()
    for value in values:
        values_known.add(value, "ENV", ".env", certain=certain)
    return values_known


@pytest.mark.parametrize(
    "form", [VALUE, quote(VALUE, safe=""), json.dumps(VALUE)[1:-1], json.dumps(VALUE, ensure_ascii=False)[1:-1]]
)
def test_a_value_is_found_in_each_spelling(form: str) -> None:
    text = f"x{form}y {form}"
    hits = known(VALUE).find(text)
    assert {(hit.start, hit.end) for hit in hits} >= {(1, 1 + len(form)), (len(text) - len(form), len(text))}


@given(st.binary(max_size=7), st.binary(max_size=7), st.sampled_from(["hunter22!", "a8Fk29sLqP0zX", "ünïcödé-12"]))
def test_base64_holds_it_at_every_alignment(before: bytes, after: bytes, value: str) -> None:
    encoded = base64.b64encode(before + value.encode() + after).decode()
    (hit,) = known(value).find(encoded)
    # At most six bits at either edge stay: less than a character.
    assert hit.end - hit.start >= len(value.encode()) * 8 // 6 - 1


def test_many_values_are_found_like_few() -> None:
    values = [f"value-{n}-{n * 7919 % 1000:03}" for n in range(100)]
    text = " ".join(values)
    hits = known(*values).find(text)
    assert {text[hit.start : hit.end] for hit in hits} == set(values)


@pytest.mark.parametrize("package", ["hyperscan", "no_such_module"])
def test_however_many_there_are_each_occurrence_is_found(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("companion.scan.secrets.prefilter._PACKAGE", package)
    values, forms = KnownValues(), {}
    for number in range(60):
        value = f"v{number * number % 7}-é{number:02}-{'ab' * (number % 3)}$x"
        forms |= dict.fromkeys(spellings(value), values.add(value, "ENV", ".env", certain=True))
        text = " ".join([f"<{form}{form}" for form in forms][-30:] + list(forms)[:5]) + "\n\ud800"
        wanted = {
            (start, start + len(form), place)
            for form, place in forms.items()
            for start in range(len(text))
            if text.startswith(form, start)
        }
        assert {(hit.start, hit.end, hit.value) for hit in values.find(text)} == wanted
        assert values.is_prepared


def test_only_what_came_later_is_looked_for_again() -> None:
    values = known("first-value-1")
    count = values.count
    values.add("second-value-2", "ENV", ".env", certain=False)
    (hit,) = values.find("first-value-1 second-value-2", since=count)
    assert hit.start == 14
    assert not values.is_certain(hit.value)
    assert values.entry(hit.value) == ("ENV", ".env")


def test_a_value_that_was_certain_once_stays_so() -> None:
    values = known("first-value-1", certain=False)
    number = values.add("first-value-1", "AWS", "other", certain=True)
    assert values.is_certain(number)
    assert values.add("first-value-1", "AWS", "other", certain=False) == number
    assert values.is_certain(number)


@pytest.mark.parametrize("value", ["short1", "companion", ""])
def test_what_is_too_common_is_not_learnt(value: str) -> None:
    values = KnownValues()
    assert values.add(value, "ENV", ".env", certain=True) == -1
    assert values.count == 0


def test_it_is_bounded_and_forgets_the_oldest() -> None:
    values = KnownValues(limit=100)
    for n in range(100):
        values.add(f"value-number-{n:04}", "ENV", ".env", certain=True)
        assert values.find(f"value-number-{n:04}")
    assert not values.find("value-number-0000")
    assert values.count > 100


@pytest.mark.parametrize("limit", [1, 20, 64, 75, 100, 130, 300, 1000])
def test_whatever_it_forgot_a_value_is_found_in_all_its_spellings_or_can_be_learnt_again(limit: int) -> None:
    values = KnownValues(limit=limit)
    for n in range(200):
        latest = f"välue/number-{n:04}"
        number = values.add(latest, "ENV", ".env", certain=True)
        assert {form for form in spellings(latest) if values.find(form)} == set(spellings(latest))
        earlier = f"välue/number-{n // 2:04}"
        again = values.add(earlier, "ENV", ".env", certain=True)
        for form in spellings(earlier):
            assert again in {hit.value for hit in values.find(form)}
        assert values.entry(number) == ("ENV", ".env")


def test_spellings_are_long_enough_to_be_told_from_chance() -> None:
    assert all(len(form) >= 8 for form in spellings("12345678"))


def test_a_fork_knows_the_same_and_learns_for_itself() -> None:
    known = KnownValues()
    first = known.add("first-value-1", KEPT, ".env", certain=True)
    fork = known.fork()
    second, third = (
        known.add("second-value-2", "X", "x", certain=True),
        fork.add("third-value-3", "Y", "y", certain=False),
    )
    text = "first-value-1 second-value-2 third-value-3"
    assert {hit.value for hit in known.find(text)} == {first, second}
    assert {hit.value for hit in fork.find(text)} == {first, third}
    assert (known.value(second), fork.value(third)) == ("second-value-2", "third-value-3")
    assert (fork.is_certain(first), fork.is_certain(third), known.count == fork.count) == (True, False, True)


def test_it_tells_which_file_keeps_a_value() -> None:
    known = KnownValues()
    known.add("first-value-1", KEPT, ".env.local", certain=True)
    known.add("second-value-2", "X", "x", certain=True)
    assert [known.env_file(value) for value in ("first-value-1", "second-value-2", "none")] == [".env.local", "", ""]
