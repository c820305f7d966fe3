from __future__ import annotations

from companion_tui.widgets.facts import Facts
from tests.tui.bench import bench


async def test_labels_keep_their_order_and_those_without_text_take_no_line():
    facts = Facts(("Why", "Hint", "From"), id="approval-facts")
    async with bench(facts) as stand:
        facts.show({"From": "cline", "Why": "it deletes", "Unheard": "of"})
        await stand.settle()
        assert stand.text.splitlines()[:3] == ["Why     it deletes", "From    cline", ""]
        facts.show({"Hint": "look first"})
        await stand.settle()
        assert stand.text.splitlines()[:2] == ["Hint    look first", ""]
        facts.show({})
        await stand.settle()
        assert not stand.text.strip()


async def test_a_text_is_drawn_as_it_is_and_wraps_beside_its_label():
    facts = Facts(("Why",), id="approval-facts")
    async with bench(facts, size=(40, 40)) as stand:
        facts.show({"Why": "[bold]not markup[/] " + "word " * 12})
        await stand.settle()
        first, second, *_ = stand.text.splitlines()
        assert first.startswith("Why     [bold]not markup[/]")
        assert second.startswith("        word")


async def test_a_long_text_leaves_room_for_what_stands_below_it():
    facts = Facts(("Why", "From"), id="approval-facts")
    async with bench(facts, size=(80, 24)) as stand:
        facts.show({"Why": "so " * 1_000, "From": "cline"})
        await stand.settle()
        assert "From    cline" in stand.text.splitlines()[2]
