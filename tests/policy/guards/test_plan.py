"""Planning changes nothing."""

import pytest

from companion.model.action import FileAccess, Operation, ShellCommand, Tier, ToolCall
from companion.model.exchange import Origin
from companion.model.facts import Effect, EffectKind, Facts
from companion.model.policy import Policy
from companion.model.verdict import PASS, Deny
from companion.policy.guards.plan import plan


def facts(*kinds, tier=Tier.PLAN):
    effects = tuple(Effect(kind, "x", 0, 1) for kind in kinds)
    return Facts(Origin(workspace="/ws", tier=tier), Policy(), effects=effects)


CHANGES = [
    (FileAccess("x", Operation.WRITE), ()),
    (FileAccess("x", Operation.DELETE), ()),
    (ShellCommand("…"), (EffectKind.WRITE,)),
    (ShellCommand("…"), (EffectKind.READ, EffectKind.DELETE)),
    (ShellCommand("…"), (EffectKind.CHANGE,)),
]

HARMLESS = [
    (FileAccess("x", Operation.READ), ()),
    (FileAccess("x", Operation.LIST), ()),
    (FileAccess("x", Operation.SEARCH), ()),
    (ShellCommand("…"), (EffectKind.READ, EffectKind.RUN)),
    (ToolCall("x"), ()),
]


@pytest.mark.parametrize(("action", "kinds"), CHANGES)
def test_a_change_is_denied_in_words_that_help(action, kinds):
    verdict = plan(action, facts(*kinds))
    assert isinstance(verdict, Deny)
    assert verdict.code == "plan-changes-nothing"
    assert "step of the plan" in verdict.hint


@pytest.mark.parametrize(("action", "kinds"), HARMLESS)
def test_what_changes_nothing_passes(action, kinds):
    assert plan(action, facts(*kinds)) is PASS


@pytest.mark.parametrize("tier", [Tier.ACT, Tier.SMALL])
@pytest.mark.parametrize(("action", "kinds"), CHANGES + HARMLESS)
def test_other_tiers_pass(action, kinds, tier):
    assert plan(action, facts(*kinds, tier=tier)) is PASS
