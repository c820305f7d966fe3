"""A look at the disk finds what has changed since the index was made."""

from __future__ import annotations

import pytest

from companion.model.facts import IgnoreMatch
from companion.model.policy import Policy
from companion.scan.fingerprints.build import build
from companion.scan.fingerprints.fresh import Look
from companion.scan.fingerprints.prints import prints
from companion.scan.fingerprints.rulefiles import names_of_rule_files
from companion.scan.fingerprints.text import compared
from companion.scan.fingerprints.walk import Walk
from tests.support.ignored import prose, put

KEY = bytes(16)


def judge(path: str) -> IgnoreMatch | None:
    if "denied" in path:
        return IgnoreMatch(".clineignore", 1, "denied")
    return IgnoreMatch(".gitignore", 1, "gitted", denied=False) if "gitted" in path else None


@pytest.fixture
def look(tmp_path):
    put(tmp_path / "denied" / "a.txt", prose("a"))
    put(tmp_path / "gitted" / "b.txt", prose("b"))
    put(tmp_path / ".clineignore", "denied")
    walk = Walk(judge, names_of_rule_files(Policy()), (), with_git=True)
    header, _ = build(str(tmp_path), walk, KEY, "x", lambda done, total: None)
    return Look(header, str(tmp_path), Policy(), walk, KEY)


def test_nothing_new_is_nothing(look):
    assert not look.again()
    assert (look.prints, look.rules_changed, look.outdated) == ({}, False, False)


@pytest.mark.parametrize("name", ["denied/new.txt", "denied/a.txt", "denied/deep/er/x.txt", "open/denied.txt"])
def test_denied_text_counts_at_once(look, tmp_path, name):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(prose("new"))
    assert look.again()
    assert prints(compared(prose("new").encode()), KEY) <= set(look.prints)
    number = next(iter(look.prints.values()))
    assert look.sources[number].path == str(tmp_path / name)
    assert not look.again(), "what was seen is not seen anew"


def test_a_file_in_a_folder_that_came_later_counts_too(look, tmp_path):
    (tmp_path / "denied" / "later").mkdir()
    look.again()
    (tmp_path / "denied" / "later" / "x.txt").write_text(prose("new"))
    assert look.again()


def test_gits_text_waits_for_the_next_index(look, tmp_path):
    (tmp_path / "gitted" / "b.txt").write_text(prose("new"))
    assert not look.again()
    assert look.outdated
    assert not look.rules_changed


@pytest.mark.parametrize("name", [".clineignore", ".gitignore", "denied/.clineignore", "open/.companionignore"])
def test_a_rule_file_that_comes_or_changes_is_noticed(look, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("other\n")
    look.again()
    assert look.rules_changed


def test_a_rule_file_that_goes_is_noticed(look, tmp_path):
    (tmp_path / ".clineignore").unlink()
    look.again()
    assert look.rules_changed


def test_what_goes_leaves_its_prints_behind(look, tmp_path):
    (tmp_path / "denied" / "a.txt").unlink()
    assert not look.again()
    assert len(look.sources) == 2
