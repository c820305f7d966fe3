"""Lines of the ledger as an exchange writes them; a test names what matters to it."""

from __future__ import annotations

from companion.model.record import Closing, Ending, Opening
from tests.support.rooms import NOON


def opening(id: str, **given: object) -> Opening:
    plain = {
        "parent": "",
        "at_ns": int(NOON.timestamp()) * 10**9,
        "kind": "model",
        "client": "cline",
        "session": "s",
        "workspace": "/w",
        "key_id": "key-1",
        "tier": "act",
        "dialect": "messages",
        "model": "asked",
        "summary": f"summary of {id}",
    }
    return Opening(id=id, **(plain | given))


def closing(id: str, **given: object) -> Closing:
    plain = {
        "at_ns": int(NOON.timestamp() + 1) * 10**9,
        "ending": Ending.SERVED,
        "outcome": "allow",
        "code": "allowed",
        "reason": "",
        "guard": "",
    }
    return Closing(id=id, **(plain | given))
