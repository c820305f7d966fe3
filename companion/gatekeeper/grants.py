"""Every yes that is kept: for the hook that sees the same call again, for a session, or as a rule."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from companion.contract.types import GrantLine
from companion.gatekeeper.ports import GrantFile, Listener
from companion.model.action import ShellCommand
from companion.model.exchange import Exchange
from companion.model.facts import Facts
from companion.model.grant import Content, Grant, Reach
from companion.model.verdict import Decision
from companion.policy.display import one_line
from companion.policy.grants import codes_of, covers, reaches
from companion.policy.plain import plain_words

ONCE_SECONDS = 900
"""For how long a yes on the wire waits for the hook: an agent runs the calls of one answer after each other."""
SESSION_SECONDS = 8 * 3600
RULE_SECONDS = 30 * 86_400
LONGEST_SECONDS = 366 * 86_400

_MOST = 1000
_MARK = "…"


class UnknownGrant(Exception):  # noqa: N818 - an answer
    """No yes that is kept has this id."""


class Grants:
    """Lives on the event loop. Rules outlive the daemon, the others do not."""

    def __init__(self, file: GrantFile, listener: Listener, clock: Callable[[], datetime]) -> None:
        self._file = file
        self._listener = listener
        self._clock = clock
        self._kept: dict[str, Grant] = {}
        self._saving = asyncio.Lock()

    def load(self) -> None:
        """Reads the rules of before. Blocking; called once, before the first question."""
        self._kept |= {grant.id: grant for grant in self._file.load()}

    def find(
        self, exchange: Exchange, decision: Decision, facts: Facts, content: Content, *, at_execution: bool
    ) -> Grant | None:
        """The yes that covers this. One for once is used up by it, and only at execution."""
        now = self._clock()
        self._forget_old(now)
        found = [
            grant
            for grant in self._kept.values()
            if (at_execution or grant.reach is not Reach.ONCE)
            and covers(grant, exchange, decision, facts, content, now)
        ]
        # What was said of this very call is used up first, so that it cannot serve another one later.
        grant = min(found, key=lambda one: list(Reach).index(one.reach), default=None)
        if grant is None:
            return None
        if grant.reach is Reach.ONCE:
            del self._kept[grant.id]
        else:
            self._kept[grant.id] = replace(grant, used=grant.used + 1)
        return grant

    async def give(
        self,
        exchange: Exchange,
        decision: Decision,
        facts: Facts,
        content: Content,
        *,
        reach: Reach,
        seconds: int,
        prefix: str,
        by: str,
        shown: str,
    ) -> Grant | None:
        """Keeps a person's yes; None where it may not reach so far. A rule that cannot be written down is not kept."""
        if reach not in reaches(exchange, decision, facts):
            return None
        now, origin, action = self._clock(), exchange.origin, exchange.action
        usual = {Reach.ONCE: ONCE_SECONDS, Reach.SESSION: SESSION_SECONDS, Reach.RULE: RULE_SECONDS}[reach]
        grant = Grant(
            id=f"{reach.value[0]}-{secrets.token_hex(4)}",
            reach=reach,
            client=origin.client,
            session=origin.session,
            workspace=origin.workspace,
            digest=content.digest,
            made_at=now,
            expires_at=now + timedelta(seconds=min(seconds or usual, LONGEST_SECONDS)),
            by=by,
            shown=one_line(f"{prefix} {_MARK}" if prefix else shown),
            scripts=tuple((script.path, script.sha256) for script in content.scripts),
        )
        if reach is Reach.RULE:
            assert isinstance(action, ShellCommand)
            words = plain_words(prefix) if prefix else plain_words(action.command)
            grant = replace(grant, words=words, prefix=bool(prefix), codes=codes_of(decision, facts))
        self._forget_old(now)
        while len(self._kept) >= _MOST:
            del self._kept[next(iter(self._kept))]
        self._kept[grant.id] = grant
        if reach is Reach.RULE and not await self._save():
            del self._kept[grant.id]
            return None
        if reach is not Reach.ONCE:
            self._listener.notice("grant.made", grant.id, f"{reach}: {grant.shown}", {"by": by})
        return grant

    def list(self) -> list[GrantLine]:
        """Sessions' and rules', oldest first."""
        self._forget_old(self._clock())
        return [_line(grant) for grant in self._kept.values() if grant.reach is not Reach.ONCE]

    async def revoke(self, grant_id: str, by: str) -> GrantLine:
        """Raises UnknownGrant, and OSError where the rules cannot be written."""
        grant = self._kept.get(grant_id)
        if grant is None or grant.reach is Reach.ONCE:
            raise UnknownGrant(grant_id)
        del self._kept[grant_id]
        if grant.reach is Reach.RULE and not await self._save():
            # It stays revoked for as long as this daemon runs; who asked hears that it is still in the file.
            raise OSError(f"the rule {grant_id} is revoked until the daemon ends, but its file cannot be written")
        self._listener.notice("grant.revoked", grant.id, f"{grant.reach}: {grant.shown}", {"by": by})
        return _line(grant)

    async def _save(self) -> bool:
        async with self._saving:
            rules = [grant for grant in self._kept.values() if grant.reach is Reach.RULE]
            try:
                await asyncio.to_thread(self._file.save, rules)
            except OSError as error:
                self._listener.notice("failure", "rules", str(error), {"error": error})
                return False
        return True

    def _forget_old(self, now: datetime) -> None:
        for grant in [grant for grant in self._kept.values() if now >= grant.expires_at]:
            del self._kept[grant.id]


def _line(grant: Grant) -> GrantLine:
    return GrantLine(
        id=grant.id,
        reach=grant.reach.value,
        shown=grant.shown,
        workspace=grant.workspace,
        client=grant.client,
        made_at=grant.made_at.isoformat(),
        expires_at=grant.expires_at.isoformat(),
        by=grant.by,
        used=grant.used,
    )
