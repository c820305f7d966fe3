"""How agents ask companion."""

import shlex
import subprocess

import pytest

from companion.cli.agents import hooks
from companion.cli.agents.hooks import codex_hash, codex_hooks, group, hook_command, listed, version_of
from tests.cli.agents.fake_daemon import places_in


def test_the_command_ends_with_2_and_a_word_whatever_becomes_of_the_hook(tmp_path):
    command = hook_command("claude", places_in(tmp_path / "a b"))
    assert shlex.split(command)[4] == "claude"
    done = subprocess.run(["sh", "-c", command], input=b"{}", capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr
    silent = subprocess.run(["sh", "-c", f"false{hooks.OR_BLOCK}"], capture_output=True, check=False)
    assert (silent.returncode, silent.stdout) == (2, b"")
    assert silent.stderr


def test_codex_calls_this_hook_by_this_hash():
    """As Codex 0.169 itself said of the same hook."""
    told = group({"type": "command", "command": "/usr/bin/true || exit 2", "timeout": 700})
    assert codex_hash(told) == "sha256:82cac67d7b364b44426ba1a31e6584ab526ccdd2757cd76807328fe3d7afccae"


def program(folder, text: str):
    path = folder / "agent"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("echo 2.1.197 (Claude Code)".replace("(", "\\(").replace(")", "\\)"), (2, 1, 197)),
        ("echo none", None),
        ("exit 1", None),
    ],
    ids=["said", "odd", "fails"],
)
def test_the_version_that_a_program_says(tmp_path, said, version):
    assert version_of("agent", program(tmp_path, said)) == version


def test_a_program_that_is_not_there_has_no_version_and_no_hooks(tmp_path):
    assert version_of("agent", {"PATH": str(tmp_path)}) is None
    assert codex_hooks("agent", tmp_path, {"PATH": str(tmp_path)}) is None


def test_codex_is_asked_what_it_trusts(tmp_path):
    answer = '{"id":2,"result":{"data":[{"hooks":[{"command":"x","trustStatus":"trusted"}]}]}}'
    environ = program(tmp_path, f"read a; echo '{{\"id\":1}}'; echo '{answer}'")
    assert codex_hooks("agent", tmp_path, environ) == [{"command": "x", "trustStatus": "trusted"}]
    assert codex_hooks("agent", tmp_path, program(tmp_path, "echo no json")) is None


def test_lists_are_found_or_empty():
    assert listed({"a": {"b": [1]}}, "a", "b") == [1]
    assert listed({"a": {"b": {}}}, "a", "b") == []
    assert listed({}, "a", "b") == []
