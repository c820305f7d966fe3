"""Asks the system about a socket. The event loop hears of what a peer did only on its next round."""

from __future__ import annotations

import select
from collections.abc import Callable


def readable(fileno: int) -> Callable[[], bool]:
    """Tells without waiting whether there is something to read: bytes, or that there will be none."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(fileno, select.POLLIN)
        return lambda: bool(poll.poll(0))
    return lambda: bool(select.select([fileno], (), (), 0)[0])
