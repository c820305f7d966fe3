from __future__ import annotations

from companion.model.policy import Policy
from companion.scan.fingerprints.rulefiles import GONE, names_of_rule_files, rule_files_above, stamp_at


def test_the_rule_files_of_a_repository_above_count(tmp_path):
    (tmp_path / ".git" / "info").mkdir(parents=True)
    (tmp_path / ".gitignore").write_text("x\n")
    found = rule_files_above(str(tmp_path / "a" / "b"), Policy())
    assert found[str(tmp_path / ".gitignore")] != GONE
    assert found[str(tmp_path / "a" / ".clineignore")] == GONE
    assert str(tmp_path / ".git" / "info" / "exclude") in found
    assert str(tmp_path.parent / ".gitignore") not in found


def test_names_are_gits_and_the_policys():
    assert names_of_rule_files(Policy(ignore_files=(".x",))) == {".gitignore", ".x"}
    assert names_of_rule_files(Policy(ignore_files=(), agent_ignore_files=("cursor", "claude"))) == {
        ".gitignore",
        ".cursorignore",
    }


def test_settings_that_hold_rules_or_name_a_list_of_them_count(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text(f"[core]\n\texcludesFile = {tmp_path}/mine\n")
    found = rule_files_above(str(tmp_path), Policy(agent_ignore_files=("claude",)))
    assert {str(tmp_path / name) for name in ("mine", ".git/config", ".claude/settings.json")} <= found.keys()


def test_what_cannot_be_seen_is_gone(tmp_path):
    assert stamp_at(str(tmp_path / "x" / "y")) == GONE
    assert stamp_at("\0") == GONE
