"""`companion connect` and `companion disconnect` as a person and a script use them."""

import json
import shlex

import pytest
from click.testing import CliRunner

from companion.cli.connect import connect, disconnect
from tests.cli.agents.fake_daemon import OPEN, FakeDaemon, places_in


def run(command, *arguments):
    return CliRunner().invoke(command, [str(one) for one in arguments])


def test_there_and_back(home, daemon):
    result = run(connect, "claude")
    assert result.exit_code == 0
    assert '+    "ANTHROPIC_AUTH_TOKEN": "cmp-…0000",' in result.stdout
    assert f"Claude Code is connected to {daemon.gateway}, key key-0" in result.stdout
    assert "nothing was changed" in run(connect, "claude").stdout
    result = run(disconnect, "claude")
    assert "settings.json is gone again, key key-0 is revoked" in result.stdout
    assert list(home.iterdir()) == []
    result = run(disconnect, "claude")
    assert (result.exit_code, result.stdout) == (0, "  Claude Code is not connected.\n")


def test_all(home, daemon):
    for name in ("cline", "claude", "codex"):
        assert run(connect, name).exit_code == 0
    result = run(disconnect, "--all", "--json")
    assert [(one["agent"], one["exact"]) for one in json.loads(result.stdout)] == [
        ("claude", True),
        ("cline", True),
        ("codex", True),
    ]
    assert daemon.live == []
    assert list(home.iterdir()) == []
    assert run(disconnect, "--all").stdout == "no agent is connected\n"


def test_one_that_fails_does_not_hold_the_others(home, daemon):
    run(connect, "claude")
    run(connect, "codex")
    (home / ".claude" / "settings.json").write_text("{")
    result = run(disconnect, "--all")
    assert result.exit_code == 1
    assert "settings.json:1:2" in result.stderr
    assert "next: mend it" in result.stderr
    assert not (home / ".codex").exists()


def test_a_dry_run(home, daemon):
    result = run(connect, "codex", "--dry-run")
    assert '+base_url = "' in result.stdout
    assert result.stdout.endswith("nothing was written. next: companion connect codex\n")
    report = json.loads(run(connect, "codex", "--dry-run", "--json").stdout)
    assert (report["changed"], report["dry_run"], report["key_made"]) == (True, True, False)
    assert list(home.iterdir()) == []
    assert daemon.keys == {}


def test_a_dry_run_ends_in_the_whole_command_that_does_it(home, daemon, tmp_path):
    given = ["cline", "--model", "a b", "--config-dir", str(tmp_path / "x"), "--no-hooks"]
    result = run(connect, *given, "--dry-run")
    assert result.stdout.endswith(f"next: companion connect {shlex.join(given)}\n")


def test_a_folder_of_its_own(home, daemon, tmp_path):
    assert run(connect, "cline", "--config-dir", tmp_path / "x").exit_code == 0
    assert (tmp_path / "x" / "data" / "settings" / "providers.json").exists()
    assert run(disconnect, "cline").exit_code == 0
    assert not (tmp_path / "x").exists()


def test_no_daemon(home):
    result = run(connect, "cline")
    assert result.exit_code == 3
    assert result.stderr.endswith("next: companion up\n")


def test_no_model(home, daemon):
    daemon.tiers = OPEN
    result = run(connect, "cline")
    assert result.exit_code == 1
    assert result.stderr.endswith("next: companion connect cline --model NAME\n")
    assert run(connect, "cline", "--model", "m").exit_code == 0


def test_without_a_daemon_settings_come_back(home):
    with FakeDaemon(places_in(home.parent / "c")):
        run(connect, "codex")
    result = run(disconnect, "codex")
    assert result.exit_code == 0
    assert "companion keys revoke key-0" in result.stdout
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("arguments", [[], ["cline", "--all"]])
def test_which_one(home, arguments):
    result = run(disconnect, *arguments)
    assert result.exit_code == 2
    assert "no agent is connected" in result.stderr


def test_a_symbolic_link_is_said(home, daemon):
    (home / "dotfiles").mkdir()
    (home / "dotfiles" / "codex").write_text("")
    (home / ".codex").mkdir()
    (home / ".codex" / "config.toml").symlink_to(home / "dotfiles" / "codex")
    assert "config.toml is a symbolic link" in run(connect, "codex").stdout.replace("\n", " ")
