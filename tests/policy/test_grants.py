"""Whether a yes that is kept covers what is asked now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from companion.model.action import FileAccess, Operation, ShellCommand
from companion.model.exchange import Exchange, Origin
from companion.model.facts import Effect, EffectKind, Facts, PathFacts
from companion.model.grant import Content, Grant, Reach, Script
from companion.model.policy import Policy
from companion.model.verdict import Ask, Decision, Remark
from companion.policy.grants import covers, prefix_problem, reaches
from companion.policy.plain import plain_words
from tests.support.rooms import NOON

LATER = NOON + timedelta(hours=1)
INSIDE = {"a": PathFacts("a", "/w/a", inside=True)}


def exchange(command: str = "npm test", **origin: str) -> Exchange:
    return Exchange(
        "1" * 26,
        NOON,
        Origin(**({"client": "cline", "workspace": "/w", "session": "s"} | origin)),
        ShellCommand(command),
    )


def decided(command: str = "npm test", guard: str = "commands", code: str = "package-manager") -> Decision:
    return Decision(ShellCommand(command), (Remark(guard, Ask(code, "why")),))


def facts(*effects: Effect, paths=INSIDE) -> Facts:
    return Facts(Origin(), Policy(), effects=effects, paths=paths)


RULE = Grant(
    "r-1", Reach.RULE, "cline", "", "/w", "", NOON, LATER, "tui", "npm test",
    words=("npm", "test"), codes=("package-manager",), scripts=(("/w/package.json", "aa"),),
)  # fmt: skip
CONTENT = Content("digest", (Script("/w/package.json", "aa"),))


def covered(
    grant=RULE, command="npm test", told=None, code="package-manager", content=CONTENT, now=NOON, **origin
) -> bool:
    return covers(grant, exchange(command, **origin), decided(command, code=code), told or facts(), content, now)


def test_a_rule_covers_its_command_in_its_workspace_whoever_asks():
    assert covered()
    assert covered(client="codex", session="another")
    assert not covered(workspace="/v")
    assert not covered(command="npm test --watch")
    assert not covered(command="npm  publish")


def test_it_ends():
    assert covered(now=LATER - timedelta(seconds=1))
    assert not covered(now=LATER)


def test_a_script_that_changed_is_asked_about():
    assert not covered(content=Content("digest", (Script("/w/package.json", "bb"),)))
    assert not covered(content=Content("digest", (*CONTENT.scripts, Script("/w/other", "cc"))))
    assert not covered(content=Content("digest", (Script("/w/package.json", ""),)))


def test_another_reason_is_asked_about():
    assert not covered(code="network")
    assert not covered(told=facts(Effect(EffectKind.NETWORK, "x", 0, 1, "network", "it talks")))


def test_another_guard_or_what_changes_who_decides_cannot_be_ruled():
    told = facts(
        Effect(EffectKind.WRITE, "a", 0, 1), paths={"a": PathFacts("a", "/w/.git/x", inside=True, privileged="hooks")}
    )
    assert not covered(told=told)
    assert reaches(exchange(), decided(), told) == (Reach.ONCE,)
    assert Reach.RULE not in reaches(exchange(), decided(guard="ignored"), facts())
    assert reaches(exchange(), decided(), facts(Effect(EffectKind.PRIVILEGE, "sudo", 0, 1))) == (Reach.ONCE,)


@pytest.mark.parametrize(
    "command", ["a | b", "a > b", "a; b", "a && b", "$A", "a $(b)", "a `b`", "A=1 b", "a *", "a\nb", ""]
)
def test_only_plain_commands_can_be_ruled(command):
    assert Reach.RULE not in reaches(exchange(command), decided(command), facts())


def test_a_prefix_covers_more_words_that_stay_inside():
    wide = replace(RULE, prefix=True)
    assert covered(wide, "npm test -- --watch")
    assert not covered(wide, "npm run test")
    outside = facts(
        Effect(EffectKind.READ, "/etc/x", 0, 1), paths={"/etc/x": PathFacts("/etc/x", "/etc/x", inside=False)}
    )
    assert not covered(wide, "npm test /etc/x", told=outside)
    assert not covered(wide, "npm test a", told=facts(Effect(EffectKind.DELETE, "a", 0, 1)))


@pytest.mark.parametrize(
    ("prefix", "words", "fits"),
    [
        ("npm test", "npm test --watch", True),
        ("npm", "npm test", True),
        ("npm run", "npm test", False),
        ("", "npm test", False),
        ("git", "git push", False),
        ("git push", "git push origin", True),
        ("rm build", "rm build", False),
        ("bash", "bash x.sh", False),
        ("sudo ls", "sudo ls", False),
    ],
)
def test_first_words_that_say_nothing_make_no_rule(prefix, words, fits):
    assert (prefix_problem(plain_words(prefix), plain_words(words)) == "") is fits


def test_once_and_session_are_for_the_very_same_action():
    once = Grant("o-1", Reach.ONCE, "cline", "s", "/w", "digest", NOON, LATER, "tui", "x")
    session = replace(once, reach=Reach.SESSION)
    for grant in (once, session):
        assert covered(grant)
        assert not covered(grant, content=Content("another"))
        assert not covered(grant, client="codex")
        assert not covered(grant, session="t")
    # An agent that names no session on the wire may name one to its hook, and the other way round.
    assert covered(replace(once, session=""))
    assert not covered(replace(session, session=""))


def test_a_file_may_be_approved_for_a_session_and_never_as_a_rule():
    action = FileAccess("a", Operation.DELETE)
    made = Exchange("1", NOON, Origin(workspace="/w"), action)
    decision = Decision(action, (Remark("files", Ask("file-deleted", "why")),))
    assert reaches(made, decision, facts()) == (Reach.ONCE, Reach.SESSION)
