from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from companion.ledger.keys import KeyStore
from companion.ledger.store import prepare
from companion.model.record import Closing, Opening
from tests.support import lines


def _opening(id: str, **given: object) -> Opening:
    return lines.opening(id, **({"at_ns": 1_800_000_000 * 10**9, "summary": "hello"} | given))


def _closing(id: str, **given: object) -> Closing:
    return lines.closing(id, **({"at_ns": 1_800_000_001 * 10**9} | given))


@pytest.fixture(scope="session")
def opening() -> Callable[..., Opening]:
    """An opening with the given id; other fields by name."""
    return _opening


@pytest.fixture(scope="session")
def closing() -> Callable[..., Closing]:
    """A closing with the given id; other fields by name."""
    return _closing


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    """A prepared, empty ledger."""
    path = tmp_path / "state" / "ledger.db"
    prepare(path)
    return path


@pytest.fixture(scope="session")
def utc() -> ZoneInfo:
    return ZoneInfo("UTC")


class Clock:
    """Stands still until a test moves it."""

    seconds = 1_800_000_000

    def __call__(self) -> int:
        return self.seconds * 10**9

    def at(self, moment: datetime) -> None:
        self.seconds = int(moment.timestamp())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(ledger_path: Path, clock: Clock) -> KeyStore:
    return KeyStore(ledger_path, now_ns=clock)
