"""What is remembered of a folder holds until the folder changes."""

import stat
import time

import pytest

from companion.scan.folders import fresh
from companion.scan.ignore_files import IgnoreFiles


def reader(tmp_path, **given):
    return IgnoreFiles(str(tmp_path), {"GIT_CONFIG_NOSYSTEM": "1"}, **given)


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "ws"
    folder.mkdir()
    return folder


def later():
    """As if everything had been written long ago, so that all of it is kept."""
    return time.time_ns() + 10**10


def test_what_an_entry_is_is_looked_up_again_once_the_folder_has_changed(root):
    (root / "x").mkdir()
    tree = reader(root.parent, now_ns=later).tree(str(root), str(root))
    assert stat.S_ISDIR(tree.node(str(root)).mode("x"))
    (root / "x").rmdir()
    assert tree.node(str(root)).mode("x") == 0
    (root / "x").symlink_to("y")
    assert stat.S_ISLNK(tree.node(str(root)).mode("x"))


CHANGES = [
    lambda root: (root / "a" / "b" / "new").touch(),
    lambda root: (root / "a" / ".gitignore").write_text("y\n"),
    lambda root: (root / "a" / ".gitignore").unlink(),
    lambda root: (root / ".gitignore").touch(),
    lambda root: (root / "a").rename(root / "c"),
    lambda root: ((root / ".git" / "info").mkdir(parents=True), (root / ".git" / "info" / "exclude").touch()),
]


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_shows(root, change):
    (root / "a" / "b").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / "a" / ".gitignore").write_text("x\n")
    tree = reader(root.parent, now_ns=later).tree(str(root), str(root))
    chain = tuple(tree.node(str(folder)) for folder in (root, root / "a", root / "a" / "b"))
    assert fresh(chain) == 3
    change(root)
    assert fresh(chain) < 3


def test_a_young_folder_is_never_believed(root):
    node = reader(root.parent).tree(str(root), str(root)).node(str(root))
    assert fresh((node,)) == 0


def test_names_are_looked_up_once_and_no_more_than_some_are_kept(root):
    (root / ".gitignore").write_text("*.x\n")
    node = reader(root.parent, now_ns=later).tree(str(root), str(root)).node(str(root))
    assert node.matches("a.x", is_dir=False) is node.matches("a.x", is_dir=False)
    for number in range(1000):
        assert any(node.matches(f"{number}.x", is_dir=False))
        assert node.mode(f"{number}.x") == 0
    assert len(node.names) < 1000
