import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.scan.secrets import places
from companion.scan.secrets.engine import TooMuchError
from companion.scan.secrets.places import Places, lower

LITERALS = ["token", "to", "key", "비번", "\u200b", "://", "\\u00", "$1$"]
EXPRESSIONS = [r"\d\.\d{1,3}\.\d{1,3}[^0-9.]"]


@pytest.fixture(scope="module")
def slow() -> Places:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "_PACKAGE", "no_such_module")
        found = Places(LITERALS)
    assert not found.fast
    return found


QUICK = Places(LITERALS)
texts = st.lists(
    st.sampled_from([*LITERALS, "TOKEN", "tOKeN", "K\u212aey", "é", "\ud800", "😀", "İ", " "]) | st.text(max_size=3),
    max_size=14,
).map("".join)


@given(texts)
def test_a_place_is_where_the_literal_stands(slow: Places, text: str) -> None:
    lowered = lower(text)
    wanted = sorted(
        (start, number)
        for number, literal in enumerate(LITERALS)
        for start in range(len(text))
        if lowered.startswith(literal, start)
    )
    assert QUICK.find(text) == wanted
    assert slow.find(text) == wanted


@pytest.mark.parametrize("package", ["hyperscan", "no_such_module"])
def test_expressions_are_numbered_after_the_literals(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_PACKAGE", package)
    found = Places(LITERALS, EXPRESSIONS)
    assert found.find("é key 1.2.3 and v4.5.6.7\n") == [(2, 2), (6, len(LITERALS)), (19, len(LITERALS))]


@pytest.mark.parametrize("package", ["hyperscan", "no_such_module"])
def test_a_text_of_nothing_else_is_refused(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_PACKAGE", package)
    found = Places(LITERALS)
    assert len(found.find("key" * 20_000)) == 20_000
    with pytest.raises(TooMuchError):
        found.find("key" * 40_000)


def test_lower_keeps_every_character_in_its_place() -> None:
    assert lower("İABCé") == "İabcé"
    assert lower("ABC") == "abc"
