"""What the daemon does for itself beside its work: settling once everything is loaded, and tidying up now and then."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from companion.ledger.keys import KeyStore
from companion.ledger.prices import GenaiPrices
from companion.scan.secrets.scanner import SecretScan
from companion.telemetry.log import get_logger
from companion.trim import drop_library_pages, trim

_log = get_logger("companion.housekeeping")

_TIDY_SECONDS = 60.0
_COLLECT_AT = 10_000, 20, 20


def settle(prices: GenaiPrices, scanner: SecretScan) -> None:
    """Loads what takes a moment, and gives back what loading took; a call that comes meanwhile loads it itself."""
    prices.warm()
    scanner.load()
    # What is there now stays for good. Left to the collector, it would be walked through now and then, and everybody
    # would stand still for a tenth of a second.
    gc.collect()
    gc.freeze()
    # Some thousand objects are alive while many calls are under way, and hardly any of them goes round: by its own
    # measure the collector would look through them with every few calls.
    gc.set_threshold(*_COLLECT_AT)
    trim()
    drop_library_pages()


async def settle_apart(prices: GenaiPrices, scanner: SecretScan) -> None:
    """`settle` in a thread that nobody waits for: when this is cancelled, it goes on as long as the process does."""
    # The loop's own threads are waited for when it is closed, and rules that are compiled take ten seconds.
    apart = ThreadPoolExecutor(1, thread_name_prefix="settle")
    try:
        await asyncio.get_running_loop().run_in_executor(apart, settle, prices, scanner)
    finally:
        apart.shutdown(wait=False)


async def tidy_now_and_then(keys: KeyStore) -> None:
    """Notes when keys were used, and gives memory back to the system; runs until it is cancelled."""
    while True:
        await asyncio.sleep(_TIDY_SECONDS)
        await asyncio.to_thread(attempt, keys.flush)
        await asyncio.to_thread(trim)


def attempt(step: Callable[[], None]) -> None:
    """Does one of several steps: its failure is written down and keeps no other from being done."""
    try:
        step()
    except Exception as error:  # noqa: BLE001 - see above
        _log.error("companion could not tidy up", error=error, step=getattr(step, "__qualname__", repr(step)))
