"""`[ … ]` and `[[ … ]]`: which files they look at, and what they may run while they compute."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.policy.shell.conditions import judge_condition
from companion.policy.shell.read import read_command
from tests.support.shell import BASH, HOSTILE, all_nodes, runs_what_it_computes, told, tree_of

KNOWN = {"n": "7", "file": "src/a", "home": "/h"}


def judged(condition: str) -> list[tuple[str, str, str]]:
    syntax = tree_of(condition)
    [node] = all_nodes(syntax, "test_command")
    return told(judge_condition(node, syntax, KNOWN.get))


@pytest.mark.parametrize(
    ("condition", "files"),
    [
        ("[ -f x ]", ["x"]),
        ("[[ -f x ]]", ["x"]),
        ("[[ -e $file ]]", ["src/a"]),
        ('[[ -d "$home/.ssh" ]]', ["/h/.ssh"]),
        ("[[ ! -f x ]]", ["x"]),
        ("[[ -f x && -r y || ! -s z ]]", ["x", "y", "z"]),
        ("[[ ( -f x ) && ! ( -L y ) ]]", ["x", "y"]),
        ("[[ x -nt y ]]", ["x", "y"]),
        ("[[ x -ot y || a -ef b ]]", ["x", "y", "a", "b"]),
        ("[[ -f x/*.py ]]", ["x"]),
        ("[[ -n x && -z y ]]", []),
        ("[[ x == -f ]]", []),
        ("[[ a = b ]]", []),
        ("[[ a ]]", []),
    ],
)
def test_each_file_that_is_looked_at_is_told_by_its_name(condition: str, files: list[str]):
    name = condition.split(" ", 1)[0]
    assert sorted(judged(condition)) == sorted([("run", name, ""), *(("read", file, "names") for file in files)])


@pytest.mark.parametrize("letter", "abcdefghkprsuwxGLNOS")
def test_every_operator_on_one_file_tells_it(letter: str):
    assert ("read", "x", "names") in judged(f"[[ -{letter} x ]]")


@pytest.mark.parametrize("operator", ["-eq", "-ne", "-lt", "-le", "-gt", "-ge"])
@pytest.mark.parametrize(
    ("left", "right", "plain"),
    [
        ("1", "2", True),
        ("$n", '"-3"', True),
        ("x", "2", False),
        ("1", '"x"', False),
        ("$1", "2", False),
        ("1+1", "2", False),
    ],
)
def test_only_plain_numbers_are_compared_without_a_word(operator: str, left: str, right: str, plain: bool):
    assert ("arithmetic" not in {code for _, _, code in judged(f"[[ {left} {operator} {right} ]]")}) is plain


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("[[ -v x ]]", "arithmetic"),
        ("[[ -R x ]]", "arithmetic"),
        ("[[ -f x && -v 'a[0]' ]]", "arithmetic"),
        ("[[ ! ( -v x ) ]]", "arithmetic"),
        ("[ -v x ]", "unknown-word"),
        ("[ a -eq $1 ]", "unknown-word"),
        ("[ a < b ]", "not-understood"),
        ("[ a > b ]", "not-understood"),
        ("[ a && b ]", "not-understood"),
        ("[ ! a < b ]", "not-understood"),
    ],
)
def test_what_may_run_or_be_read_in_two_ways_is_named(condition: str, code: str):
    assert code in {code for _, _, code in judged(condition)}


def test_what_stands_inside_is_judged_too_and_paths_are_counted_from_the_folder():
    told_of = told(read_command('cd sub && [[ -f a && -n "$(cat b)" ]]'))
    assert {("read", "sub/a", "names"), ("read", "sub/b", "")} <= set(told_of)


OPERANDS = st.sampled_from(["1", "$n", "-2", "q", HOSTILE, "$q", '"$q"', "$1", "$_", "'q[0]'", "x", "''"])
UNARY = st.sampled_from(["-v", "-R", "-n", "-z", "-f", "-t", "-o", "-a"])
BINARY = st.sampled_from(["-eq", "-lt", "==", "=", "!=", "-nt", "-ef", "<"])
conditions = st.recursive(
    st.one_of(
        OPERANDS, st.builds("{} {}".format, UNARY, OPERANDS), st.builds("{} {} {}".format, OPERANDS, BINARY, OPERANDS)
    ),
    lambda inner: st.one_of(
        st.builds("! {}".format, inner),
        st.builds("( {} )".format, inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(["&&", "||"]), inner),
    ),
    max_leaves=3,
)


@pytest.mark.skipif(BASH is None or os.name == "nt", reason="compares with bash, which is not here")
@settings(max_examples=60)
@given(st.sampled_from(["[ {} ]", "[[ {} ]]", "test {}"]), conditions)
def test_no_command_runs_in_a_condition_that_passed(form: str, condition: str):
    command = form.format(condition)
    if not any(effect.code not in {"", "names"} for effect in read_command(f"n=7; q=; _=; {command}")):
        assert not runs_what_it_computes(command)
