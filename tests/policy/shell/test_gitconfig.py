"""A configuration reads as git reads it."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.policy.shell.gitconfig import BadConfig, entries, load
from companion.policy.shell.gitplace import GitPlace
from companion.policy.shell.invocation import UnreadableFile

HERE = GitPlace(".git", ".git")
GIT = shutil.which("git") or ""
TEXTS = [
    "[push]\n\tdefault = upstream\n",
    "[PUSH]\nDefault=matching ; why\n",
    "[push] default = simple # why\n",
    "[push]\n\tfollowTags\n",
    '[branch "a/b"]\n\tmerge = refs/heads/main\n\tremote=origin\n',
    '[branch "a\\"b\\\\c"]\n\tmerge = "refs/heads/ma in " x\n',
    "[branch.Old]\n\tmerge = x\n",
    '[remote "origin"]\n\tpush = +refs/heads/*:refs/heads/*\n\tpush = HEAD:main\n',
    '[a]\n\tb = one \\\n  two\n\tc = "x;y#z"; no\n\td = a\\tb\\nc\n',
    "; all\n# comment\n\n[a]b=c\n[d]\n",
    "[a]\r\n\tb = c\r\n",
    '[a]\n\tb =\n\tc = ""\n',
    "[a]\n\tb = one \\\n\n\tc = \\\n  two\n",
]
BAD = ["push", "[push", "default = x", "[a]\n1x = 2\n", "[a]\n= 2\n", '[a "b]\nc = d\n']


def by_git(text: str, folder) -> list[tuple[str, str, str, str]] | None:
    path = folder / "config"
    path.write_text(text, newline="")
    told = subprocess.run([GIT, "config", "-f", path, "-z", "-l"], capture_output=True, text=True, check=False)
    if told.returncode:
        return None
    found = []
    for entry in told.stdout.split("\0")[:-1]:
        name, newline, value = entry.partition("\n")
        section, _, rest = name.rpartition(".")[0].partition(".")
        subsection, key = rest, name.rpartition(".")[2]
        found.append((section, subsection, key, value if newline else "true"))
    return found


def ours(text: str) -> list[tuple[str, str, str, str]] | None:
    try:
        return list(entries(text))
    except BadConfig:
        return None


@pytest.mark.skipif(not GIT, reason="compares with git, which is not here")
@pytest.mark.parametrize("text", [*TEXTS, *BAD])
def test_it_says_what_git_says(text, tmp_path):
    assert ours(text) == by_git(text, tmp_path)


@given(st.text(alphabet='[]"\\=;# \n\tab.1', max_size=40))
@settings(max_examples=200)
def test_law_every_text_is_read_or_refused(text):
    for section, _, key, _ in entries(text) if ours(text) is not None else ():
        assert (section, key) == (section.lower(), key.lower())


def test_files_count_in_gits_order_and_includes_where_they_stand():
    files = {
        "~/.gitconfig": '[push]\ndefault = current\n[include]\npath = more\n[includeIf "gitdir:/x"]\npath = ~/work\n',
        "~/more": "[push]\ndefault = nothing\n",
        "~/work": "[push]\ndefault = upstream\n",
        ".git/config": "[push]\ndefault = simple\n[include]\npath = ../more\n",
        ".git/../more": '[remote "o"]\npush = a\npush = b\n',
    }
    config = load(files.get, HERE)
    assert config.last("push", "", "default") == ["simple", "upstream"]
    assert config.all("remote", "o", "push") == ["a", "b"]
    assert config.last("push", "", "other") == []


def test_a_circle_of_includes_ends():
    files = {".git/config": "[include]\npath = config\n[push]\ndefault = current\n"}
    assert load(files.get, HERE).last("push", "", "default") == ["current"]


def test_too_many_files_are_refused():
    files = {f".git/{number}": f"[include]\npath = {number + 1}\n" for number in range(30)}
    with pytest.raises(BadConfig):
        load((files | {".git/config": "[include]\npath = 0\n"}).get, HERE)


@pytest.mark.parametrize("path", ["~/.gitconfig", ".git/config", ".git/config.worktree", ".git/more"])
def test_a_file_that_is_there_and_cannot_be_read_is_refused(path):
    def look(asked: str) -> str | None:
        if asked == path:
            raise UnreadableFile(asked)
        return "[include]\npath = more\n" if asked == ".git/config" else None

    with pytest.raises(BadConfig):
        load(look, HERE)


@pytest.mark.parametrize("value", ["~someone/x", "%(prefix)/x"])
def test_an_include_from_nobody_knows_where_is_refused(value):
    with pytest.raises(BadConfig):
        load({".git/config": f"[include]\npath = {value}\n"}.get, HERE)


def test_what_only_a_work_tree_says_may_count():
    files = {".git/config": "[push]\ndefault = simple\n", "own/config.worktree": "[push]\ndefault = upstream\n"}
    assert load(files.get, GitPlace("own", ".git")).last("push", "", "default") == ["simple", "upstream"]
