from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.message import Message

from companion_tui.messages import NearEnd, RowChosen, RowHighlighted
from companion_tui.widgets.rows import Cell, RowList, fit


@given(st.text(alphabet="ab漢字é ", max_size=30), st.integers(0, 20))
@settings(max_examples=200)
def test_fit_has_exactly_the_width(text: str, width: int):
    fitted = fit(text, width)
    assert cell_len(fitted) == width
    if cell_len(text) <= width:
        assert fitted.rstrip() == text.rstrip()


def draw(row: str, width: int) -> list[Cell]:
    return [(fit(row, width), "good")]


class ListApp(App[None]):
    def __init__(self, *, follow: bool = False) -> None:
        super().__init__()
        self.list = RowList[str](str, draw, id="rows", follow=follow)
        self.told: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.list

    def on_row_highlighted(self, event: RowHighlighted) -> None:
        self.told.append(event)

    def on_row_chosen(self, event: RowChosen) -> None:
        self.told.append(event)

    def on_near_end(self, event: NearEnd) -> None:
        self.told.append(event)


async def test_the_highlight_keeps_its_key_when_rows_come_and_its_place_when_it_goes():
    app = ListApp()
    async with app.run_test(size=(20, 5)) as pilot:
        app.list.show(["a", "b", "c"])
        await pilot.press("j")
        assert app.list.row == "b"
        app.list.show(["x", "a", "b", "c"])
        assert app.list.row == "b"
        app.list.show(["x", "a", "c"])
        assert app.list.row == "c"
        app.list.show([])
        assert app.list.row is None
        await pilot.press("j", "enter", "end", "pagedown")
        await pilot.pause()
        keys = [event.key for event in app.told if isinstance(event, RowHighlighted)]
        assert keys == ["a", "b", "c", ""]


async def test_a_following_list_stays_on_its_first_row_until_it_has_the_focus():
    app = ListApp(follow=True)
    async with app.run_test(size=(20, 5)) as pilot:
        app.set_focus(None)
        await pilot.pause()
        app.list.show(["b"])
        app.list.show(["a", "b"])
        assert app.list.row == "a"
        app.list.focus()
        await pilot.pause()
        app.list.show(["0", "a", "b"])
        assert app.list.row == "a"


@pytest.mark.parametrize(
    ("keys", "row"),
    [
        (["end"], "row 99999"),
        (["end", "home"], "row 0"),
        (["pagedown"], "row 9"),
        (["pagedown", "pageup", "k"], "row 0"),
        (["G", "k"], "row 99998"),
    ],
)
async def test_keys_in_a_long_list(keys: list[str], row: str):
    app = ListApp()
    async with app.run_test(size=(20, 10)) as pilot:
        app.list.show([f"row {number}" for number in range(100_000)])
        await pilot.press(*keys)
        assert app.list.row == row
        top, height = app.list.scroll_offset.y, app.list.size.height
        assert top <= app.list.highlight < top + height


async def test_a_click_highlights_and_a_double_click_chooses():
    app = ListApp()
    async with app.run_test(size=(20, 5)) as pilot:
        app.list.show(["a", "b"])
        await pilot.pause()
        await pilot.click("#rows", offset=(3, 1))
        assert app.list.row == "b"
        await pilot.click("#rows", offset=(3, 4))
        assert app.list.row == "b"
        await pilot.click("#rows", offset=(3, 1), times=2)
        await pilot.pause()
        assert [event.key for event in app.told if isinstance(event, RowChosen)] == ["b"]
