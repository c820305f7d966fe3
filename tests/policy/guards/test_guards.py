"""The list of guards: its order, and that no action makes any of them raise."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.model.action import Dialect, FileAccess, ModelCall, Operation, ShellCommand, Tier, ToolCall
from companion.model.exchange import Origin
from companion.model.facts import Effect, EffectKind, Facts, IgnoreMatch, PathFacts
from companion.model.policy import CommandLevel, IgnoredAction, Policy, SecretAction
from companion.model.scope import KeyScope
from companion.model.verdict import Allow, Amend, Ask, Deny, Outcome
from companion.policy.evaluate import evaluate
from companion.policy.guards import GUARDS
from companion.policy.guards.tools import TOOLS

text = st.text(max_size=12) | st.sampled_from(["a", "", *TOOLS])
matches = st.builds(IgnoreMatch, text, st.integers(0, 9), text, denied=st.booleans())
path_facts = st.builds(
    PathFacts,
    text,
    text,
    inside=st.booleans(),
    ignored=st.none() | matches,
    is_dir=st.booleans(),
    privileged=text,
)
actions = (
    st.builds(ModelCall, st.sampled_from(Dialect), text, st.lists(text, max_size=3).map(tuple), served=text)
    | st.builds(ShellCommand, text, text)
    | st.builds(FileAccess, text, st.sampled_from(Operation))
    | st.builds(ToolCall, text, text)
)
several = st.lists(text, max_size=2).map(tuple)
scopes = st.builds(KeyScope, text, tiers=st.lists(st.sampled_from(Tier), max_size=2).map(tuple), models=several)
facts = st.builds(
    Facts,
    st.builds(Origin, workspace=st.sampled_from(["", "/ws"]), tier=st.sampled_from(Tier), scope=scopes),
    st.builds(
        Policy,
        secrets=st.sampled_from(SecretAction),
        gitignored=st.sampled_from(IgnoredAction),
        commands=st.sampled_from(CommandLevel),
    ),
    effects=st.lists(
        st.builds(Effect, st.sampled_from(EffectKind), text, st.just(0), st.just(1), code=text), max_size=3
    ).map(tuple),
    paths=st.dictionaries(text, path_facts, max_size=3),
)


def test_the_order_of_the_guards():
    names = [name for name, _ in GUARDS]
    before = ["scope", "control", "workspace", "ignored", "secrets", "egress", "excerpts"]
    assert names == [*before, "plan", "files", "commands", "tools"]


@pytest.mark.parametrize("number", range(len(GUARDS)), ids=[name for name, _ in GUARDS])
@given(action=actions, known=facts)
@settings(max_examples=150)
def test_no_guard_raises_on_any_action(number, action, known):
    assert isinstance(GUARDS[number][1](action, known), Allow | Amend | Ask | Deny)


@given(path=text, operation=st.sampled_from(Operation), known=facts, match=matches)
@settings(max_examples=100)
def test_what_a_deny_list_covers_is_denied_whoever_asks(path, operation, known, match):
    rule = IgnoreMatch(match.source, match.line, match.pattern)
    covered = PathFacts(path, "/x", inside=True, ignored=rule, is_dir=True)
    told = Facts(known.origin, known.policy, paths={path: covered})
    assert evaluate(GUARDS, FileAccess(path, operation), told).outcome is Outcome.DENY


@given(action=actions.filter(lambda action: not isinstance(action, ModelCall)), known=facts)
@settings(max_examples=150)
def test_nothing_is_simply_allowed_without_a_workspace(action, known):
    told = Facts(Origin(tier=known.origin.tier), known.policy, effects=known.effects, paths=known.paths)
    assert evaluate(GUARDS, action, told).outcome in {Outcome.ASK, Outcome.DENY}
