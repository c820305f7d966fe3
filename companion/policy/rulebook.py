"""Rules of the user's own about commands, each one line of text in `policy.rules`.

    allow command="npm test" project=/home/me/web until=2026-12-31
    deny effect=git branch=release/*
    ask effect=network host=*.internal

First the verdict, then conditions, all of which have to hold: `command` (the first words of a plain command), `effect`
(a kind), `code` (of companion's own rule), `path`, `host`, `tool`, `branch` (patterns with *), `project` (a folder) and
`until` (the last day or moment, UTC where it names no zone).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import lru_cache

from companion.model.facts import Effect, EffectKind

VERDICTS = ("allow", "ask", "deny")
CONDITIONS = ("command", "effect", "code", "path", "host", "tool", "branch", "project", "until")
LONGEST = 500

_ON_PATHS = frozenset({EffectKind.READ, EffectKind.WRITE, EffectKind.DELETE})


class BadRule(ValueError):  # noqa: N818 - the message is the reason
    """The text is no rule; the message says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line taken apart; "" and () ask for nothing."""

    text: str
    verdict: str
    command: tuple[str, ...] = ()
    effect: str = ""
    code: str = ""
    path: str = ""
    host: str = ""
    tool: str = ""
    branch: str = ""
    project: str = ""
    until: datetime | None = None

    def is_in_force(self, now: datetime) -> bool:
        """Whether the rule has not expired at this moment, which carries a zone."""
        return self.until is None or now <= self.until

    def holds_in(self, workspace: str) -> bool:
        """Whether the rule is about this workspace, an absolute path, or one above it."""
        folder = self.project.rstrip("/")
        return not folder or workspace == folder or workspace.startswith(f"{folder}/")

    def matches(self, effect: Effect, words: tuple[str, ...], resolved: str) -> bool:
        """Whether it speaks of this effect of a command; `words` as of `plain_words`, `resolved` the effect's path."""
        if self.command and words[: len(self.command)] != self.command:
            return False
        if (self.effect and effect.kind.value != self.effect) or (self.code and effect.code != self.code):
            return False
        if self.path and not (
            effect.kind in _ON_PATHS and any(fnmatchcase(one, self.path) for one in (effect.target, resolved) if one)
        ):
            return False
        if self.host and not (effect.kind is EffectKind.NETWORK and fnmatchcase(effect.target, self.host)):
            return False
        if self.branch and not (effect.kind is EffectKind.GIT and fnmatchcase(effect.target, self.branch)):
            return False
        return not self.tool or effect.target.split(" ", 1)[0] == self.tool or words[:1] == (self.tool,)


@lru_cache(maxsize=1024)
def read_rule(text: str) -> Rule:
    """Takes a line apart. Raises BadRule."""
    if len(text) > LONGEST or not text.isprintable():
        raise BadRule("it is too long, or holds characters that a person cannot see")
    try:
        verdict, *conditions = shlex.split(text)
    except ValueError as error:
        raise BadRule(f"a rule begins with {', '.join(VERDICTS)}, its quotes in pairs") from error
    if verdict not in VERDICTS:
        raise BadRule(f"it begins with {verdict!r} instead of {', '.join(VERDICTS)}")
    given: dict[str, str] = {}
    for condition in conditions:
        name, equals, value = condition.partition("=")
        if name not in CONDITIONS or not equals or not value or name in given:
            raise BadRule(f"{condition!r} is no condition, or there twice; conditions are {', '.join(CONDITIONS)}")
        given[name] = value
    if not given.keys() - {"project", "until"}:
        raise BadRule("it has to say what it is about: a command, an effect, a path or the like")
    if given.get("effect", EffectKind.READ) not in set(EffectKind):
        raise BadRule(f"effects are {', '.join(EffectKind)}")
    if "project" in given and not given["project"].startswith(("/", "~")) and given["project"][1:2] != ":":
        raise BadRule("a project is an absolute path")
    command = tuple(given.pop("command", "").split())
    until = _moment(given.pop("until")) if "until" in given else None
    return Rule(text, verdict, command, until=until, **given)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRule(f"{text!r} is no date such as 2026-12-31 or 2026-12-31T18:00") from error
    if len(text) <= len("2026-12-31"):
        found += timedelta(days=1, microseconds=-1)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def in_force(texts: Iterable[str], now: datetime) -> tuple[str, ...]:
    """The rules that have not expired. A text that is no rule stays, for whoever judges by it to refuse."""
    kept: list[str] = []
    for text in texts:
        try:
            if read_rule(text).is_in_force(now):
                kept.append(text)
        except BadRule:
            kept.append(text)
    return tuple(kept)
