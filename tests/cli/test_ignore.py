"""`companion ignore`: what a pattern would match, and what looks sensitive and may be read."""

import json

import pytest
from click.testing import CliRunner

from companion.cli.main import main


@pytest.fixture
def ws(tmp_path, home):
    root = tmp_path / "ws"
    for path in ("src/a.py", "private/dump.sql", "db/dump.sql", "config/secrets.yml", ".git/HEAD", ".env"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    (root / ".clineignore").write_text("private/\n")
    return root


def run(ws, *words):
    return CliRunner().invoke(main, ["ignore", *words, "--root", str(ws)])


def test_a_pattern_matches_what_may_be_read_now(ws):
    result = run(ws, "test", "*.sql")
    assert result.stdout.splitlines()[0] == "db/dump.sql"
    assert "private" not in result.stdout
    assert result.exit_code == 0
    assert json.loads(run(ws, "test", "db/", "--json").stdout)["paths"] == ["db/dump.sql"]
    assert json.loads(run(ws, "test", "!src", "--json").stdout)["paths"] == ["src/a.py"]


def test_a_pattern_that_matches_nothing_says_why(ws):
    result = run(ws, "test", "[a")
    assert "never closed" in result.stdout
    assert result.exit_code == 1


@pytest.mark.parametrize("pattern", ["", "# x", "a\nb"])
def test_what_is_no_pattern_ends_in_the_next_step(ws, pattern):
    result = run(ws, "test", pattern)
    assert result.exit_code == 2
    assert "next: companion ignore test" in result.stderr


def test_the_audit_s_lines_leave_nothing_to_find(ws):
    result = run(ws, "audit", "--json")
    said = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [one["path"] for one in said["readable"]] == ["db/dump.sql", "config/secrets.yml"]
    (ws / ".companionignore").write_text("\n".join(said["propose"]) + "\n")
    again = run(ws, "audit")
    assert again.exit_code == 0
    assert "nothing" in again.stdout


def test_the_audit_names_lines_that_do_not_do_what_they_seem_to(ws):
    (ws / "src" / ".gitignore").write_text("ok\n[broken\n")
    result = run(ws, "audit")
    assert "src/.gitignore:2: [broken" in result.stdout
    assert "never closed" in result.stdout
    assert "*.sql" in result.stdout


def test_a_long_list_is_shortened_unless_all_is_asked_for(ws):
    for number in range(60):
        (ws / f"x{number:02}.sql").touch()
    assert "and 11 files more" in run(ws, "test", "*.sql").stdout
    assert "x59.sql" in run(ws, "test", "*.sql", "--all").stdout
