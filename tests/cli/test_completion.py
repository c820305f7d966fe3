"""`companion completion`: a script that each shell takes, and completions that name the real commands."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from click.testing import CliRunner

from companion.cli.completion import completion
from companion.cli.keys import keys
from companion.cli.main import _COMMANDS, main

SHELLS = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"]}


def run(command, *arguments, **environ):
    return CliRunner().invoke(command, list(arguments), env=environ, prog_name="companion")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_asks_companion_itself(shell):
    result = run(completion, shell)
    assert result.exit_code == 0
    assert "companion" in result.stdout
    assert f"_COMPANION_COMPLETE={shell}_complete" in result.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_can_read_it(shell, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(run(completion, shell).stdout)
    done = subprocess.run([*SHELLS[shell], tmp_path / "script"], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("companion ", set(_COMMANDS)),
        ("companion st", {"status"}),
        ("companion keys ", set(keys.commands)),
        ("companion spend --by ", {"model", "tier", "client", "workspace", "key", "day"}),
        ("companion connect c", {"cline", "claude", "codex"}),
    ],
)
def test_what_is_offered_are_the_commands_and_their_words(typed, offered):
    environ = {"_COMPANION_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    lines = run(main, **environ).stdout.splitlines()
    assert {line.partition(",")[2] for line in lines} == offered


def test_another_shell_is_wrong_usage():
    assert run(completion, "tcsh").exit_code == 2
