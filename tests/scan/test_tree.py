"""Walks below a folder, with rules given by hand."""

import pytest

from companion.model.facts import IgnoreMatch, PathFacts
from companion.policy.ignore.rules import IgnoreFile, Rules
from companion.scan.folders import DENY, GIT, Family, Node
from companion.scan.tree import first_ignored, folders_in, stronger

DENIED = IgnoreMatch(".clineignore", 1, "x")
LEFT_OUT = IgnoreMatch(".gitignore", 1, "x", denied=False)


@pytest.fixture
def walk(tmp_path):
    """Walks `tmp_path` under the two texts; a link leads nowhere unless `links` says where."""

    def walk(deny="", git="", links=None, **bounds):
        families = (
            Family(Rules((IgnoreFile.read("deny", "", deny.encode()),)), str(tmp_path), DENY),
            Family(Rules((IgnoreFile.read("git", "", git.encode()),), denied=False), str(tmp_path), GIT),
        )

        def follow(link):
            return (links or {}).get(link.removeprefix(f"{tmp_path}/"), PathFacts(link, link, inside=True))

        found = first_ignored(
            [(str(tmp_path), None)],
            rules=lambda folder: Node(folder, (), (), families, is_plain=True),
            follow=follow,
            **bounds,
        )
        return found and (found.source, found.line)

    return walk


def plant(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def test_a_denied_file_comes_before_one_that_git_ignores(walk, tmp_path):
    plant(tmp_path, "a.o", "deep/down/x.secret")
    assert walk(deny="*.secret", git="*.o") == ("deny", 1)
    assert walk(git="*.o") == ("git", 1)
    assert walk(deny="*.nothing") is None


def test_a_denied_file_is_found_inside_what_git_ignores(walk, tmp_path):
    plant(tmp_path, "build/a", "build/deep/x.secret")
    assert walk(deny="*.secret", git="build/") == ("deny", 1)
    assert walk(git="build/\n!build/a") == ("git", 1)


def test_an_excluded_folder_without_files_hides_nothing(walk, tmp_path):
    (tmp_path / "private" / "empty").mkdir(parents=True)
    assert walk(deny="private/") is None
    plant(tmp_path, "private/empty/x")
    assert walk(deny="private/\n!x") == ("deny", 1)


def test_the_repository_itself_is_left_out(walk, tmp_path):
    plant(tmp_path, ".git/x.secret", "sub/.git/x.secret")
    assert walk(deny="*.secret") is None


def test_links_are_judged_and_followed_once(walk, tmp_path):
    plant(tmp_path, "a")
    (tmp_path / "here").symlink_to(".")
    (tmp_path / "file").symlink_to("/x")
    round_ = PathFacts("here", str(tmp_path), inside=True, is_dir=True)
    assert walk(links={"here": round_}) is None
    assert walk(links={"file": PathFacts("file", "/x", inside=False, ignored=DENIED)}) == (".clineignore", 1)
    assert walk(links={"file": PathFacts("file", "/x", inside=False, ignored=DENIED)}, follows_links=False) is None


def test_a_large_tree_counts_as_ignored(walk, tmp_path):
    plant(tmp_path, *(f"f{number}" for number in range(5)))
    assert walk(most=4) == ("companion", 0)
    assert walk(most=5) is None


def test_a_reader_that_knows_git_never_enters_what_git_ignores(walk, tmp_path):
    plant(tmp_path, *(f"build/f{number}" for number in range(5)), "a", "build/x.secret")
    assert walk(deny="*.secret", git="build/", most=2, knows_git=True) is None


def test_a_denial_is_stronger():
    assert stronger(LEFT_OUT, DENIED) is DENIED
    assert stronger(DENIED, LEFT_OUT) is DENIED
    assert stronger(None, LEFT_OUT) is LEFT_OUT
    assert stronger(LEFT_OUT, None) is LEFT_OUT
    assert stronger(None, None) is None


def test_the_folders_in_a_folder(tmp_path):
    plant(tmp_path, "a/x", "file")
    (tmp_path / "link").symlink_to("a")
    assert folders_in(str(tmp_path)) == [("a", f"{tmp_path}/a")]
    assert folders_in(str(tmp_path / "gone")) == []
