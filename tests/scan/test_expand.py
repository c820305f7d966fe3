"""Globs as a shell would expand them."""

import pytest

from companion.scan import expand as module
from companion.scan.expand import TooMany, expand, has_glob


@pytest.fixture
def root(tmp_path):
    for name in ("a.env", "b.env", ".env", ".env.local", "sub/c.env", "sub/.d.env", "sub/deep/e.env", "[x]", "x"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


GLOBS = [
    ("*.env", ["a.env", "b.env"]),
    (".env*", [".env", ".env.local"]),
    ("[ab].env", ["a.env", "b.env"]),
    ("[.]env", []),
    ("?.env", ["a.env", "b.env"]),
    ("*/*.env", ["sub/c.env"]),
    ("sub/../*.env", ["sub/../a.env", "sub/../b.env"]),
    ("**/*.env", ["a.env", "b.env", "sub/c.env", "sub/deep/e.env"]),
    ("**/deep/*", ["sub/deep/e.env"]),
    ("***/*.env", [".env", "a.env", "b.env", "sub/.d.env", "sub/c.env", "sub/deep/e.env"]),
    ("***/?env", [".env"]),
    ("***/[!a]env", [".env"]),
    ("s*/deep/e.env", ["sub/deep/e.env"]),
    ("\\[x\\]", ["[x]"]),
    ("[x", []),
    ("nothing*", []),
    ("*/nothing", []),
]


@pytest.mark.parametrize(("glob", "expected"), GLOBS)
def test_what_a_glob_stands_for(root, glob, expected):
    assert sorted(expand(str(root), glob)) == [f"{root}/{path}" for path in expected]


def test_what_find_finds_may_lie_in_hidden_folders_but_not_in_those_of_tools(root):
    for folder in (".git", ".venv", ".own", "sub/.own"):
        (root / folder).mkdir()
        (root / folder / "x.js").touch()
    assert sorted(expand(str(root), "***/*.js")) == [f"{root}/.own/x.js", f"{root}/sub/.own/x.js"]
    assert expand(str(root), "**/*.js") == []


def test_an_absolute_glob_does_not_start_in_the_folder(root):
    assert expand("/nowhere", f"{root}/a.*") == [f"{root}/a.env"]


def test_the_folder_is_taken_literally(root):
    odd = root / "[ab]"
    odd.mkdir()
    (odd / "y.env").touch()
    assert expand(str(odd), "*") == [f"{odd}/y.env"]


def test_it_stops_at_its_bound(root, monkeypatch):
    monkeypatch.setattr(module, "MOST_ENTRIES", 3)
    for glob in ("*", "**/x"):
        with pytest.raises(TooMany):
            expand(str(root), glob)


def test_what_is_a_glob():
    assert [path for path in ("a*", "a?", "[a]", "a", "a{b,c}", "~") if has_glob(path)] == ["a*", "a?", "[a]"]
