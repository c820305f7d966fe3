"""Every yes that is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from companion.gatekeeper.grants import ONCE_SECONDS, RULE_SECONDS, Grants, UnknownGrant
from companion.model.action import ShellCommand
from companion.model.exchange import Exchange, Origin
from companion.model.facts import Facts
from companion.model.grant import Content, Reach
from companion.model.policy import Policy
from companion.model.verdict import Ask, Decision, Remark
from tests.support.rooms import NOON, Heard, Rules

ORIGIN = Origin("claude", session="s", workspace="/w")
FACTS = Facts(ORIGIN, Policy())
CONTENT = Content("digest")


class Scene:
    def __init__(self, rules: Rules | None = None) -> None:
        self.now = NOON
        self.rules = rules or Rules()
        self.heard = Heard()
        self.grants = Grants(self.rules, self.heard, lambda: self.now)
        self.grants.load()

    @staticmethod
    def asked(command: str = "npm test") -> tuple[Exchange, Decision]:
        action = ShellCommand(command)
        return Exchange("1" * 26, NOON, ORIGIN, action), Decision(action, (Remark("commands", Ask("x", "why")),))

    async def give(self, reach: Reach, seconds: int = 0, prefix: str = "", command: str = "npm test"):
        exchange, decision = self.asked(command)
        more = {"reach": reach, "seconds": seconds, "prefix": prefix, "by": "cli", "shown": command}
        return await self.grants.give(exchange, decision, FACTS, CONTENT, **more)

    def find(self, *, at_execution: bool = True, content: Content = CONTENT):
        return self.grants.find(*self.asked(), FACTS, content, at_execution=at_execution)


async def test_once_serves_once_at_execution_alone():
    scene = Scene()
    await scene.give(Reach.ONCE)
    assert scene.find(at_execution=False) is None
    assert scene.find(content=Content("another")) is None
    assert scene.find() is not None
    assert scene.find() is None
    assert scene.grants.list() == []


async def test_once_ends_soon():
    scene = Scene()
    await scene.give(Reach.ONCE)
    scene.now += timedelta(seconds=ONCE_SECONDS)
    assert scene.find() is None


async def test_a_session_and_a_rule_serve_again_and_count():
    scene = Scene()
    for reach in (Reach.SESSION, Reach.RULE):
        grant = await scene.give(reach)
        assert scene.find(at_execution=False) is not None
        assert scene.find() is not None
        [line] = scene.grants.list()
        assert (line.id, line.reach, line.used, line.shown) == (grant.id, reach.value, 2, "npm test")
        await scene.grants.revoke(grant.id, "operator")
        assert scene.find() is None
    with pytest.raises(UnknownGrant):
        await scene.grants.revoke(grant.id, "operator")
    assert [name for name, *_ in scene.heard.notices] == ["grant.made", "grant.revoked"] * 2


async def test_a_rule_outlives_the_daemon_and_a_session_does_not():
    scene = Scene()
    await scene.give(Reach.SESSION)
    rule = await scene.give(Reach.RULE)
    again = Scene(scene.rules)
    assert [line.id for line in again.grants.list()] == [rule.id]
    again.now += timedelta(seconds=RULE_SECONDS)
    assert again.grants.list() == []


async def test_a_yes_ends_when_the_person_says():
    scene = Scene()
    grant = await scene.give(Reach.RULE, seconds=60)
    assert grant.expires_at == NOON + timedelta(seconds=60)
    forever = await scene.give(Reach.RULE, seconds=10**12)
    assert forever.expires_at <= NOON + timedelta(days=366)


async def test_a_rule_that_cannot_be_written_is_none():
    scene = Scene(Rules(fail=OSError("disk full")))
    assert await scene.give(Reach.RULE) is None
    assert scene.find() is None
    assert [name for name, *_ in scene.heard.notices] == ["failure"]


async def test_what_may_not_be_ruled_is_not():
    scene = Scene()
    assert await scene.give(Reach.RULE, command="a | b") is None


async def test_a_prefix_is_said_to_be_one():
    grant = await Scene().give(Reach.RULE, prefix="npm")
    assert (grant.words, grant.prefix, grant.shown) == (("npm",), True, "npm …")
