"""A word under which a reading tool does more is told, and its neighbours only read."""

from __future__ import annotations

import pytest

from companion.model.facts import EffectKind
from companion.policy.shell.effects import changes_something
from companion.policy.shell.read import read_command
from tests.support.shell import codes

ASKS = """
rclone ls ':sftp,ssh=./evil:x'|runs-other
rclone ls 'r,ssh=./evil:x'|runs-other
rclone --config ./x ls r:|runs-other
rclone --config=./x ls r:|runs-other
nginx -t -c x|runs-other
nginx -tc x|runs-other
nginx -T -p x|runs-other
ansible-lint --rules-dir x|runs-other
ansible-lint -r x|runs-other
ansible-doc -M x y|runs-other
ansible-doc --module-path=x y|runs-other
brew info ./evil.rb|runs-other
brew cat evil.rb|runs-other
brew deps user/tap/x|runs-other
docker -H ssh://x ps|runs-other
docker --host=ssh://x ps|runs-other
podman --url ssh://x ps|runs-other
git help -w log|runs-other
git help --web log|runs-other
glab config get token|secret-shown
gh config get oauth_token|secret-shown
gh api --hostname evil.com x|network
glab api --hostname=evil.com x|network
ruff check --config fix=true|unknown-option
ruff check --config='fix = true' .|unknown-option
""".strip().splitlines()


@pytest.mark.parametrize("row", ASKS)
def test_a_word_that_reaches_further_is_told(row: str):
    command, _, code = row.partition("|")
    assert code in codes(command)


@pytest.mark.parametrize(
    "command",
    [
        "rclone ls r:x",
        "nginx -t",
        "ansible-lint playbook.yml",
        "ansible-doc copy",
        "brew info python@3.11",
        "brew search /python/",
        "brew info homebrew/core/wget",
        "docker ps",
        "git help log",
        "glab config get editor",
        "gh api repos/x/y --hostname github.com",
        "ruff check --config 'line-length = 100' .",
        "uv tree --frozen",
    ],
)
def test_its_neighbours_only_read(command: str):
    assert changes_something(read_command(command)) is None


@pytest.mark.parametrize("command", ["uv lock", "uv tree", "uv export", "ruff check --config x.toml .", "bundle list"])
def test_what_reads_by_running_the_project_is_no_plan(command: str):
    assert codes(command) == {"project-run"}
    assert changes_something(read_command(command))


@pytest.mark.parametrize(
    ("command", "host"),
    [
        ("psql -h db.example.com -c 'select 1'", "db.example.com"),
        ("psql -hdb -c 'select 1'", "db"),
        ("psql postgres://u@db.example.com/x -c 'select 1'", "db.example.com"),
        ("psql -d 'host=db dbname=x' -c 'select 1'", "db"),
        ("mysql --host=db -e 'select 1'", "db"),
        ("redis-cli -u redis://db get x", "db"),
        ("docker -H tcp://db:2375 ps", "db"),
    ],
)
def test_a_question_to_another_machine_is_a_look_at_it(command: str, host: str):
    effects = read_command(command)
    assert host in {effect.target for effect in effects if effect.kind is EffectKind.NETWORK}
    assert codes(command) <= {"web-read", ""}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_this_machine_is_no_other(host: str):
    assert not codes(f"psql -h {host} -c 'select 1'")


@pytest.mark.parametrize(
    "command",
    [
        "cdk acknowledge 1",
        "op update",
        "ssh-add",
        "ssh-keygen",
        "supabase inspect report",
        "supabase db diff",
        "wrangler r2 object get b/x",
        "npm cache verify",
        "npm docs x",
        "brew home x",
        "brew fetch x",
        "composer browse x",
        "rustup doc",
        "stripe open",
        "cargo deny init",
        "gh browse",
        "gh pr view 1 --web",
        "gh release download v1",
    ],
)
def test_what_changes_something_is_no_plan(command: str):
    assert changes_something(read_command(command))
    assert codes(command) & {"tool-write", "tool-cache"}
