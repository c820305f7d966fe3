"""What every command has in common: help that can be read, errors that name the next step, exit codes."""

import errno
import json
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from companion.cli import shared
from companion.cli.main import _COMMANDS, main


def run(*arguments):
    return CliRunner().invoke(main, list(arguments), prog_name="companion")


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path))


def every_command(group: click.Group, path: tuple[str, ...] = ()):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))


COMMANDS = dict(every_command(main))


def test_the_list_shows_every_command_with_a_whole_sentence():
    shown = run("--help").stdout
    lines = shown.partition("Commands:")[2].strip().splitlines()
    assert [line.split()[0] for line in lines] == list(_COMMANDS)
    assert not [line for line in lines if line.endswith("...")]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help(path):
    result = run(*path, "--help")
    assert result.exit_code == 0
    assert "\\b" not in result.stdout
    undocumented = [
        one.name for one in COMMANDS[path].params if isinstance(one, click.Option) and not one.help and one.name
    ]
    assert not undocumented
    assert COMMANDS[path].help


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"], ["pending"], ["spend"], ["log"], ["keys", "list"], ["keys", "create", "n"], ["keys", "revoke", "k"],
        ["keys", "show", "k"], ["keys", "rotate", "k"], ["keys", "expire", "k", "--never"],
        ["approve", "abc"], ["deny", "abc"], ["connect", "claude"], ["status", "--json"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_without_a_daemon_the_exit_code_is_3_and_the_next_step_is_named(arguments):
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.endswith("next: companion up\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["frob"], ["approve"], ["approve", ""], ["spend", "--by", "x"], ["log", "--limit", "0"], ["connect", "emacs"],
        ["up", "--port", "99999"], ["up", "--upstream", "ftp://x"], ["completion", "tcsh"], ["disconnect"], ["tui"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_is_2(arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr


def test_a_wrong_upstream_on_the_command_line_points_to_the_command_line():
    assert run("up", "--upstream", "ftp://x").stderr.endswith("next: companion up --help\n")


@pytest.mark.parametrize("name", ["../x", "a b", "a/../../status", "x?y", "\x1b[31m"])
def test_a_text_that_can_be_no_id_never_reaches_the_daemon(name):
    for arguments in (["approve", name], ["deny", name]):
        result = run(*arguments)
        assert result.exit_code == 1
        assert "there is no" in result.stderr
        assert "\x1b" not in result.stderr


def test_a_file_that_cannot_be_used_is_named_without_a_traceback(monkeypatch):
    def deny(*_):
        raise PermissionError(errno.EACCES, "Permission denied", "/somewhere/run")

    monkeypatch.setattr(shared, "find_operator", deny)
    result = run("status")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "companion: /somewhere/run: Permission denied",
        "next: see that HOME and COMPANION_HOME name folders of yours",
    ]


def test_an_error_of_no_file_is_not_blamed_on_the_home(monkeypatch, tmp_path):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shared, "find_operator", fail)
    assert run("status").stderr == "companion: No space left on device\nnext: companion doctor\n"
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert run("check", "path", "x").stderr == "companion: the current folder is gone\nnext: cd, then the same again\n"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_what_the_output_has_no_letters_for_is_escaped(tmp_path, encoding):
    (tmp_path / "s.txt").write_text(
        'k = "ghp_' + "0123456789abcdefghijABCDEFGHIJ" + '012345"  # \u2713 \U0001f600\n', "utf-8"
    )
    program = [sys.executable, "-c", "from companion.cli.main import main; main()", "check", "secrets", "s.txt"]
    environ = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONPATH": os.pathsep.join(sys.path)}
    for options in ([], ["--json"]):
        done = subprocess.run([*program, *options], capture_output=True, cwd=tmp_path, env=environ, check=False)
        assert (done.returncode, done.stderr) == (1, b"")
    assert "\u2713 \U0001f600" in json.loads(done.stdout)["findings"][0]["shown"]


def test_no_color_holds_for_errors_too(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in CliRunner().invoke(main, ["status"], color=True).stderr
    monkeypatch.delenv("NO_COLOR")
    assert "\x1b" in CliRunner().invoke(main, ["status"], color=True).stderr


def test_ctrl_c_is_130(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(shared, "find_operator", interrupt)
    assert run("status").exit_code == 130


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_names_the_command(shell):
    assert "_COMPANION_COMPLETE" in run("completion", shell).stdout
