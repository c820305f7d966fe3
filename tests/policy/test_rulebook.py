from __future__ import annotations

from datetime import UTC, datetime

import pytest

from companion.model.facts import Effect, EffectKind
from companion.policy.rulebook import BadRule, in_force, read_rule

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PUSH = Effect(EffectKind.GIT, "release/1", 0, 3, "git-push")


@pytest.mark.parametrize(
    ("rule", "effect", "words", "matches"),
    [
        ("deny effect=git branch=release/*", PUSH, (), True),
        ("deny effect=git branch=main", PUSH, (), False),
        ("deny branch=*", Effect(EffectKind.RUN, "x", 0, 1), (), False),
        ("ask host=*.internal", Effect(EffectKind.NETWORK, "a.internal", 0, 1), (), True),
        ("ask host=*", PUSH, (), False),
        ("allow command='npm test'", PUSH, ("npm", "test", "-q"), True),
        ("allow command='npm test'", PUSH, ("npm", "install"), False),
        ("allow command='npm test'", PUSH, (), False),
        ("deny path=docs/*", Effect(EffectKind.WRITE, "docs/a", 0, 1), (), True),
        ("deny path=/ws/docs/*", Effect(EffectKind.WRITE, "docs/a", 0, 1), (), True),
        ("deny path=*", PUSH, (), False),
        ("deny code=git-push", PUSH, (), True),
        ("deny tool=aws", Effect(EffectKind.CLOUD, "aws s3", 0, 1), (), True),
        ("deny tool=npm", PUSH, ("npm", "x"), True),
    ],
)
def test_every_condition_has_to_hold(rule: str, effect: Effect, words: tuple[str, ...], matches: bool):
    assert read_rule(rule).matches(effect, words, "/ws/docs/a") is matches


@pytest.mark.parametrize(
    "text",
    [
        "",
        "maybe effect=git",
        "allow",
        "allow project=/a",
        "allow until=2026-01-01",
        "deny effect=magic",
        "deny nonsense",
        "deny effect=git effect=git",
        "deny effect=",
        "deny project=a effect=git",
        "deny effect=git until=soon",
        "deny 'effect=git",
        "deny effect=git\u202e",
        "x" * 501,
    ],
)
def test_what_is_no_rule_says_why(text: str):
    with pytest.raises(BadRule, match=r"\w"):
        read_rule(text)


@pytest.mark.parametrize(
    ("until", "holds"),
    [
        ("2026-06-01", True),
        ("2026-05-31", False),
        ("2026-06-01T12:00", True),
        ("2026-06-01T11:59", False),
        ("2026-06-01T13:00+02:00", False),
    ],
)
def test_a_rule_ends(until: str, holds: bool):
    assert read_rule(f"allow effect=git until={until}").is_in_force(NOW) is holds


def test_what_ended_is_left_out_and_what_is_no_rule_is_kept():
    rules = ("allow effect=git until=2020-01-01", "deny effect=git", "nonsense")
    assert in_force(rules, NOW) == rules[1:]


def test_a_project_holds_below_its_folder():
    rule = read_rule("allow effect=git project=/home/me/web")
    folders = ["/home/me/web", "/home/me/web/sub", "/home/me/website", ""]
    assert [rule.holds_in(folder) for folder in folders] == [True, True, False, False]
