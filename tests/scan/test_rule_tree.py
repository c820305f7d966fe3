"""Which rules hold in a folder: of repositories inside repositories, of lists that no file holds."""

import pytest

from companion.policy.ignore.rules import IgnoreFile, Rules
from companion.scan.folders import FIXED, GIT, Lists
from companion.scan.ignore_files import IgnoreFiles


def reader(tmp_path, **given):
    return IgnoreFiles(str(tmp_path), {"GIT_CONFIG_NOSYSTEM": "1"}, **given)


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "ws"
    folder.mkdir()
    return folder


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def git_says(files, root, path):
    found = files.git_match(str(root), path, is_dir=False)
    return found and (found.source, found.line)


def test_a_part_that_is_another_repository_s_has_rules_of_its_own_and_those_over_its_folder(root):
    """As git itself says in a submodule."""
    write(root / ".gitignore", "*.log\nvendor/\n")
    write(root / ".git" / "modules" / "sub" / "info" / "exclude", "private\n")
    write(root / "sub" / ".git", "gitdir: ../.git/modules/sub\n")
    write(root / "sub" / ".gitignore", "x\n")
    write(root / "vendor" / "dep" / ".git", "gitdir: nowhere\n")
    files = reader(root.parent)
    assert git_says(files, root, "sub/a.log") is None
    assert git_says(files, root, "sub/x") == ("sub/.gitignore", 1)
    assert git_says(files, root, "sub/private") == (".git/info/exclude", 1)
    assert git_says(files, root, "vendor/dep/a") == (".gitignore", 2)


def test_inside_a_repository_that_lies_about_in_another_the_rules_of_both_hold(root):
    write(root / ".gitignore", "*.log\n")
    write(root / "sub" / ".gitignore", "x\n")
    (root / "sub" / ".git").mkdir()
    files = reader(root.parent)
    assert git_says(files, root, "sub/a.log") == (".gitignore", 1)
    assert git_says(files, root, "sub/x") == ("sub/.gitignore", 1)


def test_fixed_rules_cover_what_no_file_lists(root):
    rules = Rules((IgnoreFile.read("fixed", "", b"*.pem\n.ssh/\n"),))
    tree = reader(root.parent).tree(str(root), str(root), Lists(fixed=((rules, "/"),)))
    node = tree.node(str(root))
    assert [family.kind for family in node.families] == [FIXED, GIT]
    assert node.matches("a.pem", is_dir=False)[0].source == "fixed"
    assert tree.node(str(root / ".ssh")).matches("x", is_dir=False)[0].line == 2
    assert not node.lets_pass("a.pem", is_dir=False)
    assert node.lets_pass("a.txt", is_dir=False)


def test_a_link_on_the_way_makes_a_folder_no_plain_one(root):
    (root / "real" / "in").mkdir(parents=True)
    (root / "link").symlink_to("real")
    tree = reader(root.parent).tree(str(root), str(root))
    assert tree.node(str(root / "real" / "in")).is_plain
    assert not tree.node(str(root / "link" / "in")).is_plain
    assert tree.node(str(root / "gone" / "on")).is_plain
    (root / "file").touch()
    assert not tree.node(str(root / "file")).is_plain
