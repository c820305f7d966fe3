"""What is on the disk counts only as far as earlier steps of the same command leave it as it is."""

from __future__ import annotations

import pytest

from companion.model.facts import Effect, EffectKind
from companion.policy.shell.disk import Disk
from companion.policy.shell.invocation import UnreadableFile
from companion.policy.shell.read import read_command
from companion.policy.shell.state import State

FILES = {
    "package.json": '{"scripts": {"test": "jest"}}',
    "sub/Makefile": "test:",
    "notes.txt": "n",
    ".git/HEAD": "ref: x",
    ".git/config": "",
}


def disk(*written: str, files: dict[str, str] | None = None) -> Disk:
    effects = [Effect(EffectKind.WRITE, target, 0, 1) for target in written]
    return Disk((FILES if files is None else files).get, effects, "/ws", "/h")


@pytest.mark.parametrize(
    "written",
    [
        "out.log",
        "./out.log",
        "logs/a.txt",
        "build",
        "./build/",
        "/tmp/x/y.log",
        "/dev/null",
        "cmake-build-debug",
        "a/b.out",
    ],
)
def test_what_nobody_goes_by_leaves_the_project_as_it_was(written: str):
    look = disk(written).look_from(State())
    assert look is not None
    assert look("package.json") == FILES["package.json"]


@pytest.mark.parametrize(
    "written",
    [
        "package.json",
        "a.js",
        "src/a.py",
        "Makefile",
        "x",
        ".",
        "../out.log",
        "tests/test_a.txt",
        "requirements.txt",
        "CMakeLists.txt",
        "node_modules/x/y.txt",
        ".venv/a.log",
        "bin/out.log",
        ".env.log",
        "conftest.py",
        "a b.log",
        "/etc/x.log",
        "build/x",
        "/tmp/ws/src/a.py",
    ],
)
def test_behind_any_other_write_nothing_is_known(written: str):
    assert disk(written).look_from(State()) is None


def test_the_file_that_is_written_is_not_known_itself_nor_by_another_name():
    look = disk("notes.txt", "build").look_from(State())
    assert look is not None
    for path in ("notes.txt", "build/x", "build"):
        with pytest.raises(UnreadableFile):
            look(path)
    linked = disk("out.log", files={**FILES, "out.log": FILES["package.json"]}).look_from(State())
    assert linked is not None
    with pytest.raises(UnreadableFile):
        linked("package.json")


def test_many_writes_cost_no_more_looks():
    assert disk(*(f"{number}.log" for number in range(8))).look_from(State()) is not None
    assert disk(*(f"{number}.log" for number in range(9))).look_from(State()) is None


def test_a_look_is_counted_from_the_folder_the_shell_stands_in():
    look = disk().look_from(State().enter("sub"))
    assert look is not None
    assert look("Makefile") == "test:"
    assert disk().look_from(State().enter(None)) is None


def test_the_top_of_git_is_known_where_the_shell_stands_in_it():
    assert disk().top_of_git(State()) == "/ws"
    assert disk(".git/config").top_of_git(State()) is None
    assert disk().top_of_git(State().enter("sub")) is None
    assert Disk(FILES.get, [], "", "").top_of_git(State()) is None


@pytest.mark.parametrize(
    ("command", "runs"),
    [
        ("npm test > out.log 2>&1; tail out.log", True),
        ("npm test | tee /tmp/out.log", True),
        ("echo x > a.js; npm test", False),
        ("cat > package.json <<'E'\n{}\nE\nnpm test", False),
        ("cp -r /x/. . && npm test", False),
    ],
)
def test_a_project_runs_behind_what_only_logs(command: str, runs: bool):
    found = {effect.code for effect in read_command(command, "/ws", look=FILES.get)}
    assert ("project-run" in found and "service" not in found) is runs
