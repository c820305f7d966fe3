"""Has an index made by a process of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from companion.scan.fingerprints.worker import Job

SUFFIX = ".prints"
_MOST_INDEXES = 64
_WORKER = "companion.scan.fingerprints.worker"

Learn = Callable[[str, str], object]
"""Gets the text of a small ignored file, and its name."""


class BuildFailed(Exception):  # noqa: N818 - an answer, not a failure of this code
    """There is no new index; the message says why."""


async def build_index(job: Job, progress: Callable[[int, int], None]) -> None:
    """Ends when the index is in its place. Cancelled, it ends the process. Raises BuildFailed."""
    # -I: nothing of the environment and no folder that an agent writes to says what is imported.
    command = [sys.executable, "-I", "-m", _WORKER]
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=Path(sys.executable).parent,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise BuildFailed(f"its process cannot be started ({type(error).__name__})") from None
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        said = asyncio.ensure_future(process.stderr.read())
        process.stdin.write(msgspec.json.encode(job))
        await process.stdin.drain()
        process.stdin.close()
        async for line in process.stdout:
            done, _, total = line.decode().partition(" ")
            progress(int(done), int(total))
        complaint = (await said).decode("utf-8", "replace").strip().splitlines()
        if await process.wait():
            raise BuildFailed(complaint[-1] if complaint else f"its process ended with {process.returncode}")
    except (OSError, ValueError) as error:
        raise BuildFailed(f"its process does not answer ({type(error).__name__})") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def tidy_up(folder: Path) -> None:
    """Keeps the indexes that were used last. Blocking."""
    found = [(path.stat().st_mtime, path) for path in folder.glob(f"*{SUFFIX}*")]
    whole = sorted((one for one in found if one[1].suffix == SUFFIX), reverse=True)
    # What is older than the latest and was never finished belongs to a process that was killed.
    begun = [path for at, path in found if path.suffix != SUFFIX and whole and at < whole[0][0]]
    for path in [*(path for _, path in whole[_MOST_INDEXES:]), *begun]:
        path.unlink(missing_ok=True)
