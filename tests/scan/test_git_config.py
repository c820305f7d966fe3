"""Git's settings are read as git reads them."""

import os
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from companion.scan.git_config import parse, read_settings

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "r"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/topic/x\n")
    return folder


def said(repository, home, **environ):
    git = str(repository / ".git")
    return read_settings(str(repository), git, git, str(home), {"GIT_CONFIG_NOSYSTEM": "1", **environ})


def test_without_settings_the_list_lies_where_git_looks(repository, home):
    found = said(repository, home)
    assert (found.excludes_file, found.ignore_case) == (f"{home}/.config/git/ignore", False)
    assert said(repository, home, XDG_CONFIG_HOME="/x").excludes_file == "/x/git/ignore"
    assert str(repository / ".git" / "config") in found.files
    assert str(home / ".gitconfig") in found.files


def test_the_nearest_setting_counts(repository, home):
    (home / ".config" / "git").mkdir(parents=True)
    (home / ".config" / "git" / "config").write_text("[core]\nexcludesFile = /a\n")
    assert said(repository, home).excludes_file == "/a"
    (home / ".gitconfig").write_text("[core]\nexcludesFile = ~/b\n")
    assert said(repository, home).excludes_file == f"{home}/b"
    (repository / ".git" / "config").write_text("[core]\nexcludesFile = c\nignorecase\n")
    found = said(repository, home)
    assert (found.excludes_file, found.ignore_case) == (f"{repository}/c", True)


def test_the_environment_names_other_files(repository, home, tmp_path):
    (tmp_path / "g").write_text("[core]\nexcludesfile = /g\n")
    (home / ".gitconfig").write_text("[core]\nexcludesfile = /h\n")
    assert said(repository, home, GIT_CONFIG_GLOBAL=str(tmp_path / "g")).excludes_file == "/g"
    assert said(repository, home, GIT_CONFIG_GLOBAL="").excludes_file == f"{home}/.config/git/ignore"


def test_a_file_that_is_none_says_nothing(repository, home):
    (repository / ".git" / "config").mkdir()
    assert said(repository, home).excludes_file


INCLUDES = [
    ("[include]\npath = more\n", True),
    ("[include]\npath = gone\n", False),
    ('[includeIf "gitdir:{r}/"]\npath = more\n', True),
    ('[includeIf "gitdir:r/"]\npath = more\n', True),
    ('[includeIf "gitdir:R/"]\npath = more\n', False),
    ('[includeIf "gitdir/i:R/"]\npath = more\n', True),
    ('[includeIf "gitdir:/elsewhere/"]\npath = more\n', False),
    ('[includeIf "onbranch:topic/"]\npath = more\n', True),
    ('[includeIf "onbranch:main"]\npath = more\n', False),
    ('[includeIf "hasconfig:remote.*.url:x"]\npath = more\n', False),
    ('[includeIf "nonsense"]\npath = more\n', False),
]


@pytest.mark.parametrize(("text", "counts"), INCLUDES, ids=lambda value: str(value)[:40])
def test_includes(repository, home, text, counts):
    (home / ".gitconfig").write_text(text.replace("{r}", str(repository)))
    (home / "more").write_text("[core]\nexcludesfile = /more\n")
    assert (said(repository, home).excludes_file == "/more") is counts


def test_a_file_that_includes_itself_ends(repository, home):
    (home / ".gitconfig").write_text("[include]\npath = .gitconfig\n[core]\nexcludesfile = /x\n")
    assert said(repository, home).excludes_file == "/x"


VALUES = st.lists(
    st.sampled_from(["a", " ", '"', "\\\\", '\\"', "\\n", "\\t", "#", ";", "\\\n", "é", "=", "[", "]", "/"]), max_size=8
).map("".join)


@needs_git
@example(value="a \\\n", before="")
@given(value=VALUES, before=st.sampled_from(["", "# c\n", "; c\n", "\n", "[x]\ny\n"]))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_law_a_value_is_what_git_says(tmp_path, value, before):
    file = tmp_path / "config"
    file.write_text(f"{before}[core]\n\tkey = {value}\n[z]\n  k=1\n")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    git = subprocess.run(
        ["git", "config", "--file", file, "-z", "--get", "core.key"], capture_output=True, env=environ, check=False
    )
    ours = [found.value for found in parse(file.read_text()) if (found.section, found.key) == ("core", "key")]
    if git.returncode == 0:
        assert ours == [git.stdout.decode().removesuffix("\0")]


def test_sections_and_their_names():
    found = list(parse('[A "b\\"C"] k = 1\n[x.Y] z\n; c\n!nonsense\n[core]; c\n\tIgnoreCase=true # c\n'))
    assert [(one.section, one.subsection, one.key, one.value) for one in found] == [
        ("a", 'b"C', "k", "1"),
        ("x", "y", "z", "true"),
        ("core", "", "ignorecase", "true"),
    ]
