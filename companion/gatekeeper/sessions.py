"""What is known of agents' sessions: where each works and whether it plans, as its last model call said."""

from __future__ import annotations

import os.path
from collections import OrderedDict
from dataclasses import dataclass

from companion.model.action import Tier
from companion.model.exchange import Origin

_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Session:
    workspace: str
    tier: Tier
    returns: bool = False
    """Whether the results of its tools pass companion, as its model calls do."""


class Sessions:
    """Lives on the event loop. An agent that names no session is known by its workspace."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str, str], Session] = OrderedDict()

    def note(self, origin: Origin, *, returns: bool = False) -> None:
        if not origin.workspace:
            return
        key = (origin.client, origin.session, "" if origin.session else _normal(origin.workspace))
        self._known[key] = Session(origin.workspace, origin.tier, returns)
        self._known.move_to_end(key)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)

    def find(self, client: str, session: str, folder: str) -> Session | None:
        """By the session's id; else by the folder, in which an agent without an id works."""
        if session and (found := self._known.get((client, session, ""))):
            return found
        return self._known.get((client, "", _normal(folder))) if folder else None


def _normal(folder: str) -> str:
    return os.path.normpath(folder)
