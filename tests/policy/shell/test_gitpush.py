from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from companion.policy.shell.gitpush import EVERYTHING
from companion.policy.shell.read import read_command
from companion.scan.project_files import LARGEST, ProjectFiles

HEAD = {".git/HEAD": "ref: refs/heads/work\n"}


def pushed(command: str, files: dict[str, str] | None = None) -> list[tuple[str, str]]:
    effects = read_command(command, "/ws", look=(HEAD if files is None else files).get)
    return [(effect.target, effect.code) for effect in effects if effect.kind == "git"]


@pytest.mark.parametrize(
    ("command", "branch", "code"),
    [
        ("git push", "work", "git-push"),
        ("git push origin", "work", "git-push"),
        ("git push origin HEAD", "work", "git-push"),
        ("git push origin @", "work", "git-push"),
        ("git push origin HEAD:main", "main", "git-push"),
        ("git push origin work:refs/heads/main", "main", "git-push"),
        ("git push -f origin x", "x", "git-push-force"),
        ("git push -uf origin x", "x", "git-push-force"),
        ("git push origin +x", "x", "git-push-force"),
        ("git push origin :x", "x", "git-push-force"),
        ("git push origin -d x", "x", "git-push-force"),
        ("git push --force-with-lease=x origin x", "x", "git-push-force"),
        ("git push --all", EVERYTHING, "git-push"),
        ("git push --mirror", EVERYTHING, "git-push-force"),
        ("git push --mir origin", EVERYTHING, "git-push-force"),
        ("git push origin $x", EVERYTHING, "git-push"),
        ("git push origin 'refs/heads/*'", EVERYTHING, "git-push"),
        ("git push --tags -f", "tags", "git-tag-move"),
        ("git push origin +refs/tags/v1", "refs/tags/v1", "git-tag-move"),
    ],
)
def test_a_push_names_what_it_changes(command: str, branch: str, code: str):
    assert pushed(command) == [(branch, code)]


def test_a_branch_that_nobody_knows_may_be_any():
    assert pushed("git push", {}) == [(EVERYTHING, "git-push")]
    assert pushed("git push", {".git/HEAD": "0" * 40}) == [(EVERYTHING, "git-push")]
    assert pushed("git -C elsewhere push") == [(EVERYTHING, "git-push")]


def test_matching_pushes_every_branch():
    config = "[push]\n\tdefault = matching\n"
    assert pushed("git push", HEAD | {".git/config": config}) == [(EVERYTHING, "git-push")]


def test_a_rehearsal_changes_nothing():
    assert pushed("git push -n -f origin main") == [("git push --dry-run", "git-fetch")]
    assert pushed("git push -n") == [("git push --dry-run", "git-fetch")]
    # An address may name a program, and a machine that nobody has named.
    for address in ("https://a.b/c", "./other", "ext::x", "$x"):
        assert ("git push --dry-run", "git-fetch") not in pushed(f"git push -n {address} main")


