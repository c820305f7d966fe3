import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from companion.model.facts import EffectKind
from companion.policy.knowledge import classify as module
from companion.policy.knowledge.classify import classify, knows
from companion.policy.knowledge.finding import Fact, Input
from companion.policy.knowledge.index import CODE, FILES
from companion.policy.shell.rules import RULES
from tests.support.knowledge import WORDS

PROGRAMS = sorted(CODE.keys() | FILES.keys() | {"Get-ChildItem", "Remove-Item"})


def test_who_is_known():
    assert all(map(knows, PROGRAMS))
    assert not knows("no-such-program")
    assert classify("no-such-program", []) is None


@given(
    st.sampled_from(PROGRAMS),
    st.lists(WORDS, max_size=6),
    st.sampled_from([Input(), Input(piped=True), Input(text="x\ny")]),
)
def test_law_any_arguments_have_findings_whose_rules_and_places_exist(program, words, feed):
    found = classify(program, words, feed)
    assert found
    for each in found:
        assert -1 <= each.at < len(words)
        if isinstance(each, Fact):
            on_path = each.kind in {EffectKind.READ, EffectKind.WRITE, EffectKind.DELETE}
            assert on_path or not each.code or each.code in RULES
            assert not on_path or each.target or each.at >= 0
            assert each.kind in {EffectKind.RUN, EffectKind.CLOUD} or on_path or each.code


@example("keydb-cli", ["GET", ""], 2)
@given(st.sampled_from(PROGRAMS), st.lists(WORDS, max_size=4), st.integers(0, 4))
def test_law_a_word_that_is_not_known_is_spoken_of(program, words, at):
    words = [word for word in words if word is not None and word not in {"--help", "-h", "help", "--"}]
    words.insert(min(at, len(words)), None)
    found = classify(program, words) or ()
    assert any(
        not isinstance(each, Fact) or each.code
        for each in found
        if not isinstance(each, Fact) or each.kind is not EffectKind.READ
    )


def test_law_a_table_that_fails_is_not_understood(monkeypatch):
    def broken(*_):
        raise ValueError

    monkeypatch.setattr(module, "judge_tool", broken)
    assert [fact.code for fact in classify("helm", ["list"])] == ["not-understood"]


@pytest.mark.parametrize(
    "module_name", ["sqlglot", "companion.policy.knowledge.aws.table", "companion.policy.knowledge.keyed"]
)
def test_nothing_is_loaded_before_it_is_needed(module_name):
    code = f"import sys, companion.policy.shell.read; sys.exit({module_name!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
