from __future__ import annotations

import pytest

from companion.policy.shell.invocation import Invocation
from companion.policy.shell.toolbox import FORGES, PACKAGES, SYSTEM
from companion.policy.shell.tools import Tool, asks_for_help, judge_tool, named_files, names, tree_of
from tests.support.shell import words_of

TOOL = Tool("list|ls pr(view . diff) config(get)", valued="R repo", refused="o output exec")


def judged(*words: str | None, tool: Tool = TOOL) -> set[str]:
    invocation = Invocation("tool", words_of(*words), 0, 9)
    return {finding.code for finding in judge_tool(invocation, tool, "service") if finding.kind != "read"}


def test_a_table_is_a_tree():
    assert tree_of("a b(c d(e)) f|g(h)") == {"a": {}, "b": {"c": {}, "d": {"e": {}}}, "f": {"h": {}}, "g": {"h": {}}}


@pytest.mark.parametrize("table", [PACKAGES, FORGES, SYSTEM], ids=["packages", "forges", "system"])
def test_every_table_is_well_formed(table: dict[str, Tool]):
    for name, tool in table.items():
        assert tool.reads.count("(") == tool.reads.count(")"), name
        assert tree_of(tool.reads) or tool.flags, name


@pytest.mark.parametrize(
    "words",
    [
        ["list"],
        ["ls", "x"],
        ["pr"],
        ["pr", "view", "1"],
        ["-R", "a", "list"],
        ["--repo", "a", "pr", "diff"],
        ["list", None],
    ],
    ids=str,
)
def test_what_the_table_names_reads(words: list[str | None]):
    tool = Tool(TOOL.reads, TOOL.valued) if None in words else TOOL
    assert judged(*(word or "x" for word in words), tool=tool) == {""}


@pytest.mark.parametrize(
    "words",
    [
        ["delete"],
        ["pr", "merge"],
        ["config"],
        ["config", "set"],
        ["list", "-o", "x"],
        ["list", "-ao"],
        ["list", "--output=x"],
        ["list", "--outp", "x"],
        ["list", "--exec", "x"],
        ["pr", "view", "--output", "x"],
        [],
    ],
    ids=str,
)
def test_the_rest_is_asked_about(words: list[str]):
    assert "service" in judged(*words)


def test_a_word_that_is_not_known_may_be_an_option():
    assert judged("list", None) == {"unknown-word"}


@pytest.mark.parametrize(
    "words", [["--help"], ["help"], ["help", "x"], ["pr", "--help"], ["pr", "list", "-h"], ["--version"]], ids=str
)
def test_a_question_for_help_is_one(words: list[str]):
    assert asks_for_help(words)


@pytest.mark.parametrize(
    "words",
    [
        [],
        [None],
        ["run", "x", "--help"],
        ["exec", "x", "-h"],
        ["-h", "host", "drop"],
        ["x", "--", "--help"],
        ["a", "b", "c", "d", "--help"],
    ],
    ids=str,
)
def test_what_only_looks_like_one_is_none(words: list[str | None]):
    assert not asks_for_help(words)


def test_what_looks_like_a_path_is_read():
    invocation = Invocation("tool", words_of("a/b", "--file=c/d", "https://x/y", "@e.pem", "plain", "-x"), 0, 9)
    assert {finding.target for finding in named_files(invocation)} == {"a/b", "c/d", "e.pem"}


@pytest.mark.parametrize(
    ("words", "asks"),
    [
        (["api", "repos/o/r"], False),
        (["api", "-X", "GET", "x"], False),
        (["api", "-XPOST", "x"], True),
        (["api", "x", "-f", "a=b"], True),
        (["api", "graphql"], True),
        (["api", "repos/o/r/actions/secrets"], True),
    ],
)
def test_gh_api_only_asks(words: list[str], asks: bool):
    invocation = Invocation("gh", words_of(*words), 0, 9)
    assert any(finding.code == "network" for finding in judge_tool(invocation, FORGES["gh"], "network")) is asks


def test_names_are_words():
    assert names("a b  c") == {"a", "b", "c"}
