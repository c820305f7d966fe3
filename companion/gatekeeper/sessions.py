"""What is known of agents' sessions: where each works, whether it plans, and which calls the wire let through."""

from __future__ import annotations

import os.path
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from companion.gatekeeper.contents import digest_of
from companion.model.action import Action, Tier
from companion.model.exchange import Origin

PASSED_SECONDS = 900
"""For how long a call on its way to the agent waits for its hook, as a yes does."""

_MOST = 10_000
_MOST_PASSED = 1000
_MOST_CLIENTS = 100


@dataclass(frozen=True, slots=True)
class Session:
    workspace: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class Unhooked:
    """Calls that the wire let through to an agent since its hook last asked about any."""

    calls: int
    since: datetime
    """When the first of them passed."""


class Sessions:
    """Lives on the event loop. An agent that names no session is known by its workspace."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str, str], Session] = OrderedDict()
        self._passed: list[tuple[tuple[str, str, str], datetime]] = []
        self._unhooked: OrderedDict[str, Unhooked] = OrderedDict()

    def note(self, origin: Origin) -> None:
        if not origin.workspace:
            return
        key = (origin.client, origin.session, "" if origin.session else _normal(origin.workspace))
        known = self._known.get(key)
        if known is None or known.tier is not origin.tier or known.workspace != origin.workspace:
            self._known[key] = Session(origin.workspace, origin.tier)
        self._known.move_to_end(key)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)

    def find(self, client: str, session: str, folder: str) -> Session | None:
        """By the session's id; else by the folder, in which an agent without an id works."""
        if session and (found := self._known.get((client, session, ""))):
            return found
        return self._known.get((client, "", _normal(folder))) if folder else None

    def passed(self, action: Action, origin: Origin, now: datetime) -> None:
        """The wire has let this call go to its agent, and what comes of it comes back that way."""
        self._passed.append((_call(action, origin, origin.session), now))
        del self._passed[:-_MOST_PASSED]
        before = self._unhooked.pop(origin.client, None)
        self._unhooked[origin.client] = Unhooked(before.calls + 1, before.since) if before else Unhooked(1, now)
        if len(self._unhooked) > _MOST_CLIENTS:
            self._unhooked.popitem(last=False)

    def asked(self, client: str) -> None:
        """This agent's hook asks."""
        self._unhooked.pop(client, None)

    def unhooked(self, client: str) -> Unhooked | None:
        """None where its hook has asked since the last call that passed, and where none passed."""
        return self._unhooked.get(client)

    def take(self, action: Action, origin: Origin, now: datetime) -> bool:
        """Whether this is a call that the wire let through lately. Each serves once: a session may be taken up again
        by an agent whose model calls go elsewhere, and results with them.
        """
        life = timedelta(seconds=PASSED_SECONDS)
        wanted = {_call(action, origin, session) for session in (origin.session, "")}
        for at, (call, when) in enumerate(self._passed):
            if call in wanted and timedelta() <= now - when < life:
                del self._passed[at]
                return True
        return False


def _call(action: Action, origin: Origin, session: str) -> tuple[str, str, str]:
    return origin.client, session, digest_of(action, _normal(origin.workspace) if origin.workspace else "")


@lru_cache(maxsize=256)
def _normal(folder: str) -> str:
    return os.path.normpath(folder)
