"""Tool calls are carried out for real, inside the workspace and within the time."""

import sys
import time

import pytest

from companion.demo.hands import Hands

posix = pytest.mark.skipif(sys.platform == "win32", reason="commands need /bin/sh")


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "a.txt").write_text("one\n")
    (tmp_path / "b.txt").write_text("two\n")
    return tmp_path


async def test_files_are_read(workspace):
    outcome = await Hands(workspace).carry_out("read_files", {"files": [{"path": "a.txt"}, {"path": "b.txt"}]})
    assert outcome.text == "one\n\ntwo\n"


async def test_files_are_written_and_edited(workspace):
    hands = Hands(workspace)
    await hands.carry_out("editor", {"path": "notes/new.md", "new_text": "hello"})
    assert (workspace / "notes" / "new.md").read_text() == "hello"
    await hands.carry_out("editor", {"path": "a.txt", "old_text": "one", "new_text": "1"})
    assert (workspace / "a.txt").read_text() == "1\n"


@posix
@pytest.mark.parametrize(
    ("command", "text", "code"),
    [
        ("echo hi", "hi", 0),
        ("cat a.txt", "one", 0),
        ("echo 'companion refused'; exit 126", "companion refused\nCommand exited with code 126", 126),
        ("echo no >&2; exit 3", "[stderr]\nno\nCommand exited with code 3", 3),
        ("cat", "", 0),
    ],
)
async def test_commands_run_and_their_ends_are_told(workspace, command, text, code):
    outcome = await Hands(workspace).carry_out("run_commands", {"commands": [command]})
    assert (outcome.text, outcome.code) == (text, code)


@posix
async def test_several_commands_go_one_after_another(workspace):
    outcome = await Hands(workspace).carry_out("run_commands", {"commands": ["echo 1 > c", "cat c", "false"]})
    assert (outcome.text, outcome.code) == ("\n1\nCommand exited with code 1", 1)


@posix
async def test_a_command_that_hangs_is_stopped_with_its_children(workspace):
    begun = time.monotonic()
    outcome = await Hands(workspace, seconds=0.2).carry_out("run_commands", {"commands": ["sleep 30 & sleep 30"]})
    assert "stopped after 0.2 seconds" in outcome.text
    assert time.monotonic() - begun < 5


@posix
async def test_long_output_is_cut(workspace):
    outcome = await Hands(workspace).carry_out("run_commands", {"commands": ["head -c 90000 /dev/zero | tr '\\0' x"]})
    assert outcome.text.endswith("[cut off]")
    assert len(outcome.text) < 31_000


@pytest.mark.parametrize(
    ("tool", "arguments", "complaint"),
    [
        ("read_files", {"files": [{"path": "missing"}]}, "No such file"),
        ("read_files", {"files": [{"path": "../outside"}]}, "outside the workspace"),
        ("read_files", {"files": [{"name": "a.txt"}]}, "path is missing"),
        ("read_files", {"files": ["a.txt"]}, "path is missing"),
        ("editor", {"path": "/etc/nowhere", "new_text": "x"}, "outside the workspace"),
        ("editor", {"path": "a.txt", "old_text": "absent", "new_text": "x"}, "0 times"),
        ("editor", {"path": "a.txt"}, "no tool editor"),
        ("format_disk", {}, "no tool format_disk"),
    ],
)
async def test_what_cannot_be_done_is_told_and_never_raised(workspace, tool, arguments, complaint):
    outcome = await Hands(workspace).carry_out(tool, arguments)
    assert outcome.text.startswith("Error: ")
    assert complaint in outcome.text


@posix
async def test_git_cannot_be_led_to_another_repository(workspace, monkeypatch):
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, "/elsewhere")
    outcome = await Hands(workspace).carry_out("run_commands", {"commands": ["env | grep ^GIT_"]})
    assert outcome.text == "GIT_TERMINAL_PROMPT=0"
