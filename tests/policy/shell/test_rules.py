import re

import pytest

from companion.model.facts import EffectKind
from companion.policy.shell.rules import RULES, apply, danger


@pytest.mark.parametrize("code", RULES)
def test_every_rule_can_be_read_by_a_person(code: str):
    effect = apply(code, "this", 1, 2)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
    assert effect.kind not in {EffectKind.READ, EffectKind.WRITE, EffectKind.RUN}
    assert effect.reason
    assert "{" not in effect.reason
    assert not effect.reason.endswith(".")


def test_a_long_target_is_cut_except_where_it_is_a_path():
    long = "x" * 500
    assert len(apply("eval", long, 0, 0).target) < 100
    assert len(apply("eval", long, 0, 0).reason) < 200
    assert apply("delete", long, 0, 0).target == long


def test_danger_follows_the_order_of_the_rules():
    ranks = [danger(apply(code, "", 0, 0)) for code in ("privilege", "rm-recursive", "network", "unknown-program")]
    assert ranks == sorted(set(ranks))
