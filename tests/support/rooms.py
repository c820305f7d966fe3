"""Stand-ins for the rooms around the gatekeeper, in memory, with the ports' shapes."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from companion.contract.types import Deletion
from companion.gatekeeper.admit import Gatekeeper
from companion.gatekeeper.approvals import Approvals
from companion.gatekeeper.asking import Asking
from companion.gatekeeper.contents import Contents
from companion.gatekeeper.facts import Gatherer
from companion.gatekeeper.grants import Grants
from companion.gatekeeper.limits import Limits
from companion.gatekeeper.meter import Meter
from companion.gatekeeper.question import Previewer
from companion.model.facts import Finding, PathFacts
from companion.model.grant import Grant, Script
from companion.model.money import Cost, Usage
from companion.model.policy import Policy
from companion.model.record import Closing, Opening

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Scanner:
    """Finds the word HUSH and calls it SECRET_WORD_00000000."""

    def __init__(self, fail: Exception | None = None) -> None:
        self.fail = fail

    async def scan(self, texts: Sequence[str], workspace: str) -> tuple[Finding, ...]:
        await asyncio.sleep(0)
        if self.fail:
            raise self.fail
        found = []
        for index, text in enumerate(texts):
            at = text.find("HUSH")
            if at >= 0:
                found.append(Finding(index, at, at + 4, "WORD", "word", "test", "high", "SECRET_WORD_00000000"))
        return tuple(found)

    def scrub(self, text: str) -> str:
        return text.replace("HUSH", "SECRET_WORD_00000000")

    def lookup(self, placeholder: str) -> str | None:
        return "HUSH" if placeholder == "SECRET_WORD_00000000" else None


class Paths:
    def judge(
        self,
        path: str,
        workspace: str,
        policy: Policy,
        *,
        cwd: str = "",
        knows_git: bool = False,
        follows_links: bool = True,
    ) -> PathFacts:
        return PathFacts(path, f"{workspace}/{path}", inside=True)

    judge_tree = judge_literally = judge

    def is_file(self, path: str, workspace: str, *, cwd: str = "") -> bool:
        return False


class NoIgnoredText:
    def unseen(self, workspace: str) -> str:
        return ""

    def is_clean(self, parts, workspace: str, policy: Policy) -> bool:
        return True

    async def examine(self, parts, workspace: str, policy: Policy):
        return ()

    async def scan(self, texts, workspace: str, policy: Policy):
        return ()


class Policies:
    def __init__(self, policy: Policy = Policy()) -> None:
        self.policy = policy

    def policy_for(self, workspace: str) -> Policy:
        return self.policy

    def lately(self, workspace: str) -> Policy | None:
        return None


class Ledger:
    def __init__(self, fail: Exception | None = None) -> None:
        self.fail = fail
        self.openings: list[Opening] = []
        self.closings: list[Closing] = []

    def open(self, opening: Opening):
        self.openings.append(opening)
        return self._open()

    async def _open(self) -> None:
        await asyncio.sleep(0)
        if self.fail:
            raise self.fail

    def close(self, closing: Closing) -> None:
        self.closings.append(closing)


class Prices:
    """One picodollar a token; `most` is every call's ceiling."""

    def __init__(self, most: int = 0) -> None:
        self.most = most
        self.ready = True

    async def load(self) -> None:
        self.ready = True

    def price(self, provider: str, model: str, usage: Usage, at: datetime) -> Cost:
        return Cost(None, "unknown") if model == "unknown" else Cost(usage.prompt + usage.output, source="test")

    def ceiling(self, *_: object) -> int:
        return self.most


class Heard:
    def __init__(self) -> None:
        self.notices: list[tuple[str, str, str, Mapping[str, object]]] = []

    def notice(self, name: str, id: str, text: str, details: Mapping[str, object]) -> None:
        self.notices.append((name, id, text, details))


class Scripts:
    """Files that commands run, in memory: by path as it is spelt."""

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        self.texts = dict(texts or {})
        self.remembered: dict[str, str] = {}

    def read(self, paths: Sequence[str], folder: str) -> tuple[Script, ...]:
        return tuple(
            Script(path, hashlib.sha256(self.texts[path].encode()).hexdigest(), self.texts[path])
            for path in paths
            if path in self.texts
        )

    def approved(self, path: str) -> str | None:
        return self.remembered.get(path)

    def remember(self, scripts: Sequence[Script]) -> None:
        self.remembered |= {script.path: script.text or "" for script in scripts}


class Rules:
    """The rules' file, in memory."""

    def __init__(self, *grants: Grant, fail: OSError | None = None) -> None:
        self.grants = list(grants)
        self.fail = fail

    def load(self) -> list[Grant]:
        return list(self.grants)

    def save(self, grants: Sequence[Grant]) -> None:
        if self.fail:
            raise self.fail
        self.grants = list(grants)


class Doomed:
    def __init__(self, deletion: Deletion | None = None) -> None:
        self.deletion = deletion
        self.looked: list[tuple[tuple[str, ...], str]] = []

    def look(self, paths: Sequence[str], folder: str) -> Deletion | None:
        self.looked.append((tuple(paths), folder))
        return self.deletion


def asking(heard: Heard, scanner: Scanner, **given) -> Asking:
    """What settles questions, among stand-ins; any of its parts may be given."""
    scripts = given.pop("files", None) or Scripts()
    return Asking(
        approvals=given.pop("approvals", None) or Approvals(lambda: NOON, heard),
        grants=given.pop("grants", None) or Grants(Rules(), heard, lambda: NOON),
        contents=Contents(scripts),
        previewer=Previewer(given.pop("doomed", None) or Doomed(), scripts, scanner.scrub),
        files=scripts,
    )


def gatekeeper(guards=(), **given) -> Gatekeeper:
    """A gatekeeper among stand-ins; any of its parts may be given."""
    heard = given.pop("listener", None) or Heard()
    scanner = given.pop("scanner", None) or Scanner()
    policies = given.pop("policies", None) or Policies()
    made = Gatekeeper(
        guards=tuple(guards),
        gatherer=Gatherer(scanner, Paths(), policies, given.pop("excerpts", None) or NoIgnoredText(), "/home/someone"),
        scanner=scanner,
        ledger=given.pop("ledger", None) or Ledger(),
        prices=given.pop("prices", None) or Prices(),
        meter=given.pop("meter", None) or Meter(ZoneInfo("UTC"), lambda: NOON),
        limits=given.pop("limits", None) or Limits(),
        asking=given.pop("asking", None) or asking(heard, scanner),
        listener=heard,
        clock=lambda: NOON,
    )
    return dataclasses.replace(made, **given)
