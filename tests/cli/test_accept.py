"""`companion accept`: a person's word, from the command line to the ledger."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from companion.cli import local_scan
from companion.cli.accept import accept
from companion.model.record import FindingRecord
from companion.policy.redaction import fingerprint_of, placeholder_for
from companion.scan.secrets.rules import OwnRules
from companion.scan.secrets.scanner import Named
from tests.support.lines import closing, opening

KEY = b"k" * 32
PRINT = "0a1b2c3d" * 4
CALLED = "SECRET_AWS_0A1B2C3D"
TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG3hJ5"
FOUND = FindingRecord(CALLED, "AWS", "aws-key", "rules", "high", PRINT)


def run(*arguments: str, given: str | None = None):
    return CliRunner().invoke(accept, list(arguments), input=given)


def covered(control, fingerprint: str = PRINT, rule: str = "", place: str = "/w") -> bool:
    return control.acceptances.cover(lambda: fingerprint, rule, place)


@pytest.fixture
def folder(tmp_path, monkeypatch, control):
    """A repository, and a machine key."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setattr(local_scan, "default_engines", lambda _: [OwnRules()])
    control.places.machine_key.write_bytes(KEY)
    work = tmp_path / "w"
    work.mkdir()
    subprocess.run(["git", "init", "-q", str(work)], check=True)
    monkeypatch.chdir(work)
    return work


def test_a_value_is_accepted_listed_and_taken_back(control):
    control.met[CALLED] = Named(PRINT)
    result = run("value", CALLED, "--for", "30d", "--note", "made up")
    assert (result.exit_code, CALLED in result.stdout) == (0, True)
    assert covered(control)
    [line] = json.loads(run("list", "--json").stdout)
    assert (line["shown"], line["by"], line["note"], line["scope"]) == (CALLED, "cli", "made up", "")
    assert line["expires_at"]
    listed = run("list").stdout
    assert all(text in listed for text in (line["id"], CALLED, "everywhere", "live", "made up"))
    assert run("revoke", line["id"]).stdout == f"{line['id']} is revoked: {CALLED} is found again\n"
    assert not covered(control)
    assert "nothing is accepted" in run("list").stdout
    assert "revoked" in run("list", "--all").stdout


def test_a_value_is_named_by_the_line_of_a_file(control, folder):
    (folder / "a b.py").write_text(f"x\ntoken = {TOKEN}\n")
    for what in ("a b.py:2", "a b.py:2:9"):
        result = run("value", what, "--in", str(folder), "--json")
        line = json.loads(result.stdout)
        assert line["fingerprint"] == fingerprint_of(TOKEN, KEY)
        assert (line["shown"], line["scope"]) == (placeholder_for(TOKEN, "GITHUB", KEY), str(folder))
        control.acceptances.revoke(line["id"])


def test_a_line_with_none_or_several_is_not_guessed_at(control, folder):
    (folder / "a").write_text(f"x\n{TOKEN} {TOKEN[:-1]}x\n")
    result = run("value", "a:1")
    assert (result.exit_code, "no secret on line 1" in result.stderr) == (1, True)
    result = run("value", "a:2")
    assert (result.exit_code, "holds 2 secrets" in result.stderr) == (1, True)
    assert fingerprint_of(TOKEN, KEY) in result.stderr
    assert TOKEN not in result.output
    assert control.acceptances.list() == []


def test_a_value_is_piped_in_and_never_told(control, folder):
    result = run("value", "-", given="hunter2-prod\n")
    assert (result.exit_code, "hunter2" in result.output) == (0, False)
    assert covered(control, fingerprint_of("hunter2-prod", KEY))
    assert b"hunter2" not in control.ledger.read_bytes()
    assert run("value", "-", given="").exit_code == 2


def test_without_a_machine_key_nothing_can_be_named_for_good(control, folder):
    control.places.machine_key.unlink()
    (folder / "a").write_text(TOKEN)
    for what in ("a:1", "-"):
        result = run("value", what, given="x")
        assert (result.exit_code, "companion up" in result.stderr) == (1, True)


def test_a_rule_is_accepted_where_one_stands(control, folder):
    (folder / "sub").mkdir()
    assert run("rule", "aws-key", "--for", "1h").exit_code == 0
    assert covered(control, rule="aws-key", place=str(folder / "sub"))
    assert not covered(control, rule="aws-key", place=str(folder.parent))
    assert run("rule", "url-password", "--in", "sub").exit_code == 0
    assert covered(control, rule="url-password", place=str(folder / "sub"))
    assert not covered(control, rule="url-password", place=str(folder))


def test_a_warning_is_shown_and_json_stays_json(control):
    control.met[CALLED] = Named(PRINT, ".env")
    result = run("value", CALLED, "--json")
    assert "warning: .env keeps this value" in result.stderr
    assert json.loads(result.stdout)["fingerprint"] == PRINT


@pytest.mark.parametrize(
    "arguments",
    [
        ["value", "hunter2"],
        ["value", "none.py:3"],
        ["value", ""],
        ["value", CALLED],
        ["value", PRINT, "--for", "soon"],
        ["value", PRINT, "--for", "2020-01-01"],
        ["value", PRINT, "--in", "/no/such/folder"],
        ["rule", "no rule!"],
        ["rule", ""],
        ["revoke", "acc-none"],
        ["revoke", "../x"],
        ["revoke", ""],
        ["value", PRINT, "--note", "a\nb"],
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_with_a_next_step(control, arguments):
    result = run(*arguments)
    assert result.exit_code in {1, 2}
    assert "next:" in result.stderr or "Error:" in result.stderr
    assert control.acceptances.list() == []


def test_without_a_daemon_it_says_what_to_type(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path))
    for arguments in (["value", PRINT], ["rule", "r"], ["list"], ["revoke", "acc-1"]):
        result = run(*arguments)
        assert (result.exit_code, "companion up" in result.stderr) == (3, True)


def completions(*words: str) -> list[str]:
    *given, incomplete = words
    return [item.value for item in ShellComplete(accept, {}, "accept", "X").get_completions(given, incomplete)]


def test_a_shell_completes_what_was_found_and_what_is_accepted(control):
    control.write(opening("ex-1"), closing("ex-1", findings=(FOUND,)))
    assert completions("value", "SECRET_") == [CALLED]
    assert completions("rule", "aws") == ["aws-key"]
    assert completions("rule", "x") == []
    assert run("value", PRINT).exit_code == 0
    [line] = control.acceptances.list()
    assert completions("revoke", "acc") == [line.id]
    control.acceptances.revoke(line.id)
    assert completions("revoke", "") == []


def test_without_a_daemon_a_shell_completes_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path))
    assert completions("value", "") + completions("rule", "") + completions("revoke", "") == []
