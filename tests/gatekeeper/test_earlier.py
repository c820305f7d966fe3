from __future__ import annotations

import pytest

from companion.gatekeeper.earlier import changes_of, resolved
from companion.model.action import Dialect, FileAccess, ModelCall, Operation, ShellCommand, ToolCall
from companion.model.exchange import Origin
from companion.model.policy import Policy
from companion.scan.paths import DiskPaths


@pytest.fixture
def changes(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "link").symlink_to("src")
    root = resolved(str(tmp_path), "/")

    def changes(*actions):
        return changes_of(actions, Origin(workspace=root), Policy(), DiskPaths(home=root), root)

    changes.root = root
    return changes


@pytest.mark.parametrize(
    ("action", "file"),
    [
        (FileAccess("a.json", Operation.WRITE), "a.json"),
        (FileAccess("link/a.json", Operation.DELETE), "src/a.json"),
        (ShellCommand("echo x > link/a.json"), "src/a.json"),
        (ShellCommand("cd src && touch a.json"), "src/a.json"),
        (ShellCommand("rm a.json"), "a.json"),
    ],
)
def test_files_are_those_that_the_disk_knows(changes, action, file):
    assert changes(action).files == {f"{changes.root}/{file}"}
    assert changes(action).touch(resolved(file, changes.root))


def test_a_command_writes_in_its_own_folder(changes):
    assert changes(ShellCommand("touch a.json", f"{changes.root}/src")).files == {f"{changes.root}/src/a.json"}


@pytest.mark.parametrize(
    "action",
    [
        ShellCommand("ls; cat a.json; git status"),
        FileAccess("a.json", Operation.READ),
        FileAccess(".", Operation.SEARCH),
        ModelCall(Dialect.CHAT, "m"),
    ],
)
def test_what_only_reads_changes_nothing(changes, action):
    assert not changes(action)


def test_a_folder_that_is_copied_over_changes_all_that_lies_there(changes):
    assert changes(ShellCommand("cp -r other/. src")).touch(f"{changes.root}/src/deep/conftest.py")
    assert changes(ShellCommand("cp -r other/. .")).touch(f"{changes.root}/conftest.py")
    assert not changes(ShellCommand("cp other/a.py src")).touch(f"{changes.root}/src/conftest.py")


def test_another_branch_may_change_anything_that_git_keeps(changes):
    assert changes(ShellCommand("git checkout main")).touch(f"{changes.root}/package.json")
    assert not changes(ShellCommand("git checkout -b mine"))


@pytest.mark.parametrize(
    "action", [ShellCommand("sed -i s/a/b/e src/a.json"), ToolCall("mcp__files__put", '{"where": "src/a.json"}')]
)
def test_what_nobody_understands_may_change_whatever_it_names(changes, action):
    assert changes(action).touch("/elsewhere/a.json")
    assert not changes(action).touch("/elsewhere/b.json")


def test_behind_very_many_calls_anything_may_have_changed(changes):
    assert not changes(*[ShellCommand("ls")] * 16).anything
    assert changes(*[ShellCommand("ls")] * 17).anything
