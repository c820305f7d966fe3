import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.scan.secrets.disguises import View, apart, apart_before, joined, triggers
from companion.scan.secrets.engine import TooMuchError
from companion.scan.secrets.rules import OwnRules
from tests.scan.secrets.adversarial import GH, PASSWORD

ENGINE = OwnRules()
VALUE = "hunter2-Correct/Horse+99x"
JOINTS = [
    '" + "',
    '" +\n    "',
    "' . '",
    "\n",
    "\r\n    ",
    "\\\n",
    "\\n",
    "\n+ ",
    "\n> ",
    '"\n      "',
    "\u200b",
    "`+`",
]


@given(st.text(max_size=30), st.data())
def test_a_view_knows_where_its_letters_stand(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    edits = [(low, high, data.draw(st.text(max_size=2))[:1]) for low, high in zip(cuts[::2], cuts[1::2], strict=False)]
    view = View.of(text, 0, len(text), edits)
    rest = list(text)
    for low, high, instead in reversed(edits):
        rest[low:high] = instead
    assert view.text == "".join(rest)
    for at, letter in enumerate(view.text):
        place = view.place(at)
        edited = [instead for low, _, instead in edits if low == place and instead]
        assert text[place] == letter or edited == [letter]


@given(st.integers(1, len(VALUE) - 1), st.sampled_from(JOINTS), st.text("ab \n", max_size=5))
def test_a_value_in_two_pieces_is_found_from_either_end(cut: int, joint: str, around: str) -> None:
    text = f"{around}<{VALUE[:cut]}{joint}{VALUE[cut:]}>{around}"
    start, end = len(around) + 1, len(text) - len(around) - 1
    assert apart(text, start, VALUE) == end
    assert apart_before(text, end, VALUE) == start


def test_another_value_is_not() -> None:
    assert apart("hunter2-\nWrong", 0, VALUE) == -1
    assert apart_before("Wrong\nHorse+99x", 15, VALUE) == -1
    assert apart("\n".join(VALUE), 0, VALUE) == -1


@pytest.mark.parametrize("joint", JOINTS[:-2])
def test_a_token_in_pieces_is_hidden_with_what_joins_it(joint: str) -> None:
    text = f"= '{GH[:17]}{joint}{GH[17:]}' end"
    assert text.index(GH[:17]) in {span.start for span in ENGINE.find(text)}
    assert max(span.end for span in ENGINE.find(text)) == text.index("' end")


def test_what_is_in_one_piece_needs_no_view() -> None:
    assert joined(f"{GH} and", 0) is None
    assert joined(f"x{GH[:9]}\n{GH[9:]}", 1) is None


@pytest.mark.parametrize(
    "form",
    [
        "".join(f"\\u{ord(c):04x}" for c in GH), "".join(f"%{ord(c):02x}" for c in GH),
        "".join(f"&#x{ord(c):02x};" for c in GH),
        GH.encode().hex(), GH.encode().hex().upper(), "\u200c".join(GH),
    ],
    ids=["unicode", "percent", "entities", "hex", "upper-hex", "invisible"],
)  # fmt: skip
def test_an_encoded_token_is_hidden_as_it_stands(form: str) -> None:
    text = f"é 😀 {form} end"
    assert form in {text[span.start : span.end] for span in ENGINE.find(text)}


def test_ordinary_escapes_and_hashes_hold_nothing() -> None:
    for text in ("\\u0041\\u0042 \\x1b[0m %20%41", "6768705f" * 8, "&#169; 2026", f"a{chr(0x200B)}b"):
        assert ENGINE.find(text) == []


def test_a_password_in_base64_is_hidden() -> None:
    text = "data: aHR0cHM6Ly9oLyBEQl9QQVNTV09SRD1LeDchbVEydlI5ekwK"  # of "https://h/ DB_PASSWORD=" and a password
    (span,) = ENGINE.find(text)
    assert text[span.start : span.end] == text[6:]
    assert PASSWORD not in text


def test_more_codes_than_anybody_writes_are_refused() -> None:
    with pytest.raises(TooMuchError):
        ENGINE.find(" ".join(["6768705f" + "41" * 12] * 400))


def test_triggers_are_in_lower_case() -> None:
    assert all(trigger == trigger.lower() for trigger in triggers(["ghp_", "sk-ant-"]))