GIT = shutil.which("git") or ""
PUSHES = [
    "git push",
    "git push origin",
    "git push other",
    "git push origin work",
    "git push origin HEAD",
    "git push -f",
    "git push --follow-tags",
    "git push origin side",
]
CONFIGS = [
    "",
    "branch.work.merge=refs/heads/main branch.work.remote=origin",
    "branch.work.merge=refs/heads/work branch.work.remote=origin",
    "branch.side.merge=refs/heads/main branch.side.remote=origin",
    "branch.work.merge=refs/heads/main branch.work.remote=origin branch.work.pushRemote=other",
    "branch.work.merge=refs/heads/main branch.work.remote=origin remote.pushDefault=other",
    "remote.origin.push=refs/heads/work:refs/heads/main",
    "remote.origin.push=HEAD:main",
    "remote.origin.push=+refs/heads/*:refs/heads/*",
    "remote.origin.push=work:release remote.other.push=work:main",
    "remote.origin.mirror=true",
]


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A clone on the branch work, with two remotes that have the branch main."""
    root = tmp_path_factory.mktemp("push")
    environ = {"PATH": os.environ["PATH"], "HOME": str(root), "GIT_CONFIG_NOSYSTEM": "1"}

    def git(*words: str, check: bool = True) -> str:
        given = ["-c", "user.name=n", "-c", "user.email=e@x"]
        done = subprocess.run(
            [GIT, *given, *words], cwd=root / "w", env=environ, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    (root / "w").mkdir()
    git("init", "-q", "-b", "main")
    git("commit", "-q", "--allow-empty", "-m", "1")
    for name in ("origin", "other"):
        git("init", "-q", "--bare", str(root / name))
        git("remote", "add", name, str(root / name))
        git("push", "-q", name, "main")
    git("checkout", "-q", "-b", "work")
    git("branch", "side")
    git("commit", "-q", "--allow-empty", "-m", "2")
    return root, git


def goals(told: str) -> set[str]:
    """The branches that a rehearsal of a push would change."""
    lines = [line.split("\t") for line in told.splitlines() if "\t" in line]
    return {line[1].rpartition(":")[2].removeprefix("refs/heads/") for line in lines if line[0] not in "=!"}


@pytest.mark.skipif(not GIT, reason="compares with git, which is not here")
@pytest.mark.parametrize("default", ["", "nothing", "current", "upstream", "tracking", "simple", "matching"])
@pytest.mark.parametrize("config", CONFIGS)
def test_every_branch_that_git_would_push_to_is_told(repository, default, config):
    root, git = repository
    path = root / "w" / ".git" / "config"
    before = path.read_text()
    try:
        for setting in filter(None, [f"push.default={default}" if default else "", *config.split()]):
            git("config", "--add", *setting.split("=", 1))
        files = {".git/config": path.read_text(), ".git/HEAD": "ref: refs/heads/work\n"}
        for command in PUSHES:
            words = [word for word in command.split()[1:] if word != "-f"]
            would = goals(git(*words, "--dry-run", "--porcelain", check=False))
            told = {branch for branch, _ in pushed(command, files)}
            assert would <= told or EVERYTHING in told, (command, config, default)
            # Where nothing sends it elsewhere, nothing else is told.
            assert config or default == "matching" or told <= {"work", "side", "tags"}
    finally:
        path.write_text(before)


@pytest.mark.parametrize(
    ("config", "branch"),
    [
        ('[push]\ndefault = upstream\n[branch "work"]\nmerge = refs/heads/main\n', "main"),
        ('[remote "origin"]\npush = work:main\n', "main"),
        ("[push]\ndefault = unheard-of\n", EVERYTHING),
        ("[push\n", EVERYTHING),
        ('[branch "work"]\nmerge = refs/heads/main\n', "work"),
    ],
)
def test_a_push_that_says_nothing_goes_where_the_configuration_says(config, branch):
    files = HEAD | {".git/config": config}
    assert pushed("git push", files) == [(branch, "git-push")]
    assert pushed("git push -f", files) == [(branch, "git-push-force")]


def test_the_users_own_configuration_counts():
    files = HEAD | {
        "~/.gitconfig": "[push]\ndefault = upstream\n",
        ".git/config": '[branch "work"]\nmerge = refs/heads/main\n',
    }
    assert pushed("git push", files) == [("main", "git-push")]


@pytest.mark.parametrize(
    "before", ["git checkout main", "git switch main", "git symbolic-ref HEAD x", "git config push.default upstream"]
)
def test_behind_a_step_that_moves_the_branch_nobody_knows_which_it_is(before):
    assert (EVERYTHING, "git-push-force") in pushed(f"{before} && git push -f")


SENT = HEAD | {".git/config": '[remote "origin"]\n\tpush = feature:main\n'}
FORCED = "git push -f origin feature"


@pytest.mark.parametrize(
    ("before", "target"),
    [
        ("", "main"),
        ("echo x > f && ", "main"),
        ("git checkout feature && ", "main"),
        ("mkdir d && ", "main"),
        ("git config remote.origin.push x && ", EVERYTHING),
        ("echo x >> .git/config && ", EVERYTHING),
        ("echo x > ./sub/../.git/config && ", EVERYTHING),
        ("cp -r x .git && ", EVERYTHING),
        ("echo x > ~/.gitconfig && ", EVERYTHING),
        ("cd $x && ", EVERYTHING),
    ],
)
def test_a_name_goes_where_the_configuration_sends_it_by_then(before, target):
    effects = read_command(before + FORCED, "/ws", home="/home/u", look=SENT.get)
    assert (target, "git-push-force") in [(effect.target, effect.code) for effect in effects]


def test_an_earlier_checkout_may_change_what_is_included_from_the_work_tree():
    files = HEAD | {".git/config": "[include]\n\tpath = ../shared\n", ".git/../shared": ""}
    assert pushed(FORCED, files) == [("feature", "git-push-force")]
    assert (EVERYTHING, "git-push-force") in pushed(f"git checkout feature && {FORCED}", files | {"shared": ""})


@pytest.mark.parametrize(
    "command", ["git -C elsewhere push -f origin feature", "cd elsewhere && git push -f origin feature"]
)
def test_the_repository_of_the_folder_it_runs_in_counts(command):
    files = {f"elsewhere/{path}": text for path, text in SENT.items()}
    assert ("main", "git-push-force") in pushed(command, files)


@pytest.mark.parametrize("word", ["-c remote.origin.push=feature:main", "--git-dir=x", "-C $x", "-C a -C b"])
def test_whoever_configures_git_by_a_word_may_push_anywhere(word):
    assert (EVERYTHING, "git-push-force") in pushed(f"git {word} push -f origin feature")


def test_the_users_own_configuration_counts_from_every_folder():
    files = {"sub/.git/HEAD": HEAD[".git/HEAD"], "~/.gitconfig": SENT[".git/config"]}
    assert ("main", "git-push-force") in pushed(f"cd sub && {FORCED}", files)


def test_a_head_that_names_no_branch_is_none_that_is_known():
    assert pushed("git push", {".git/HEAD": "ref: refs/heads/.invalid\n"}) == [(EVERYTHING, "git-push")]


@pytest.mark.skipif(not GIT, reason="asks git to make them")
@pytest.mark.parametrize("where", ["", "sub", "../linked", "../linked/sub"])
@pytest.mark.parametrize("spoiled", ["", "byte", "large", "closed"])
def test_in_a_real_repository_what_cannot_be_read_may_be_anything(tmp_path, where, spoiled):
    def git(*words: str) -> None:
        given = ["-c", "user.name=n", "-c", "user.email=e@x", "-c", "init.defaultBranch=work"]
        subprocess.run([GIT, *given, *words], cwd=tmp_path / "w", check=True, capture_output=True)

    (tmp_path / "w").mkdir()
    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "1")
    git("worktree", "add", "-q", str(tmp_path / "linked"))
    for tree in ("w", "linked"):
        (tmp_path / tree / "sub").mkdir()
    git("config", "remote.origin.push", "feature:main")
    config = tmp_path / "w" / ".git" / "config"
    if spoiled == "byte":
        config.write_bytes(config.read_bytes() + b"# \xe4\n")
    elif spoiled == "large":
        config.write_bytes(config.read_bytes() + b"#" * LARGEST)
    elif spoiled:
        config.unlink()
        config.symlink_to("config")
    folder = str(tmp_path / "w" / where)
    effects = read_command(FORCED, folder, look=lambda path: ProjectFiles().text(path, folder))
    assert (EVERYTHING if spoiled else "main") in {effect.target for effect in effects if effect.kind == "git"}
