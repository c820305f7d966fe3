"""`companion config` as a person and a script use it."""

import json

import pytest
from click.testing import CliRunner

from companion.cli.config import config
from companion.config.workspace import FILE_NAME

GOOD = '[upstreams.work]\nurl = "https://api.anthropic.com"\nkey_env = "A_KEY"\n[policy]\nsecrets = "deny"\n'
BAD = '[gateway]\nport = "[red]x"\nhots = 1\n'


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path))
    monkeypatch.setenv("A_KEY", "sk-1")
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(config, [str(one) for one in arguments])


def test_path(home):
    assert run("path").stdout == f"{home / 'companion.toml'}\n"


def test_check_says_that_nothing_is_wrong(home):
    result = run("check")
    assert result.exit_code == 0
    assert "no such file, so the defaults hold" in result.stdout
    (home / "companion.toml").write_text(GOOD)
    result = run("check")
    assert (result.exit_code, result.stdout) == (0, f"{home / 'companion.toml'}: nothing is wrong\n")
    assert json.loads(run("check", "--json").stdout) == {
        "ok": True,
        "file": str(home / "companion.toml"),
        "remarks": [],
    }


def test_check_lists_every_complaint_and_the_next_step(home):
    (home / "companion.toml").write_text(BAD)
    result = run("check")
    assert result.exit_code == 2
    assert result.stdout == ""
    first, second, last = result.stderr.splitlines()
    assert first.startswith(f"{home / 'companion.toml'}:2: gateway.port: expected")
    assert '"[red]x"' in first
    assert 'did you mean "host"?' in second
    assert last == f"next: mend {home / 'companion.toml'}, then type: companion config check"


def test_check_as_json(home):
    (home / "companion.toml").write_text(BAD)
    result = run("check", "--json")
    assert result.exit_code == 2
    answer = json.loads(result.stdout)
    assert [one["line"] for one in answer["complaints"]] == [2, 3]
    assert answer["next"].endswith("companion config check")


def test_check_looks_at_the_keys(home, monkeypatch):
    (home / "companion.toml").write_text(GOOD + '[upstreams.other]\nurl = "https://x.ai"\nkey_file = "none"\n')
    assert "name it in a table [tiers.plan]" in run("check").stderr
    tiers = "".join(f'[tiers.{tier}]\nupstream = "work"\n' for tier in ("plan", "act", "small"))
    (home / "companion.toml").write_text(GOOD + '[upstreams.other]\nurl = "https://x.ai"\nkey_file = "none"\n' + tiers)
    result = run("check")
    assert result.exit_code == 2
    assert f"{home / 'none'}: upstreams.other.key_file: expected a file that holds the key" in result.stderr
    (home / "companion.toml").write_text(GOOD)
    monkeypatch.delenv("A_KEY")
    result = run("check")
    assert result.exit_code == 0
    assert "found no such variable; type: export A_KEY=" in result.stdout


def test_check_of_a_workspace(home):
    (home / "companion.toml").write_text(BAD)
    (home / FILE_NAME).write_text("[gateway]\n")
    result = run("check", "--workspace", home)
    assert result.exit_code == 2
    assert f'{home / FILE_NAME}:1: gateway: expected no table but "policy"' in result.stderr
    assert len(result.stderr.splitlines()) == 4


def test_explain_one_key(home):
    (home / "companion.toml").write_text(GOOD)
    lines = run("explain", "policy.secrets").stdout.splitlines()
    assert lines == [
        "policy.secrets = deny",
        f"  from {home / 'companion.toml'}:5",
        "  over redact, from default",
        '  may be "redact" or "deny"',
    ]
    answer = json.loads(run("explain", "policy.secrets", "--json").stdout)
    assert (answer["value"], answer["origin"]["line"], answer["overrode"][0]["value"]) == ("deny", 5, "redact")


def test_explain_everything_and_sections(home):
    (home / "companion.toml").write_text(GOOD)
    table = run("explain").stdout
    assert "upstreams.work.url" in table
    assert "companion.toml:2" in table
    every = json.loads(run("explain", "--json").stdout)
    assert {"gateway.port", "tiers.small.model", "budgets.day"} <= {one["key"] for one in every}
    assert [one["key"] for one in json.loads(run("explain", "log", "--json").stdout)] == ["log.level"]


def test_explain_in_a_workspace(home):
    (home / FILE_NAME).write_text('[policy]\ncommands = "strict"\napproval_seconds = 900\n')
    result = run("explain", "policy.commands", "--workspace", home)
    assert f"from {home / FILE_NAME}:2" in result.stdout
    assert "would loosen your policy" in run("explain", "policy.approval_seconds", "--workspace", home).stdout
    (home / FILE_NAME).write_text("[policy")
    result = run("explain", "policy.commands", "--workspace", home)
    assert result.exit_code == 2
    assert "policy.commands = strict" in result.stdout
    assert result.stderr.splitlines()[-1].endswith(f"companion config check --workspace {home}")


def test_explain_refuses(home):
    result = run("explain", "policy.comands")
    assert result.exit_code == 2
    assert 'did you mean "policy.commands"?\nnext: companion config explain' in result.stderr
    (home / "companion.toml").write_text(BAD)
    assert run("explain").exit_code == 2
    assert run("explain", "--workspace", home / "gone").exit_code == 2


@pytest.mark.parametrize("section", ["upstreams", "tiers"])
def test_a_section_that_nobody_configured_is_no_mistake(home, section):
    result = run("explain", section)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{section}: none is configured\nnext: ")
    assert json.loads(run("explain", section, "--json").stdout) == []


def test_check_looks_at_the_users_own_files_for_secrets(home):
    (home / "rules.toml").write_text("[[rules]]\nid='good'\nregex='x{4}'\n[[rules]]\nid='bad'\nregex='(?=x)'\n")
    config_file = home / "companion.toml"
    config_file.write_text('[secrets]\nrules = "rules.toml"\nbaselines = ["none"]\n')
    result = run("check")
    assert result.exit_code == 2
    assert f"{home / 'rules.toml'}: bad: expected a rule that can be in force, found '(?=x'" in result.stderr
    assert "expected a baseline of detect-secrets" in result.stderr
    (home / "rules.toml").write_text("[[rules]]\nid='good'\nregex='x{4}'\n")
    config_file.write_text('[secrets]\nrules = "rules.toml"\n')
    assert run("check").exit_code == 0
