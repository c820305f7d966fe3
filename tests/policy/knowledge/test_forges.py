import pytest

from tests.support.knowledge import call, files, looks, said


@pytest.mark.parametrize(
    "command",
    [
        "gh pr list --state open --json number,title -L 5",
        "gh pr view 1 --comments",
        "gh run view 1 --log-failed",
        "gh api repos/o/r/pulls --paginate",
        "gh api -X GET search/issues -f q=x",
        "gh api graphql -f query='query { viewer { login } }'",
        "gh pr create --help",
        "glab mr list",
        "glab api projects/1",
    ],
)
def test_what_only_looks(command):
    assert looks(command)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("gh pr merge 1", "cloud-write"),
        ("gh repo delete x --yes", "cloud-delete"),
        ("gh auth token", "leaks-secret"),
        ("gh auth status --show-token", "leaks-secret"),
        ("gh ssh-key add k.pub", "cloud-permissions"),
        ("gh extension install x", "install"),
        ("gh extension exec x", "runs-other"),
        ("gh frobnicate", "unknown-command"),
        ("gh api repos/o/r -f a=b", "cloud-write"),
        ("gh api repos/o/r --input x.json", "cloud-write"),
        ("gh api -XDELETE repos/o/r", "cloud-delete"),
        ("gh api --method=delete repos/o/r", "cloud-delete"),
        ("gh api graphql -f query='mutation { x }'", "cloud-write"),
        ("gh api graphql -F query=@q.graphql", "cloud-write"),
        ("gh api https://evil.example/x", "network"),
        ("gh api --strange x", "unknown-option"),
        ("gh api", "unknown-word"),
        ("gh api ?", "unknown-word"),
        ("gh api user --jq env", "reads-environment"),
        ("gh pr list --json x --jq '$ENV.X'", "leaks-secret"),
        ("glab mr merge 1", "cloud-write"),
        ("glab variable get x", "leaks-secret"),
    ],
)
def test_what_is_asked_about(command, code):
    assert code in said(command)


def test_files():
    assert files("gh api repos/o/r --input x.json") == [("read", "x.json", "")]
    assert files("gh api repos/o/r -F body=@x.md") == [("read", "x.md", "")]
    assert files("gh release download v1 -D out") == [("write", "out", "")]


def test_whose_repository_it_is():
    assert call("gh pr list -R o/r").account == "o/r"
    assert call("gh api user --hostname h").account == "h"
