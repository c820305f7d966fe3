"""The cases of git's own test of `check-ignore` (t0008), as facts: rules, paths, and the line that decides."""

from __future__ import annotations

import subprocess

import pytest

from companion.scan.ignore_files import IgnoreFiles
from tests.support.ignored import put

RULES = {
    ".gitignore": "one\nignored-*\ntop-level-dir/\n",
    "a/.gitignore": "two*\n*three\n",
    "a/b/.gitignore": "four\nfive\n# a comment counts\nsix\nignored-dir/\n# so does a gap:\n\n!on*\n!two\n",
    ".git/info/exclude": "per-repo\n!usually-ignored\n",
    "global": "globalone\n!globaltwo\nglobalthree\nusually-ignored\n",
    "data/.gitignore": "**\n!**/\n!*.txt\n",
    "rooted/.gitignore": "/git/\n",
    "unrooted/.gitignore": "git/\n",
    "star/.gitignore": "x/**\n!x/**/\n!x/**/*.txt\n",
    "space/.gitignore": "trailing   \nquoted\\ \\ \nodd\\\\ \n#hash\n\\#hash\n\\!bang\nmiddle space\ntab\t\n",
}
FOLDERS = ("top-level-dir", "a/b/ignored-dir", "a/top-level-dir", "rooted/git", "rooted/git-foo", "unrooted/sub/git")

ROOT, A, B, INFO, GLOBAL, SPACE = (
    ".gitignore",
    "a/.gitignore",
    "a/b/.gitignore",
    ".git/info/exclude",
    "global",
    "space/.gitignore",
)

CASES = [
    # path, the file and the line that ignore it
    ("non-existent", None),
    ("one", (ROOT, 1)),
    ("not-ignored", None),
    ("ignored-and-untracked", (ROOT, 2)),
    ("ignored-but-in-index", (ROOT, 2)),
    ("a/one", (ROOT, 1)),
    ("a/not-ignored", None),
    ("a/ignored-and-untracked", (ROOT, 2)),
    ("a/3-three", (A, 2)),
    ("a/three-not-this-one", None),
    ("a/b/one", None),
    ("a/b/on", None),
    ("a/b/one one", None),
    ("a/b/one two", None),
    ('a/b/one"three', None),
    ("a/b/two", None),
    ("a/b/twooo", (A, 1)),
    ("a/b/four", (B, 1)),
    ("a/b/five", (B, 2)),
    ("a/b/# a comment counts", None),
    ("a/b/six", (B, 4)),
    ("a/b/not-ignored", None),
    ("a/b/ignored-and-untracked", (ROOT, 2)),
    ("a/b/ignored-dir/", (B, 5)),
    ("a/b/ignored-dir/foo", (B, 5)),
    ("a/b/ignored-dir/twoooo", (B, 5)),
    ("a/b/ignored-dir/seven", (B, 5)),
    ("top-level-dir/", (ROOT, 3)),
    ("top-level-dir/x", (ROOT, 3)),
    ("a/top-level-dir/", (ROOT, 3)),
    ("b/globalone", (GLOBAL, 1)),
    ("b/globalthree", (GLOBAL, 3)),
    ("a/globalthree", (A, 2)),
    ("globaltwo", None),
    ("a/b/globaltwo", None),
    ("per-repo", (INFO, 1)),
    ("a/per-repo", (INFO, 1)),
    ("usually-ignored", None),
    ("rooted/git/", ("rooted/.gitignore", 1)),
    ("rooted/git/foo", ("rooted/.gitignore", 1)),
    ("rooted/git-foo/", None),
    ("rooted/git-foo/bar", None),
    ("unrooted/sub/git/foo", ("unrooted/.gitignore", 1)),
    ("data/file", ("data/.gitignore", 1)),
    ("data/data1/file1", ("data/.gitignore", 1)),
    ("data/data1/file1.txt", None),
    ("star/x/file", ("star/.gitignore", 1)),
    ("star/x/data2/file2", ("star/.gitignore", 1)),
    ("star/x/data2/file2.txt", None),
    ("star/file", None),
    ("space/trailing", (SPACE, 1)),
    ("space/trailing   ", None),
    ("space/quoted  ", (SPACE, 2)),
    ("space/quoted", None),
    ("space/odd\\", (SPACE, 3)),
    ("space/#hash", (SPACE, 5)),
    ("space/!bang", (SPACE, 6)),
    ("space/middle space", (SPACE, 7)),
    ("space/tab", None),
    ("space/tab\t", (SPACE, 8)),
]  # fmt: skip


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    home = tmp_path_factory.mktemp("t0008")
    root = home / "ws"
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    subprocess.run(["git", "init", "-q", root], check=True, capture_output=True)
    for name, rules in RULES.items():
        put(root / name, rules)
    with (root / ".git" / "config").open("a") as config:
        config.write(f"[core]\n\texcludesFile = {root / 'global'}\n\tignoreCase = false\n")
    return root, IgnoreFiles(str(home), {"GIT_CONFIG_NOSYSTEM": "1"})


@pytest.mark.parametrize(("path", "expected"), CASES)
def test_the_line_that_decides_is_the_one_that_git_names(ground, path, expected):
    root, files = ground
    found = files.git_match(str(root), path.rstrip("/"), is_dir=path.endswith("/"))
    assert (found and (found.source.removeprefix(f"{root}/"), found.line)) == expected


def test_the_cases_are_facts_about_the_git_that_is_here(ground):
    root, _ = ground
    asked = "\0".join(path.rstrip("/") for path, _ in CASES)
    command = ["git", "check-ignore", "--no-index", "--verbose", "--non-matching", "-z", "--stdin"]
    environ = {"PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(root.parent)}
    said = subprocess.run(command, cwd=root, input=asked, capture_output=True, text=True, env=environ, check=False)
    words = said.stdout.split("\0")[:-1]
    rows = [words[at : at + 4] for at in range(0, len(words), 4)]
    found = {
        path: (source.removeprefix(f"{root}/"), int(line)) if source and not pattern.startswith("!") else None
        for source, line, pattern, path in rows
    }
    assert found == {path.rstrip("/"): expected for path, expected in CASES}
