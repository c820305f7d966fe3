"""`companion check secrets`: what is found is told by file and line, and never told itself."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from click.testing import CliRunner

from companion.cli import check_secrets as module
from companion.cli import local_scan
from companion.cli.check_secrets import check_secrets, found_in
from companion.cli.texts import Piece
from companion.model.facts import Confidence, Finding
from companion.scan.secrets.pem import KeyBlocks
from companion.scan.secrets.rules import OwnRules
from companion.scan.secrets.search import ScanFailed

TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG3hJ5"
PASSWORD = "k2J4h5G6f7D8"
PEM = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw\n" * 3 + "-----END PRIVATE KEY-----\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setattr(local_scan, "default_engines", lambda _: [KeyBlocks(), OwnRules()])
    work = tmp_path / "w"
    work.mkdir()
    subprocess.run(["git", "init", "-q", str(work)], check=True)
    monkeypatch.chdir(work)
    return work


def run(*arguments: str, given: bytes = b""):
    return CliRunner().invoke(check_secrets, list(arguments), input=given)


def test_a_clean_folder_is_said_to_be_clean(folder):
    (folder / "a").write_text("x = 1\n")
    result = run()
    assert (result.exit_code, result.stdout) == (0, "no secret in 1 file\n")


def test_findings_are_told_by_place_and_masked_with_what_to_type_next(folder):
    (folder / "a.py").write_text(f'x = 1\ntoken, password = "{TOKEN}", 1\n\npassword = "{PASSWORD}"\n')
    result = run()
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[:4] == [
        "a.py:2:20  high  github-token (rules)",
        '    token, password = "••••••••", 1',
        "a.py:4:13  low  assigned-password (rules)",
        '    password = "••••••••"',
    ]
    assert "2 secrets in 1 of 1 file" in lines
    assert any("companion accept value a.py:2" in line for line in lines)


@pytest.mark.parametrize("text", [f"{TOKEN} {TOKEN}\n", f"a\n{PEM}b", "x" * 5000 + f" {TOKEN} " + "y" * 5000])
def test_law_no_output_tells_a_secret(folder, text):
    (folder / "a").write_text(text)
    for arguments in ([], ["--json"]):
        result = run(*arguments)
        assert result.exit_code == 1
        assert TOKEN not in result.output
        assert "MIIEvQ" not in result.output
        assert all(len(line) < 1000 for line in result.output.splitlines())


def test_json_is_one_value(folder):
    (folder / "a").write_text(f"one\ntwo {TOKEN}\n")
    (folder / "b").write_bytes(b"\0")
    told = json.loads(run("--json").stdout)
    [one] = told["findings"]
    assert (one["file"], one["line"], one["column"], one["shown"]) == ("a", 2, 5, "two ••••••••")
    assert one["placeholder"].endswith(one["fingerprint"][:8].upper())
    assert (told["files"], [each["name"] for each in told["unread"]]) == (1, ["b"])


def test_staged_judges_what_would_be_committed(folder):
    (folder / "a").write_text(TOKEN)
    subprocess.run(["git", "add", "a"], check=True)
    (folder / "a").write_text("edited since")
    (folder / "b").write_text(TOKEN)
    result = run("--staged")
    assert (result.exit_code, result.stdout.count("high")) == (1, 1)


def test_standard_input_is_judged(folder):
    result = run("-", given=f"x {TOKEN}".encode())
    assert (result.exit_code, result.stdout.splitlines()[0]) == (1, "<stdin>:1:3  high  github-token (rules)")
    assert "accept value <stdin>" not in result.stdout


def test_what_could_not_be_examined_is_said_and_fails(folder, monkeypatch):
    result = run("none")
    assert (result.exit_code, "none: there is no such file" in result.stderr) == (1, True)

    def fails(*_: object) -> None:
        raise ScanFailed("the engine fake failed")

    monkeypatch.setattr(local_scan.LocalScan, "find", fails)
    (folder / "a").write_text("x = 1\n")
    result = run("a")
    assert (result.exit_code, "the engine fake failed" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    "arguments", [["--batch", "a"], ["--staged", "a"], ["--staged", "--batch"], ["-", "-"]], ids=str
)
def test_what_cannot_be_meant_is_refused(folder, arguments):
    result = run(*arguments)
    assert (result.exit_code, "next:" in result.stderr) == (2, True)


def test_nothing_is_staged_outside_a_repository(tmp_path, folder, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    result = run("--staged")
    assert (result.exit_code, "nothing can be staged here" in result.stderr) == (2, True)


def test_a_batch_answers_line_by_line_and_fails_for_a_line_that_it_cannot_judge(folder):
    lines = [json.dumps({"text": text}).encode() for text in (f"x {TOKEN}", "clean")]
    result = run("--batch", given=b"\n".join(lines))
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert [len(answer["findings"]) for answer in answers] == [1, 0]
    result = run("--batch", given=b"\n".join([*lines, b"bad", lines[0]]))
    assert (result.exit_code, len(result.stdout.splitlines())) == (1, 4)


def test_what_would_steer_a_terminal_is_written_out(folder):
    (folder / "a\x1b[2J").write_text(f"\x1b[31m {TOKEN}")
    assert "\x1b" not in run().stdout


def test_very_many_are_counted(folder, monkeypatch):
    monkeypatch.setattr(module, "_MOST_SHOWN", 1)
    (folder / "a").write_text(f"{TOKEN}\n{TOKEN[:-1]}x\n")
    assert "and 1 more secret: --json shows all" in run().stdout


def test_lines_and_columns_count_from_the_piece_that_they_are_in():
    text = "a\nbb xx\n"
    one = Finding(0, 5, 7, "T", "r", "e", Confidence.LOW, "SECRET_T_00000000")
    [found] = found_in(Piece("n", "/n", text, line=10), (one,))
    assert (found.line, found.column, found.shown) == (11, 4, "bb ••••••••")
