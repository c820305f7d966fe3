"""What would change who decides."""

import pytest

from companion.model.action import FileAccess, Operation, ShellCommand, ToolCall
from companion.model.exchange import Origin
from companion.model.facts import Effect, EffectKind, Facts, PathFacts
from companion.model.policy import Policy
from companion.model.verdict import Ask, Decision, Deny, Remark
from companion.policy.privilege import CODES, is_privileged, why_privileged

OWN = PathFacts("s", "/home/a/.claude/settings.json", inside=False, privileged="agents take their settings from it")


def facts(kind: EffectKind = EffectKind.WRITE) -> Facts:
    return Facts(Origin(), Policy(), effects=(Effect(kind, "s", 0, 1),), paths={"s": OWN})


@pytest.mark.parametrize(
    ("action", "kind", "privileged"),
    [
        (ShellCommand("echo > s"), EffectKind.WRITE, True),
        (ShellCommand("rm s"), EffectKind.DELETE, True),
        (ShellCommand("cat s"), EffectKind.READ, False),
        (FileAccess("s", Operation.WRITE), EffectKind.READ, True),
        (FileAccess("s", Operation.DELETE), EffectKind.READ, True),
        (FileAccess("s", Operation.READ), EffectKind.READ, False),
        (ToolCall("x"), EffectKind.WRITE, False),
    ],
    ids=["write", "rm", "cat", "file-write", "file-delete", "file-read", "tool"],
)
def test_changes_are_and_reads_are_not(action, kind, privileged):
    assert bool(why_privileged(action, facts(kind))) is privileged
    assert is_privileged(facts(kind), Decision(action)) is privileged


@pytest.mark.parametrize("code", sorted(CODES))
def test_what_the_guard_names_is(code):
    for verdict in (Ask(code, "r"), Deny(code, "r")):
        decision = Decision(ShellCommand("x"), (Remark("control", verdict),))
        assert is_privileged(Facts(Origin(), Policy()), decision)
