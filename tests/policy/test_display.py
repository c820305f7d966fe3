from __future__ import annotations

import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from companion.policy.display import one_line, visible


@given(st.text(max_size=80))
def test_nothing_invisible_or_steering_passes(text):
    for character in visible(text).replace("\n", ""):
        assert character == " " or character.isprintable()
        assert unicodedata.category(character) not in {"Cc", "Cf", "Mn", "Me", "Zs", "Zl", "Zp"} or character == " "


def test_over_all_code_points_only_the_newline_passes_raw():
    raw = [point for point in range(sys.maxunicode + 1) if visible(chr(point)) == chr(point)]
    assert not any(unicodedata.category(chr(point))[0] == "C" for point in raw if point != 0x0A)
    assert 0x202E not in raw
    assert 0x3164 not in raw


@given(st.text(max_size=400))
def test_one_line_is_one_line_and_says_what_it_hides(text):
    line = one_line(text, 50)
    assert "\n" not in line
    assert len(line) <= 50 or "more)" in line


def test_ordinary_text_stays():
    assert visible("rm -rf 'böse' # ok\n") == "rm -rf 'böse' # ok\n"
    assert visible("a\u202eb\x1b[2J") == "a<U+202E>b<U+001B>[2J"
