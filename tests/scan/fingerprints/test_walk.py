"""Whose text is ignored and whose is allowed, and what is left out is said."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from companion.model.facts import IgnoreMatch
from companion.model.policy import Policy
from companion.scan.fingerprints.walk import HURRIED, Walk
from companion.scan.fingerprints.worker import Job, walk_of
from tests.support.ignored import put

DENIED, GIT = IgnoreMatch(".clineignore", 1, "x"), IgnoreMatch(".gitignore", 1, "y", denied=False)


def judge(path: str) -> IgnoreMatch | None:
    return DENIED if "denied" in path else GIT if "git" in Path(path).name else None


def walked(top: Path, *, with_git: bool = True, most: int = 1000):
    return Walk(judge, frozenset({".rules"}), ("node_modules", "*.log"), with_git, most).run(str(top))


def names(paths) -> set[str]:
    return {Path(path).name for path in paths}


@pytest.fixture
def top(tmp_path):
    top = tmp_path / "ws"
    for name in (
        "a.txt", "denied/b.txt", "denied/sub/c.txt", "gitted/d.txt", "gitted/denied.txt", "gitted/x.log",
        "denied/node_modules/e.txt", "gitted/LICENSE", "denied/CLAUDE.md", "gitted/CLAUDE.md", ".git/f", ".rules",
    ):  # fmt: skip
        put(top / name, "text")
    return top


def test_files_are_told_apart(top):
    found = walked(top)
    assert names(source.path for source in found.ignored) == {"b.txt", "c.txt", "CLAUDE.md", "d.txt", "denied.txt"}
    assert names(found.allowed) == {"a.txt", ".rules"}
    assert [source.rule.denied for source in found.ignored] == [True, True, True, True, False]
    assert sum(left.files for left in found.left_out.values()) == 4
    assert not any(".git/" in path for path in found.looked_at)


def test_without_gits_lists_only_what_is_denied_counts(top):
    found = walked(top, with_git=False)
    assert names(source.path for source in found.ignored) == {"b.txt", "c.txt", "CLAUDE.md", "denied.txt"}


def test_what_a_tool_is_writing_does_not_count_yet(top):
    (top / "gitted" / "new.txt").write_text("output")
    (top / "denied" / "new.txt").write_text("output")
    found = walked(top)
    assert found.young
    assert [source.path for source in found.ignored if source.path.endswith("new.txt")] == [str(top / "denied/new.txt")]


def test_a_bound_is_kept_and_said(top):
    found = walked(top, most=3)
    assert len(found.allowed) + len(found.ignored) <= 3
    assert any("first 3 entries" in reason for reason in found.left_out)


def test_a_link_to_a_file_counts_and_one_to_a_folder_does_not(top, tmp_path):
    put(tmp_path / "outside" / "g.txt", "text")
    (top / "denied" / "link.txt").symlink_to(tmp_path / "outside" / "g.txt")
    (top / "denied" / "folder").symlink_to(tmp_path / "outside")
    (top / "denied" / "gone").symlink_to(tmp_path / "nowhere")
    os.mkfifo(top / "denied" / "pipe")
    found = names(source.path for source in walked(top).ignored)
    assert "link.txt" in found
    assert not found & {"g.txt", "gone", "pipe"}


def test_each_folder_and_rule_file_is_looked_at(top):
    looked_at = walked(top).looked_at
    assert {str(top), str(top / "denied"), str(top / "denied/sub"), str(top / ".rules")} <= set(looked_at)


def test_one_new_file_can_be_taken(top):
    walk, found = Walk(judge, frozenset(), (), with_git=True), walked(top / "nowhere")
    with os.scandir(top / "denied" / "sub") as entries:
        for entry in entries:
            walk.take(entry, found)
    assert names(source.path for source in found.ignored) == {"c.txt"}


def test_what_there_is_no_time_for_is_said(top):
    found = Walk(judge, frozenset(), (), with_git=True).run(str(top), until=0.0)
    assert found.hurried
    assert not found.ignored
    assert list(found.left_out) == [HURRIED]


RULES = {
    "": "*.log\nout/\n/top.txt\n!keep.log\ndeep/**/x\n",
    "a": "!*.log\nb/\n*.t\n",
    "a/c": "!x.t\n",
    "inner": "*.txt\n",
}
NAMES = ("x.log", "keep.log", "top.txt", "x.t", "x", "plain")
FOLDERS = ("", "a", "a/b", "a/c", "out", "out/a", "inner", "inner/out", "deep/er/x", "private", "private/a")


@pytest.mark.parametrize("kind", [".gitignore", ".companionignore"])
def test_law_folder_by_folder_it_is_the_same_as_path_by_path(tmp_path, kind):
    top = tmp_path / "ws"
    for folder in FOLDERS:
        for name in NAMES:
            put(top / folder / name, "text")
    for folder, rules in RULES.items():
        put(top / folder / kind, rules)
    put(top / ".companionignore", (RULES[""] if kind == ".companionignore" else "") + "private/\n")
    for repository in (top, top / "inner"):
        subprocess.run(["git", "init", "-q"], cwd=repository, check=True)
    (top / "link.txt").symlink_to(top / "private" / "x")
    walk = walk_of(Job(str(top), "", "00" * 16, Policy()))
    assert walk.rules_in
    slowly, quickly = replace(walk, rules_in=None).run(str(top)), walk.run(str(top))
    assert slowly.allowed == quickly.allowed
    assert slowly.ignored == quickly.ignored
    assert slowly.looked_at == quickly.looked_at
    assert {str(top / "private/x"), str(top / "link.txt")} <= {source.path for source in quickly.ignored}


@pytest.mark.parametrize("with_git", [True, False])
def test_what_only_git_ignores_counts_where_that_is_asked_for(with_git):
    rules = {"/denied": IgnoreMatch("x", 1, "d"), "/git": IgnoreMatch("g", 1, "g", denied=False)}
    walk = Walk(rules.get, frozenset(), (), with_git)
    assert walk.rule_of("/denied") == rules["/denied"]
    assert walk.rule_of("/git") == (rules["/git"] if with_git else None)
    assert walk.rule_of("/open") is None
