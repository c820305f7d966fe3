"""What is compared of a text is the same however a tool shows it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.scan.fingerprints.text import compared, views

PROSE = 'The Harbour owes 12 crowns,\n  and a "Barrel" of tar;\n\treturn none_of[it]\n'

SHOWN = {
    "as it is": PROSE,
    "another indent": "\n".join("      " + line.strip() for line in PROSE.split("\n")),
    "upper case": PROSE.upper(),
    "cat -n": "\n".join(f"{n:6d}\t{line}" for n, line in enumerate(PROSE.split("\n"), 1)),
    "arrow": "\n".join(f"{n:6d}→{line}" for n, line in enumerate(PROSE.split("\n"), 1)),
    "bar": "\n".join(f"{n} │ {line}" for n, line in enumerate(PROSE.split("\n"), 1)),
    "diff": "\n".join("+" + line for line in PROSE.split("\n")),
    "quoted": "\n".join("> " + line for line in PROSE.split("\n")),
    "JSON": json.dumps(PROSE),
    "JSON in JSON": json.dumps(json.dumps(PROSE)),
    "CRLF": PROSE.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_the_same_text_is_the_same(name):
    whole = compared(PROSE.encode())
    # A number at the very end of a listing has no line behind it.
    assert compared(SHOWN[name].encode()).startswith(whole)


def test_escapes_of_other_letters_are_the_letters():
    assert compared("größer als ñandú".encode()) == compared(json.dumps("größer als ñandú").encode())


def test_numbers_and_paths_in_front_of_lines_are_left_out_in_a_second_view():
    rows = ["1234, 5678, 91011", "1213, 1415, 1617", "1819, 2021, 2223"]
    plain = compared("\n".join(rows).encode())
    for shown in (
        "\n".join(f"{n}:{row}" for n, row in enumerate(rows, 9)),
        "\n".join(f"data/rows.csv:{n}:{row}" for n, row in enumerate(rows, 9)),
        "\n".join(f"data/rows.csv:{row}" for row in rows),
    ):
        assert plain in [view.norm for view in views(shown.encode())]


@given(st.text(max_size=200) | st.text(alphabet="ab1 \n\\nut:+é→│", max_size=200))
def test_law_each_compared_byte_leads_back_to_its_place(text):
    data = text.encode("utf-8", "replace")
    for view in views(data):
        asked = view.offsets()
        offsets = [asked[number] for number in range(len(view.norm))]
        with pytest.raises(IndexError):
            asked[len(view.norm)]
        assert offsets == sorted(set(offsets))
        if "\\" not in text:
            assert bytes(data[at] for at in offsets).lower() == view.norm


@given(st.integers(0, 5_000), st.integers(0, 5_000))
def test_law_places_far_into_a_text_are_found(before, gap):
    """`norm` is the letters; where they stand is counted over blocks of a thousand bytes."""
    data = b" " * before + b"a" * 2_000 + b"." * gap + b"z"
    [view] = views(data)
    offsets = view.offsets()
    assert [offsets[0], offsets[1_999], offsets[2_000]] == [before, before + 1_999, before + 2_000 + gap]


@given(st.binary(max_size=300))
def test_law_any_bytes_can_be_compared(data):
    assert not set(compared(data)) & set(b'ABC \n\t.,:+-\\"')
