"""Rules in forms of their own: .clineignore with includes, Claude Code's settings."""

import json

import pytest

from companion.model.policy import ClineIgnore, Policy
from companion.scan.own_rules import claude_rules, expand, legacy_clineignore
from companion.scan.paths import DiskPaths

LEGACY = Policy(clineignore=ClineIgnore.LEGACY)


@pytest.fixture
def ws(tmp_path):
    (tmp_path / "ws" / "sub").mkdir(parents=True)
    return tmp_path / "ws"


@pytest.fixture
def disk(tmp_path):
    return DiskPaths(home=str(tmp_path / "home"), environ={"GIT_CONFIG_NOSYSTEM": "1"}, fold_case=False)


def rule(disk, ws, path, policy=LEGACY):
    found = disk.judge(path, str(ws), policy).ignored
    return found and (found.source, found.line, found.denied)


def test_includes_count_where_they_stand_and_lines_keep_their_numbers(disk, ws):
    (ws / ".clineignore").write_text("a\n!include sub/more\n!b\n")
    (ws / "sub" / "more").write_text("# first\nb\nc\n!include again\n")
    (ws / "sub" / "again").write_text("d\n!include more\n")
    assert rule(disk, ws, "a") == (".clineignore", 1, True)
    assert rule(disk, ws, "b") is None
    assert rule(disk, ws, "sub/c") == ("sub/more", 3, True)
    assert rule(disk, ws, "d") == ("sub/again", 1, True)
    (ws / "sub" / "again").write_text("e\n")
    assert rule(disk, ws, "d") is None
    assert rule(disk, ws, "e") == ("sub/again", 1, True)


def test_only_the_workspace_s_own_file_counts(disk, ws):
    (ws / "sub" / ".clineignore").write_text("x\n")
    assert rule(disk, ws, "sub/x") is None
    assert rule(disk, ws, "sub/x", Policy()) == ("sub/.clineignore", 1, True)


def outside(ws):
    (ws.parent / "x").write_text("a\n")
    return "!include ../x\n"


def link_outside(ws):
    (ws.parent / "x").write_text("a\n")
    (ws / "link").symlink_to("../x")
    return "!include link\n"


def a_folder(ws):
    return "!include sub\n"


def huge(ws):
    (ws / "x").write_bytes(b"x\n" * (1 << 18))
    return "!include x\n"


def many(ws):
    for number in range(70):
        (ws / f"i{number}").write_text(f"!include i{number + 1}\n")
    return "!include i0\n"


@pytest.mark.parametrize("spoil", [outside, link_outside, a_folder, huge, many])
def test_an_include_that_cannot_be_taken_excludes_everything_and_says_why(disk, ws, spoil):
    (ws / ".clineignore").write_text(spoil(ws))
    found = disk.judge("anything", str(ws), LEGACY).ignored
    assert found is not None
    assert found.denied
    assert "unknown" in found.pattern


def test_an_include_that_is_not_there_is_named(ws):
    (ws / ".clineignore").write_text("!include gone\na\n")
    found = expand(str(ws / ".clineignore"), str(ws))
    assert found.missing == [str(ws / "gone")]
    assert str(ws / "gone") in found.files
    assert legacy_clineignore(str(ws), fold_case=False).file[-1].source == ".clineignore"


def test_claude_code_s_settings_deny_for_every_agent_that_is_asked_to_heed_them(disk, ws):
    settings = ws / ".claude" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"permissions": {"deny": ["Read(./private/**)"]}}))
    policy = Policy(agent_ignore_files=("claude", "cursor"))
    assert rule(disk, ws, "private/x", Policy()) is None
    assert rule(disk, ws, "private/x", policy) == (".claude/settings.json", 1, True)
    settings.write_text("{")
    assert rule(disk, ws, "private/x", policy) == (".claude/settings.json", 0, True)
    settings.unlink()
    assert rule(disk, ws, "private/x", policy) is None
    (ws / ".cursorignore").write_text("private\n")
    assert rule(disk, ws, "private/x", policy) == (".cursorignore", 1, True)


@pytest.mark.parametrize("content", [b"{", b"x" * (1 << 19)], ids=["broken", "huge"])
def test_settings_that_cannot_be_read_close(ws, content):
    (ws / ".claude").mkdir()
    (ws / ".claude" / "settings.json").write_bytes(content)
    found = claude_rules(str(ws), home=str(ws / "home"), fold_case=False)
    assert [file.rules.patterns[0].glob for file in found.file] == [None]
