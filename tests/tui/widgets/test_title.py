from __future__ import annotations

import pytest
from textual.widgets import Static

from companion_tui.widgets.title import titled
from tests.tui.bench import bench


def test_without_a_failure_it_is_the_title_and_nothing_else():
    assert titled("Exchanges", "").plain == "Exchanges"


@pytest.mark.parametrize("size", [(120, 40), (120, 24), (80, 24), (80, 40)], ids=str)
async def test_a_failure_is_in_view_at_every_size_as_it_was_written(size: tuple[int, int]):
    panel = Static(classes="panel")
    async with bench(panel, size=size) as stand:
        panel.border_title = titled("Exchanges · [b]3[/]", "[red]no[/]")
        await stand.settle()
        assert "Exchanges · [b]3[/] · ! [red]no[/]" in stand.text
