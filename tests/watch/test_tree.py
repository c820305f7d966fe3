"""Changes below a folder are told, of allowed folders only, and a new folder's content is not lost."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress

import pytest

from companion.watch import tree
from companion.watch.tree import changes_below


def folders_of(start):
    """All folders but those called "left-out"."""
    found = []
    for folder, names, _ in os.walk(start):
        names[:] = [name for name in names if name != "left-out"]
        if not folder.endswith("left-out"):
            found.append(folder)
    return found


@pytest.fixture
async def watch(tmp_path):
    """Starts watching, and waits until a path that the caller names was told; what was told is in `seen`."""
    seen: set[str] = set()
    news = asyncio.Event()
    tasks = []

    async def start(**given):
        ready = asyncio.Event()

        async def run():
            async for paths in changes_below(
                tmp_path, given.get("folders_of", folders_of), turns_on=frozenset({"rules"})
            ):
                seen.update(path.removeprefix(f"{tmp_path}/") for path in paths)
                ready.set()
                news.set()

        tasks.append(asyncio.create_task(run()))
        await asyncio.wait_for(ready.wait(), 20)

    async def until(*paths):
        async with asyncio.timeout(20):
            while not set(paths) <= seen:
                news.clear()
                await news.wait()

    start.until, start.seen = until, seen
    yield start
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_file_that_changes_comes_or_goes_is_told(tmp_path, watch):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "old").write_text("x")
    await watch()
    (tmp_path / "sub" / "new").write_text("x")
    (tmp_path / "sub" / "old").unlink()
    await watch.until("sub/new", "sub/old")


async def test_what_is_put_into_a_folder_before_its_watch_begins_is_told(tmp_path, watch):
    await watch()
    for number in range(10):
        (tmp_path / f"n{number}" / "m").mkdir(parents=True)
        (tmp_path / f"n{number}" / "m" / "secret").write_text("x")
    await watch.until(*(f"n{number}/m/secret" for number in range(10)))
    (tmp_path / "n3" / "m" / "later").write_text("x")
    await watch.until("n3/m/later")


async def test_what_is_left_out_is_not_watched_until_the_rules_say_otherwise(tmp_path, watch):
    (tmp_path / "left-out").mkdir()
    rules = [folders_of]
    await watch(folders_of=lambda start: [*rules[0](start)])
    (tmp_path / "left-out" / "x").write_text("x")
    (tmp_path / "y").write_text("x")
    await watch.until("y")
    assert "left-out/x" not in watch.seen
    rules[0] = lambda start: [folder for folder, _, _ in os.walk(start)]
    (tmp_path / "rules").write_text("x")
    await watch.until("rules")
    await watch.until("left-out/x")


async def test_more_folders_than_may_be_watched_are_said(tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "MOST_FOLDERS", 2)
    for name in "abc":
        (tmp_path / name).mkdir()
    said: list[int] = []
    watching = changes_below(tmp_path, folders_of, left_out=said.append)
    assert await asyncio.wait_for(anext(watching), 20) == frozenset()
    assert said == [2]
    await watching.aclose()
