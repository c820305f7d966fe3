from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path

import pytest

from companion.cli import texts as module
from companion.cli.texts import NoRepository, Piece, Unread, read_paths, read_staged


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git("init", "-q", "-b", "main")
    git("config", "user.email", "ada@example.com")
    git("config", "user.name", "Ada")
    return tmp_path


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)


def told(found) -> dict[str, str]:
    return {one.name: one.text if isinstance(one, Piece) else f"! {one.why}" for one in found}


def test_of_a_folder_what_git_would_commit_is_read(repository):
    for name in ("tracked", "new", "ignored", "gone", "sub/deep é"):
        path = repository / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    (repository / ".gitignore").write_text("ignored\n")
    (repository / "link").symlink_to("/etc/passwd")
    git("add", "tracked", "gone", "link")
    (repository / "gone").unlink()
    assert told(read_paths(["."])) == {
        ".gitignore": "ignored\n",
        "new": "new",
        "sub/deep é": "sub/deep é",
        "tracked": "tracked",
    }
    assert told(read_paths(["sub"])) == {"sub/deep é": "sub/deep é"}


def test_a_file_that_is_named_is_read_whatever_git_says(repository):
    (repository / ".gitignore").write_text("ignored\n")
    (repository / "ignored").write_text("x")
    assert told(read_paths(["ignored"])) == {"ignored": "x"}


def test_without_git_a_folder_is_walked(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for name in ("a", ".git/config", "node_modules/m", "sub/b"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    (tmp_path / ".git/config").unlink()
    assert {Path(name).name for name in told(read_paths([str(tmp_path)]))} == {"a", "b"}


def test_what_is_staged_is_read_as_it_is_staged(repository):
    (repository / "a").write_text("committed")
    (repository / "old").write_text("old")
    git("add", ".")
    git("commit", "-qm", "first")
    (repository / "a").write_text("staged")
    (repository / "b 'x' é").write_text("new")
    (repository / "empty").write_text("")
    (repository / "link").symlink_to("a")
    git("add", ".")
    git("rm", "-q", "--cached", "old")
    (repository / "a").write_text("edited since")
    (repository / "sub").mkdir()
    assert told(read_staged(repository / "sub")) == {"a": "staged", "b 'x' é": "new"}
    assert {one.path for one in read_staged(repository)} == {str(repository / "a"), str(repository / "b 'x' é")}


def test_before_the_first_commit_all_that_is_staged_is_new(repository):
    (repository / "a").write_text("x")
    git("add", "a")
    assert told(read_staged(repository)) == {"a": "x"}


def test_nothing_is_staged_where_there_is_no_repository(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(NoRepository):
        list(read_staged(tmp_path))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a\xffb\n", "aÿb\n"),
        ("é".encode(), "é"),
        ("﻿x".encode("utf-16-le"), "﻿x"),
        ("﻿x".encode("utf-16-be"), "﻿x"),
        (b"\r\n", "\r\n"),
    ],
    ids=["latin", "utf-8", "utf-16-le", "utf-16-be", "line ends"],
)
def test_every_text_is_read_whatever_it_is_written_in(tmp_path, raw, text):
    path = tmp_path / "a"
    path.write_bytes(raw)
    [piece] = read_paths([str(path)])
    assert piece == Piece(str(path), str(path), text)


def test_what_is_no_text_is_passed_over_and_what_is_not_there_is_said(tmp_path):
    (tmp_path / "binary").write_bytes(b"\x7fELF\0\0")
    os.mkfifo(tmp_path / "pipe")
    found = list(read_paths([str(tmp_path / name) for name in ("binary", "none", "pipe")]))
    assert [(one.failed, one.why) for one in found] == [
        (False, "it is no text"),
        (True, "there is no such file"),
        (True, "it is no file"),
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_is_said(tmp_path):
    path = tmp_path / "mine"
    path.write_text("x")
    path.chmod(0)
    [found] = read_paths([str(path)])
    assert isinstance(found, Unread)
    assert found.failed


def test_a_large_file_comes_in_pieces_that_end_with_a_line(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_PIECE", 16)
    text = "".join(f"line {number}\n" for number in range(20)) + "x" * 40 + "\nend"
    path = tmp_path / "a"
    path.write_text(text)
    pieces = list(read_paths([str(path)]))
    assert "".join(piece.text for piece in pieces) == text
    assert len(pieces) > 5
    at = 0
    for piece in pieces:
        assert piece.line == text.count("\n", 0, at) + 1
        at += len(piece.text)
    path.write_bytes(("﻿" + text).encode("utf-16-le"))
    [found] = read_paths([str(path)])
    assert found.failed


def test_standard_input_is_a_text(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"hello")))
    assert list(read_paths(["-"])) == [Piece("<stdin>", "", "hello")]
