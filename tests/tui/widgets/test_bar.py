from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion_tui.widgets.bar import bar


@given(st.integers(-10, 10**15), st.integers(-10, 10**15), st.integers(1, 80))
@settings(max_examples=200)
def test_it_fills_its_width(part: int, whole: int, width: int):
    filled, empty = bar(part, whole, width)
    assert len(filled) + len(empty) == width
    if whole > 0:
        assert (filled == "") == (part <= 0)
        assert (filled == "█" * width) == (part >= whole)


@pytest.mark.parametrize(
    ("part", "filled"), [(0, ""), (1, "▏"), (500, "█████"), (550, "█████▌"), (999, "█████████▉"), (2_000, "██████████")]
)
def test_eighths(part: int, filled: str):
    assert bar(part, 1_000, 10)[0] == filled
