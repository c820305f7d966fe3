import os
from pathlib import Path

import pytest

from companion.scan.secrets.envfiles import EnvFiles, env_values

VALUE = "k2J4h5G6f7D8"


def learnt(files: EnvFiles, workspace: Path | str) -> list[tuple[str, str]]:
    values: list[tuple[str, str]] = []
    files.refresh(str(workspace), lambda value, name: values.append((value, name)))
    return values


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (f"API_KEY={VALUE}", [VALUE]),
        (f"  export TOKEN = '{VALUE}'  ", [VALUE]),
        (f'TOKEN="{VALUE} with blanks" # comment', [f"{VALUE} with blanks"]),
        (f"TOKEN={VALUE} # comment", [VALUE]),
        (f"name: {VALUE}", [VALUE]),
        ('KEY="line1-k2J4\\nline2-h5G6"', ["line1-k2J4\\nline2-h5G6", "line1-k2J4\nline2-h5G6"]),
        ("DB_PASSWORD=hunter2-prod", ["hunter2-prod"]),
        ("APP_SECRET=correct-horse-battery", ["correct-horse-battery"]),
        (f"DB=postgres://app:{VALUE}@db/x", [f"postgres://app:{VALUE}@db/x", VALUE]),
    ],
)
def test_values_worth_hiding(line: str, values: list[str]) -> None:
    assert env_values(line) == values


@pytest.mark.parametrize(
    "line",
    [
        "# KEY=k2J4h5G6f7D8", "NODE_ENV=production", "DEBUG=true", "PORT=12345678", "URL=https://api.example.org/v1",
        "MAIL=someone@example.org", "HOME_DIR=/var/lib/app1", "MODEL=claude-sonnet-4-5", "KEY=short", "KEY=changeme",
        "KEY=<your-key>", "KEY=${OTHER}", "DB=postgres://user:password@localhost/db", "HOST=db.internal:5432", "KEY=",
    ],
)  # fmt: skip
def test_ordinary_settings_are_left_alone(line: str) -> None:
    assert env_values(line) == []


def test_files_at_the_root_and_one_level_below(tmp_path: Path) -> None:
    for place in (
        ".env",
        ".env.local",
        "web/.env",
        "web/deep/.env",
        ".env.example",
        ".env.sample",
        "node_modules/.env",
    ):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"KEY={VALUE}{place.replace('/', '9')}")
    found = {value.removeprefix(VALUE) for value, _ in learnt(EnvFiles(), tmp_path)}
    assert found == {".env", ".env.local", "web9.env"}


def test_credential_files_are_read_like_env_files(tmp_path: Path) -> None:
    for place in (".netrc", ".aws/credentials", "secrets.example.yaml", "deploy/secrets.yaml"):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"password = {VALUE}{len(place)}\n" if place != ".netrc" else f"machine h password {VALUE}\n")
    assert {name for _, name in learnt(EnvFiles(), tmp_path)} == {".netrc", "credentials", "secrets.yaml"}


def test_a_file_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    files = EnvFiles()
    env = tmp_path / ".env"
    env.write_text(f"KEY={VALUE}")
    assert learnt(files, tmp_path) == [(VALUE, ".env")]
    assert learnt(files, tmp_path) == []
    env.write_text(f"KEY={VALUE}9\n")
    assert learnt(files, tmp_path) == [(f"{VALUE}9", ".env")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes in the file system are a Unix thing")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".env")
    assert learnt(EnvFiles(), tmp_path) == []


def test_no_workspace_and_a_missing_one_have_no_values(tmp_path: Path) -> None:
    assert learnt(EnvFiles(), "") == []
    assert learnt(EnvFiles(), tmp_path / "gone") == []
