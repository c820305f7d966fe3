import pytest

from companion.model.facts import EffectKind
from companion.policy.shell.effects import most_dangerous
from companion.policy.shell.read import read_command
from tests.support.shell import codes, only_reads


@pytest.mark.parametrize(
    "command",
    [
        "git status",
        "git status -sb --porcelain=v2",
        "git log --oneline -n 5 --graph",
        "git log -5 --format='%h %s' --author=me",
        "git log -p -- src",
        "git diff",
        "git diff --stat HEAD~1 -- src",
        "git diff --cached",
        "git show HEAD",
        "git show --stat abc123",
        "git blame -L 1,20 src/a.py",
        "git branch",
        "git branch -vv -a",
        "git branch --show-current",
        "git branch --list 'feature/*'",
        "git branch --contains abc",
        "git tag -l 'v*'",
        "git ls-files",
        "git ls-files --others --exclude-standard",
        "git rev-parse --abbrev-ref HEAD",
        "git rev-parse --show-toplevel",
        "git describe --tags --always",
        "git remote -v",
        "git remote get-url origin",
        "git stash list",
        "git stash show --stat",
        "git reflog",
        "git config --get user.name",
        "git --no-pager log -3",
        "git -C sub status",
        "git grep -n x",
        "git cat-file -t HEAD",
        "git merge-base main HEAD",
        "git worktree list",
        "git --version",
    ],
)
def test_what_only_reads(command: str):
    assert only_reads(command)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("git push --force", "git-push-force"),
        ("git push -f origin x", "git-push-force"),
        ("git push -uf origin x", "git-push-force"),
        ("git push --force-with-lease", "git-push-force"),
        ("git push --forc", "git-push-force"),
        ("git push origin +main", "git-push-force"),
        ("git push origin +refs/heads/a:refs/heads/b", "git-push-force"),
        ("git push origin :main", "git-push-force"),
        ("git push origin --delete x", "git-push-force"),
        ("git push --mirror", "git-push-force"),
        ("git push --prune", "git-push-force"),
        ("git push", "git-push"),
        ("git reset --hard", "git-reset-hard"),
        ("git reset --har HEAD~1", "git-reset-hard"),
        ("git reset HEAD~1", "git-change"),
        ("git clean -fdx", "git-clean"),
        ("git checkout -- a", "git-discard"),
        ("git checkout .", "git-discard"),
        ("git checkout -f main", "git-discard"),
        ("git checkout main", "git-local"),
        ("git restore a", "git-discard"),
        ("git switch --discard-changes x", "git-discard"),
        ("git rm a", "git-discard"),
        ("git branch -D x", "git-branch-delete"),
        ("git branch -M main", "git-branch-delete"),
        ("git branch --delete --force x", "git-branch-delete"),
        ("git branch new", "git-local"),
        ("git tag -d v1", "git-branch-delete"),
        ("git tag v1", "git-change"),
        ("git stash drop", "git-stash-drop"),
        ("git stash clear", "git-stash-drop"),
        ("git stash", "git-change"),
        ("git stash show -p", "git-option"),
        ("git show stash@{0}", "git-option"),
        ("git reflog expire --all", "git-history"),
        ("git filter-branch x", "git-history"),
        ("git update-ref -d refs/heads/x", "git-history"),
        ("git gc --prune=now", "git-history"),
        ("git worktree remove x", "git-discard"),
        ("git config core.hooksPath x", "git-config"),
        ("git config --list", "git-config"),
        ("git config --get http.extraheader", "git-config"),
        ("git -c core.pager=x log", "git-option"),
        ("git --exec-path=. log", "git-option"),
        ("git --git-dir=x log", "git-option"),
        ("git -p log", "git-option"),
        ("git log --output=x", "unknown-option"),
        ("git diff --ext-diff", "unknown-option"),
        ("git diff --textconv", "unknown-option"),
        ("git grep -O x", "unknown-option"),
        ("git grep --open-files-in-pager=x y", "unknown-option"),
        ("git diff --no-index a b", "unknown-option"),
        ("git rebase -x ls main", "git-option"),
        ("git fetch", "git-fetch"),
        ("git pull", "network"),
        ("git clone https://x.y/z", "network"),
        ("git remote show origin", "network"),
        ("git commit -m x", "git-local"),
        ("git add .", "git-change"),
        ("git my-alias", "unknown-program"),
        ("git $1", "unknown-program"),
        ("git bisect run rm x", "delete"),
        ("git diff ':(top)x'", "git-option"),
    ],
)
def test_what_changes_is_named(command: str, code: str):
    effect = most_dangerous(e for e in read_command(command) if e.kind not in {EffectKind.READ, EffectKind.RUN})
    assert effect is not None
    assert effect.code == code


@pytest.mark.parametrize(
    ("command", "target"),
    [
        ("git show HEAD:.env", ".env"),
        ("git show :0:.env", ".env"),
        ("git show :.env", ".env"),
        ("git show main:a/.env", "a/.env"),
        ("git cat-file -p HEAD:.env", ".env"),
        ("git diff -- .env", ".env"),
        ("git diff .env", ".env"),
        ("git log -p .env", ".env"),
        ("git blame .env", ".env"),
        ("git log -L 1,5:.env", ".env"),
        ("git diff -- '*.env'", "*.env"),
        ("git grep x -- .env", ".env"),
        ("git -C a show HEAD:.env", "a/.env"),
    ],
)
def test_what_is_read_through_the_repository_is_told(command: str, target: str):
    assert target in {effect.target for effect in read_command(command) if effect.kind is EffectKind.READ}


@pytest.mark.parametrize(
    "command", ["git clean -nfd", "git clean -f -n", "git clean --force --dry-run", "git clean --forc --dry-r"]
)
def test_a_dry_run_deletes_nothing_whatever_else_is_asked_for(command: str):
    assert codes(command) == {"git-fetch"}


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("git clean -fd", "git-clean"),
        ("git clean -fd --no-dry-run", "git-clean"),
        ("git clean -fdn --no-dry-run", "git-clean"),
        ("git clean -fdn --no-dry", "git-clean"),
        ("git -C. status", "git-option"),
        ("git -Crepo status", "git-option"),
        ("git -calias.x=!id x", "git-option"),
        ("git rerere forget x", "git-change"),
        ("git rerere", "git-change"),
    ],
)
def test_close_to_what_reads(command: str, code: str):
    assert code in codes(command)


def test_a_folder_that_holds_what_git_holds_is_asked_about():
    files = {".git/HEAD": "x", "sub/HEAD": "ref: refs/heads/x", "sub/config": "[core]\n\tfsmonitor = x"}
    for command in ("git -C sub status", "cd sub && git status", "cd sub && git log -1"):
        assert "git-option" in {effect.code for effect in read_command(command, look=files.get)}, command
    assert "git-option" not in {effect.code for effect in read_command("git status", look=files.get)}
