from hypothesis import example, given, settings
from hypothesis import strategies as st

from companion.policy.redaction import LONGEST_PLACEHOLDER, restore
from companion.policy.stream import RestoreFilter

VAULT = {
    "SECRET_AWS_1A2B3C4D": "first",
    "SECRET_PEM_00000000": 'two\n"lines"\\',
    "SECRET_SECRET_12345678": "odd",
    "SECRET_" + "X" * 32 + "_ABCDEF01": "long type",
}
PARTS = [
    *VAULT,
    "SECRET_",
    "SECRET_AWS_",
    "_",
    "S",
    "SEC",
    "1A2B3C4D",
    "SECRET_AWS_FFFFFFFF",
    "A" * 33,
    " ",
    "é\n",
    "AB12",
]

texts = st.lists(st.sampled_from(PARTS) | st.text(max_size=5), max_size=12).map("".join)


def cut(text: str, sizes: list[int]) -> list[str]:
    pieces, position = [], 0
    for size in sizes:
        pieces.append(text[position : position + size])
        position += size
    return [*pieces, text[position:]]


@settings(max_examples=400)
@given(texts, st.lists(st.integers(0, 12), max_size=40), st.booleans())
@example("SECRET_SECRET_12345678_ABCDEF12", [14, 8], False)
@example("SECRET_SECRET_AWS_1A2B3C4D", [17], False)
def test_any_chunking_restores_what_the_whole_text_restores(text: str, sizes: list[int], json_escaped: bool) -> None:
    stream = RestoreFilter(VAULT.get, json_escaped=json_escaped)
    out = "".join(map(stream.feed, cut(text, sizes))) + stream.flush()
    assert out == restore(text, VAULT.get, json_escaped=json_escaped)


@settings(max_examples=200)
@given(texts, st.lists(st.integers(1, 12), max_size=40))
def test_little_is_held_back(text: str, sizes: list[int]) -> None:
    stream = RestoreFilter(lambda _: None)
    given_out, fed = 0, 0
    for piece in cut(text, sizes):
        fed += len(piece)
        given_out += len(stream.feed(piece))
        assert 0 <= fed - given_out < LONGEST_PLACEHOLDER


def test_ordinary_text_passes_at_once() -> None:
    stream = RestoreFilter(VAULT.get)
    for delta in ("Hello", ", world", " secret_key ", "SECRETS ", "SECRET_aws", "1A2B3C4D"):
        assert stream.feed(delta) == delta
    assert stream.flush() == ""


def test_a_filter_can_be_used_again_after_its_flush() -> None:
    stream = RestoreFilter(VAULT.get)
    assert stream.feed("SECRET_AWS_1A") == ""
    assert stream.flush() == "SECRET_AWS_1A"
    assert stream.feed("2B3C4D SECRET_AWS_1A2B3C4D") == "2B3C4D first"
