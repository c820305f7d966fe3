"""A virtual key as the ledger has it: what may be said of one, its row, and its line on the wire."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from companion.contract.types import KeyLine
from companion.ledger.errors import KeyProblem, LedgerError
from companion.model.action import Tier
from companion.model.scope import KeyScope

_NAME = re.compile(r"[^\W_][\w .@:/+-]{0,63}", re.ASCII)
_LABEL = re.compile(r"[\w./~@][\w .@:/+~-]{0,199}", re.ASCII)
_MODEL = re.compile(r"[!->@-Z\\^-~]{1,200}")
"""Visible ASCII but for `?`, `[` and `]`, which would stand for other letters than themselves."""
_MOST = 50

_LABEL_HINT = "use letters, digits, spaces and . / ~ @ : + - _"
_MODEL_HINT = "name a model as its provider does; * stands for any letters, as in 'claude-*'"

_SELECT = """
    SELECT k.id, k.name, k.project, k.user, k.team, k.tags, k.tiers, k.models,
      k.sha256, k.created_at_ns, k.revoked_at_ns, k.last_used_at_ns, k.expires_at_ns,
      (SELECT max(ends_at_ns) FROM retired_secret WHERE key_id = k.id)
    FROM virtual_key AS k
"""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key. Times are ns since the epoch; None where the thing has not happened or never will."""

    id: str
    scope: KeyScope
    digest: bytes
    created_at_ns: int
    revoked_at_ns: int | None
    last_used_at_ns: int | None
    expires_at_ns: int | None
    old_secret_until_ns: int | None

    def state(self, now_ns: int) -> str:
        """As KeyLine.state."""
        if self.revoked_at_ns is not None:
            return "revoked"
        return "expired" if self.expires_at_ns is not None and self.expires_at_ns <= now_ns else "live"

    def line(self, now_ns: int, zone: tzinfo) -> KeyLine:
        scope, old_until = self.scope, self.old_secret_until_ns
        state = self.state(now_ns)
        return KeyLine(
            id=self.id,
            name=scope.name,
            created_at=moment(self.created_at_ns, zone),
            revoked_at=moment(self.revoked_at_ns, zone),
            last_used_at=moment(self.last_used_at_ns, zone),
            state=state,
            expires_at=moment(self.expires_at_ns, zone),
            old_secret_until=moment(old_until, zone) if old_until and old_until > now_ns and state == "live" else "",
            project=scope.project,
            user=scope.user,
            team=scope.team,
            tags=list(scope.tags),
            tiers=[str(tier) for tier in scope.tiers],
            models=list(scope.models),
        )


def moment(at_ns: int | None, zone: tzinfo) -> str:
    """ISO 8601 with offset, in seconds; "" for None."""
    return "" if at_ns is None else datetime.fromtimestamp(at_ns // 10**9, zone).isoformat()


def checked(scope: KeyScope) -> KeyScope:
    """The scope, each of its entries once. Raises KeyProblem for what cannot be kept or would not mean what it says."""
    if not _NAME.fullmatch(scope.name):
        raise KeyProblem(
            f"{scope.name[:100]!r} is no name for a virtual key",
            "use 1 to 64 letters, digits, spaces or . @ : / + - _, beginning with a letter or digit",
        )
    for what, label in (("project", scope.project), ("user", scope.user), ("team", scope.team)):
        if label:
            _check(what, (label,), _LABEL, _LABEL_HINT)
    _check("tag", scope.tags, _LABEL, _LABEL_HINT)
    _check("model", scope.models, _MODEL, _MODEL_HINT)
    tags, tiers, models = dict.fromkeys(scope.tags), dict.fromkeys(scope.tiers), dict.fromkeys(scope.models)
    return replace(scope, tags=tuple(tags), tiers=tuple(tiers), models=tuple(models))


def _check(what: str, given: Sequence[str], pattern: re.Pattern[str], hint: str) -> None:
    if len(given) > _MOST:
        raise KeyProblem(f"{len(given)} {what}s are more than the {_MOST} that a virtual key may have", hint)
    for one in given:
        if not pattern.fullmatch(one):
            raise KeyProblem(f"{one[:100]!r} is no {what}", hint)


def insert(connection: sqlite3.Connection, row: KeyRow) -> None:
    """A new key. Raises sqlite3.IntegrityError where its name is taken."""
    scope = row.scope
    connection.execute(
        "INSERT INTO virtual_key (id, name, sha256, created_at_ns, expires_at_ns, project, user, team, tags, tiers,"
        " models) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.id,
            scope.name,
            row.digest,
            row.created_at_ns,
            row.expires_at_ns,
            scope.project,
            scope.user,
            scope.team,
            *(json.dumps(entries) for entries in (scope.tags, scope.tiers, scope.models)),
        ),
    )


def read_all(connection: sqlite3.Connection) -> list[KeyRow]:
    """Every key that ever was, oldest first."""
    return [_row(one) for one in connection.execute(f"{_SELECT} ORDER BY k.created_at_ns, k.id")]


def read_one(connection: sqlite3.Connection, key_id: str) -> KeyRow:
    """Raises KeyProblem for an unknown id."""
    found = connection.execute(f"{_SELECT} WHERE k.id = ?", (key_id,)).fetchone()
    if found is None:
        raise KeyProblem(f"there is no virtual key {key_id!r}", "companion keys list")
    return _row(found)


def _row(found: tuple[Any, ...]) -> KeyRow:
    """Raises LedgerError for entries that cannot be read: left out, they would leave a key that may do more."""
    key_id, name, project, user, team, tags, tiers, models, *times = found
    try:
        may = tuple(Tier(tier) for tier in _entries(tiers))
        scope = KeyScope(name, project, user, team, _entries(tags), may, _entries(models))
    except ValueError as error:
        raise LedgerError(f"what the key {key_id} may do cannot be read: {error}", "companion doctor") from error
    return KeyRow(key_id, scope, *times)


def _entries(column: str) -> tuple[str, ...]:
    """Raises ValueError."""
    found = json.loads(column)
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ValueError(f"{column[:100]!r} is no list of names")
    return tuple(found)
