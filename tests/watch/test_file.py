from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from companion.watch.file import changes


def rewrite(file):
    file.write_text("two")


def replace(file):
    fresh = file.with_name("fresh")
    fresh.write_text("three")
    fresh.replace(file)


def remove(file):
    file.unlink()


@pytest.mark.parametrize("how", [rewrite, replace, remove])
async def test_every_way_of_saving_is_noticed_and_neighbours_are_not(tmp_path, how):
    file = tmp_path / "companion.toml"
    file.write_text("one")
    seen = asyncio.Event()

    async def watch() -> None:
        async for _ in changes(file):
            seen.set()

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.3)
    (tmp_path / "neighbour").write_text("x")
    await asyncio.sleep(0.3)
    assert not seen.is_set()
    how(file)
    await asyncio.wait_for(seen.wait(), 10)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
