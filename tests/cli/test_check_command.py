from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from companion.cli.main import main


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path / "home"))
    folder = tmp_path / "ws"
    folder.mkdir()
    (folder / ".env").write_text("X=1")
    return folder


def check(workspace: Path, *words: str, lines: str | None = None) -> Result:
    return CliRunner().invoke(main, ["check", "command", "--cwd", str(workspace), *words], input=lines)


@pytest.mark.parametrize(
    ("command", "verdict", "code"),
    [
        ("ls -la", "allow", "command-reads-only"),
        ("touch x", "allow", "command-writes-inside"),
        ("npm install x", "ask", ""),
        ("cat .env", "deny", "ignored-path"),
        ("rm -rf /", "deny", "deletes-outside"),
    ],
)
def test_a_verdict_as_json(workspace: Path, command: str, verdict: str, code: str):
    result = check(workspace, "--json", command)
    said = json.loads(result.output)
    assert said["verdict"] == verdict
    assert said["code"] == (code or said["code"])
    assert said["effects"]
    assert said["reason"]
    assert result.exit_code == (0 if verdict == "allow" else 1)


def test_planning_changes_nothing(workspace: Path):
    assert json.loads(check(workspace, "--json", "--mode", "plan", "touch x").output)["code"] == "plan-changes-nothing"
    assert json.loads(check(workspace, "--json", "--mode", "plan", "ls").output)["verdict"] == "allow"


def test_words_for_people(workspace: Path):
    result = check(workspace, "git", "push", "--force", "origin", "main")
    assert [word for word in ("deny:", "git-push-protected", "instead:") if word not in result.output] == []


def test_a_hidden_character_is_shown(workspace: Path):
    assert "<U+202E>" in check(workspace, "ls \u202e").output


def test_a_batch_answers_line_by_line(workspace: Path):
    (workspace / "sub").mkdir()
    lines = [{"command": "ls"}, {"command": "cat .env"}, {"command": "cat ../.env", "cwd": str(workspace / "sub")}]
    result = check(workspace, "--batch", lines="".join(json.dumps(line) + "\n" for line in lines) + "\n")
    assert [json.loads(line)["verdict"] for line in result.output.splitlines()] == ["allow", "deny", "deny"]
    assert result.exit_code == 0


@pytest.mark.parametrize("line", ["x", "[]", "{}", '{"command": 1}', '{"command": "ls", "cwd": 1}'])
def test_a_bad_line_is_named(workspace: Path, line: str):
    result = check(workspace, "--batch", lines=f'{{"command": "ls"}}\n{line}\n')
    assert result.exit_code == 2
    assert [word for word in ("line 2", "next:") if word not in result.output] == []


@pytest.mark.parametrize("words", [[], [""], [" ", ""], ["--batch", "ls"]], ids=str)
def test_it_wants_one_or_the_other(workspace: Path, words: list[str]):
    assert check(workspace, *words).exit_code == 2


def test_your_rules_count(workspace: Path, tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "companion.toml").write_text('[policy]\nrules = ["allow command=\'npm install\'", "deny tool=ls"]\n')
    assert json.loads(check(workspace, "--json", "npm install x").output)["verdict"] == "allow"
    assert json.loads(check(workspace, "--json", "ls").output)["code"] == "policy-rule"
    (home / "companion.toml").write_text('[policy]\nrules = ["deny"]\n')
    assert check(workspace, "ls").exit_code == 2
