"""The rules that a person made from a prompt, in a file beside the ledger: whole or not at all, for its owner alone."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from companion.model.grant import Grant, Reach

_VERSION = 1
_LARGEST = 4 * 1024 * 1024


class RuleFile:
    """Fulfils `companion.gatekeeper.ports.GrantFile`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> list[Grant]:
        """[] for a file that is not there, cannot be read, or is not what was written: it then grants nothing."""
        try:
            if self._path.stat().st_size > _LARGEST:
                return []
            document = json.loads(self._path.read_bytes())
            if document.get("version") != _VERSION:
                return []
            return [_read(entry) for entry in document["rules"]]
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return []

    def save(self, grants: Sequence[Grant]) -> None:
        """Raises OSError."""
        document = {"version": _VERSION, "rules": [_write(grant) for grant in grants]}
        fresh = self._path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1, ensure_ascii=True)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)


def _write(grant: Grant) -> dict[str, Any]:
    return {
        "id": grant.id,
        "client": grant.client,
        "workspace": grant.workspace,
        "made_at": grant.made_at.isoformat(),
        "expires_at": grant.expires_at.isoformat(),
        "by": grant.by,
        "shown": grant.shown,
        "words": list(grant.words),
        "prefix": grant.prefix,
        "codes": list(grant.codes),
        "scripts": dict(grant.scripts),
        "used": grant.used,
    }


def _read(entry: dict[str, Any]) -> Grant:
    """Raises what a value of another shape raises."""
    made, expires = datetime.fromisoformat(entry["made_at"]), datetime.fromisoformat(entry["expires_at"])
    if made.tzinfo is None or expires.tzinfo is None or not isinstance(entry["prefix"], bool):
        raise ValueError("not what was written")
    words, codes, scripts = _texts(entry["words"]), _texts(entry["codes"]), entry["scripts"]
    if not words:
        raise ValueError("a rule without words")
    return Grant(
        id=str(entry["id"]),
        reach=Reach.RULE,
        client=str(entry["client"]),
        session="",
        workspace=str(entry["workspace"]),
        digest="",
        made_at=made,
        expires_at=expires,
        by=str(entry["by"]),
        shown=str(entry["shown"]),
        words=words,
        prefix=entry["prefix"],
        codes=codes,
        scripts=tuple(zip(_texts(list(scripts)), _texts(list(scripts.values())), strict=True)),
        used=int(entry["used"]),
    )


def _texts(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise ValueError("not a list of texts")
    return tuple(given)
