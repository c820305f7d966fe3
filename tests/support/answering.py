"""A person who gives every question the same answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from companion.client import calls
from companion.contract.types import Answer, Approval
from tests.support.daemons import Companion


@contextmanager
def answering(companion: Companion, *, approve: bool) -> Iterator[list[Approval]]:
    """While inside, whatever waits for a person is answered; what was asked is in the list."""
    over = threading.Event()
    asked: list[Approval] = []

    def answer() -> None:
        while not over.wait(0.05):
            for one in companion.ask(calls.pending()):
                asked.append(one)
                companion.ask(calls.answer(one.id, Answer(approve, "cli", "", one.digest)))

    working = threading.Thread(target=answer)
    working.start()
    try:
        yield asked
    finally:
        over.set()
        working.join()
