"""`companion check path`: verdicts with the line that decides, one by one and in bulk."""

import io
import json

import pytest
from click.testing import CliRunner

from companion.cli.check_path import Checker, Verdict, answer, rule_of
from companion.cli.main import main
from companion.model.facts import IgnoreMatch
from companion.model.policy import Policy
from companion.policy.ignore.lists import SECRETS


@pytest.fixture
def ws(tmp_path, home):
    root = tmp_path / "ws"
    for path in ("src/a.py", "private/x", "build/o", ".git/HEAD", ".env"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    (root / ".clineignore").write_text("private/\n")
    (root / ".gitignore").write_text("build/\n")
    return root


def run(ws, *words, given=None):
    return CliRunner().invoke(main, ["check", "path", *words, "--root", str(ws)], input=given)


VERDICTS = [
    ("src/a.py", "allow", False, "", 0),
    ("private/x", "deny", True, ".clineignore", 1),
    ("build/o", "redact", True, ".gitignore", 1),
    ("build", "redact", True, ".gitignore", 1),
    ("new/private/", "deny", True, ".clineignore", 1),
    (".env", "deny", False, SECRETS, 1),
    ("../x", "ask", False, "", 0),
]


@pytest.mark.parametrize(("path", "verdict", "ignored", "source", "line"), VERDICTS)
def test_one_path(ws, path, verdict, ignored, source, line):
    result = run(ws, path, "--json")
    (said,) = json.loads(result.stdout)
    assert (said["path"], said["verdict"], said["ignored"]) == (path, verdict, ignored)
    assert (said["source"], said["line"]) == (source, line)
    assert result.exit_code == (verdict != "allow")


def test_for_people(ws):
    result = run(ws, "src/a.py", "private/x", "../x")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["allow", "src/a.py"]
    assert lines[1] == "deny    private/x  .clineignore:1: private/"
    assert "outside" in lines[2]
    assert result.exit_code == 1


def test_the_engine_says_what_git_says_and_no_more(ws):
    (ws / ".gitignore").write_text("build/\n.env\n")
    said = json.loads(run(ws, "private/x", ".env", "build/o", "--json", "--engine").stdout)
    assert [(one["verdict"], one["source"]) for one in said] == [
        ("allow", ""),
        ("ignore", ".gitignore"),
        ("ignore", ".gitignore"),
    ]


def test_a_batch_is_answered_in_order_line_by_line(ws):
    asked = [
        {"path": "src/a.py"},
        {"path": "build", "is_dir": False},
        {"path": "build", "is_dir": True},
        {"path": "\udcff"},
    ]
    result = run(ws, "--batch", "--json", given="".join(json.dumps(one) + "\n" for one in asked))
    said = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["ignored"] for one in said] == [False, False, True, False]
    assert all(list(one) == ["verdict", "ignored", "source", "line", "pattern"] for one in said)
    assert result.exit_code == 0


BROKEN = ["{", "[]", '"a"', '{"path": 1}', '{"path": "a", "is_dir": "yes"}', "{}", '{"path": "a\\u0000b"}']


@pytest.mark.parametrize("line", BROKEN)
def test_a_line_that_cannot_be_read_is_answered_with_no(ws, line):
    result = run(ws, "--batch", given=f"{line}\n" + '{"path": "src/a.py"}')
    first, second = map(json.loads, result.stdout.splitlines())
    assert (first["verdict"], first["ignored"]) == ("deny", True)
    assert second["verdict"] == "allow"


def test_a_changed_rule_counts_for_the_next_lines(ws):
    class Asking(io.RawIOBase):
        """Gives one line, then changes a rule, then gives the next."""

        turn = 0

        def read1(self, _):
            self.turn += 1
            if self.turn == 2:
                (ws / ".clineignore").write_text("src/\n")
            return b'{"path": "src/a.py"}\n' if self.turn < 3 else b""

    said = "".join(answer(Asking(), Checker(str(ws), Policy(), engine=False))).splitlines()
    assert [json.loads(line)["verdict"] for line in said] == ["allow", "deny"]


@pytest.mark.parametrize("words", [[], ["--batch", "x"]])
def test_paths_or_a_batch_but_not_both(ws, words):
    result = run(ws, *words)
    assert result.exit_code == 2
    assert "next: companion check path --help" in result.stderr


def test_the_workspace_s_own_policy_counts(ws):
    (ws / ".companion.toml").write_text('[policy]\ngitignored = "deny"\n')
    assert json.loads(run(ws, "build/o", "--json").stdout)[0]["verdict"] == "deny"


def test_a_rule_in_words():
    assert rule_of(Verdict("deny", ignored=True, source="f", line=2, pattern="x")) == "f:2: x"
    assert rule_of(IgnoreMatch("companion", 0, "(too long)")) == "companion (too long)"
