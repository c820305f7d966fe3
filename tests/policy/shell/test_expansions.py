"""What expands inside of a word: nothing that runs or shows something is passed over, arithmetic least of all."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.policy.shell.budget import Budget
from companion.policy.shell.expansions import Risk, Shown, Substitution, check_arithmetic, find_expansions
from companion.policy.shell.read import read_command
from companion.policy.shell.source import Unclear
from tests.support.shell import BASH, all_nodes, runs_what_it_computes, tree_of

KNOWN = {"n": "7", "text": "a b", "name": "n"}


def found(command: str) -> list[tuple[str, str]]:
    syntax = tree_of(command)
    seen = []
    for one in find_expansions(syntax.root, syntax, KNOWN.get, Budget()):
        match one:
            case Substitution(node):
                seen.append(("runs", syntax.text(node)))
            case Shown(_, name):
                seen.append(("shows", name))
            case Risk(_, code):
                seen.append(("risks", code))
    return seen


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("a", []),
        ("'$x $(ls) `ls`'", []),
        ("\\$x", []),
        ("$x", [("shows", "x")]),
        ("${x}", [("shows", "x")]),
        ('"a $x b ${y}"', [("shows", "x"), ("shows", "y")]),
        ("${#x}", [("shows", "x")]),
        ("${x[1]}", [("shows", "x")]),
        ("${x[@]}", [("shows", "x")]),
        ("${x#a*}", [("shows", "x")]),
        ("${x:1:2}", [("shows", "x")]),
        ("${x:-$(ls)}", [("shows", "x"), ("runs", "$(ls)")]),
        ("${x:+$y}", [("shows", "x"), ("shows", "y")]),
        ("$? $# $$ $@ ${*}", []),
        ("$1 ${10}", [("shows", "1"), ("shows", "10")]),
        ("$(ls $x)", [("runs", "$(ls $x)")]),
        ("`ls $x`", [("runs", "`ls $x`")]),
        ('"$(ls)"', [("runs", "$(ls)")]),
        ("<(ls)", [("runs", "<(ls)")]),
        (">(ls)", [("runs", ">(ls)")]),
        ("{a,$(ls)}", [("runs", "$(ls)")]),
        ("$((1 + 2))", []),
        ("$((n * 3))", []),
        ("$(($(ls)))", [("risks", "arithmetic"), ("runs", "$(ls)")]),
    ],
)
def test_each_expansion_is_told_once_in_the_order_of_the_text(word: str, expected: list[tuple[str, str]]):
    assert found(f"echo {word}") == expected


@pytest.mark.parametrize("word", ["${!y}", "${!y*}", "${y@P}", "${y@Q}", "${y:=1}", "${y=1}", "${y:a:1}", "${@:n}"])
def test_an_expansion_that_reads_another_variable_assigns_or_expands_again_is_a_risk(word: str):
    assert ("risks", "expansion") in found(f"echo {word}")


@pytest.mark.parametrize("index", ["a", "n", "$n", '"a"', "$(ls)", "-1", "1+1"])
def test_a_subscript_that_is_computed_is_a_risk(index: str):
    assert ("risks", "arithmetic") in found(f"echo ${{y[{index}]}}")
    assert ("risks", "arithmetic") in found(f"y[{index}]=1")


@pytest.mark.parametrize(
    "inside",
    [
        "1",
        "-1",
        "!1",
        "~1",
        "(1)",
        "1 + 2 * 3",
        "1 ? 2 : 3",
        "16#ff",
        "n",
        "n * 3",
        "$n",
        "n << 1",
        "$# + $? + $$",
        "$!",
    ],
)
def test_numbers_and_what_is_known_to_be_one_are_computed_unasked(inside: str):
    assert ("risks", "arithmetic") not in found(f"echo $(({inside}))")


TEXTS = ["a", "$a", "${n}", "a[0]", "a[n]", "text", "name", "n++", "--n", "n = 1", "n += 1", "$1", "$0", "$@", "$*"]
TEXTS += ["$_", "$-", '"a"', '"n"', "'a'", '"$a"', '"a[\\$(ls)]"', "$(ls)", "`ls`", '1 + (2 ? 3 : "a")']


@pytest.mark.parametrize("inside", TEXTS)
def test_text_that_is_computed_may_run_a_command(inside: str):
    assert ("risks", "arithmetic") in found(f"echo $(({inside}))")
    syntax = tree_of(f"(({inside}))")
    [body] = all_nodes(syntax, "compound_statement")
    assert any(list(check_arithmetic(child, syntax, KNOWN.get)) for child in body.children)


def test_a_risk_anywhere_below_is_one_risk_of_the_whole():
    syntax = tree_of("echo $((a + b[c] + 1))")
    [node] = all_nodes(syntax, "arithmetic_expansion")
    assert list(check_arithmetic(node, syntax, KNOWN.get)) == [Risk(node, "arithmetic")]


def test_every_node_that_is_looked_at_is_paid_for():
    syntax = tree_of("echo $a $b $c")
    with pytest.raises(Unclear, match="over-budget"):
        list(find_expansions(syntax.root, syntax, KNOWN.get, Budget(visits=5)))


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("echo $GITHUB_TOKEN", "reads-environment"),
        ('echo "${DB_PASSWORD:0:3}"', "reads-environment"),
        ("cat <<E\n$API_KEY\nE", "reads-environment"),
        ("echo ${!y}", "expansion"),
        ("((y++))", "arithmetic"),
        ("x='a[$(ls)]'; echo $((\"x\"))", "arithmetic"),
        ("echo 'a[$(ls)]'; echo $(($_))", "arithmetic"),
        ("sh -c 'echo $(($@))' x 'a[$(ls)]'", "arithmetic"),
    ],
)
def test_what_is_found_becomes_an_effect_of_the_command(command: str, code: str):
    assert code in {effect.code for effect in read_command(command)}


ATOMS = ["1", "08", "16#f", "n", "q", "$n", "$q", "${q}", '"q"', "'q'", '"$q"', '"n"', "q[0]", "a[1]", "q++", "q=1"]
ATOMS += ["$1", "$@", "$*", "$_", "$#", "$?", "$!", "$(echo 1)"]
arithmetic = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.builds("{}{}{}".format, inner, st.sampled_from(["+", " - ", "*", " && ", " || ", ",", " < ", "=="]), inner),
        st.builds("({})".format, inner),
        st.builds("{}{}".format, st.sampled_from(["-", "!", "~", "+ "]), inner),
        st.builds("{} ? {} : {}".format, inner, inner, inner),
    ),
    max_leaves=4,
)


@pytest.mark.skipif(BASH is None or os.name == "nt", reason="compares with bash, which is not here")
@settings(max_examples=60)
@given(arithmetic)
def test_no_command_runs_in_arithmetic_that_passed(inside: str):
    if not any(effect.code for effect in read_command(f"n=7; : $(({inside}))")):
        assert not runs_what_it_computes(f": $(({inside}))")
