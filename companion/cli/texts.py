"""The texts of files: those that are named, those that git would commit, those that are staged, standard input."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

STDIN = "-"
STDIN_NAME = "<stdin>"
_SKIPPED = frozenset({".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", ".tox"})
_HEAD = 8192
_PIECE = 8 * 1024 * 1024
_BOMS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"\xef\xbb\xbf": "utf-8"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A text, or a part of one that is too large to be held whole, cut at the end of a line."""

    name: str
    """As it is shown: the path as it was named, or as git names it."""
    path: str
    """Absolute; "" for standard input."""
    text: str
    line: int = 1
    """The number of its first line."""


@dataclass(frozen=True, slots=True)
class Unread:
    """What was not examined, and why."""

    name: str
    why: str
    failed: bool
    """Whether it should have been: not so for what is no text."""


Read = Piece | Unread


class NoRepository(Exception):  # noqa: N818 - where the person is
    """There is no repository here, or no git."""


def read_paths(paths: Sequence[str]) -> Iterator[Read]:
    """Files as they are named, ignored ones too; of a folder what git would commit of it."""
    for name in paths:
        if name == STDIN:
            yield from _pieces(STDIN_NAME, "", sys.stdin.buffer)
        elif Path(name).is_dir():
            yield from _files(_listed(Path(name)))
        else:
            yield from _files([(name, Path(name), True)])


def read_staged(folder: Path) -> Iterator[Read]:
    """What the next commit would add or change, as it would be committed. Raises NoRepository."""
    top = Path(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel").rstrip(b"\n")))
    told = _git(
        top, "diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--diff-filter=ACMRT"
    )
    fields = told.split(b"\0")
    changed = [(heads.split(), os.fsdecode(name)) for heads, name in zip(fields[::2], fields[1::2], strict=False)]
    # A link's content is a path, and a submodule has none here.
    blobs = [(words[3], name) for words, name in changed if words[1].startswith(b"100")]
    with subprocess.Popen(
        ["git", "-C", str(top), "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as git:
        assert git.stdin is not None
        assert git.stdout is not None
        for blob, name in blobs:
            git.stdin.write(blob + b"\n")
            git.stdin.flush()
            size = git.stdout.readline().split()[-1]
            if not size.isdigit():
                yield Unread(name, "git does not have what is staged of it", failed=True)
                continue
            raw = git.stdout.read(int(size))
            git.stdout.read(1)
            yield from _pieces(name, str(top / name), io.BytesIO(raw))


def _listed(folder: Path) -> Iterator[tuple[str, Path, bool]]:
    try:
        found = _git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
        names: Iterable[str] = filter(None, os.fsdecode(found).split("\0"))
    except NoRepository:
        names = _walked(folder)
    for name in names:
        path = folder / name
        yield str(path), path, False


def _walked(folder: Path) -> Iterator[str]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted(files):
            yield os.path.relpath(os.path.join(root, name), folder)  # noqa: PTH118 - as os.walk has them


def _files(named: Iterable[tuple[str, Path, bool]]) -> Iterator[Read]:
    """`named` are name, path, and whether the person named the file."""
    for name, path, by_person in named:
        try:
            status = path.stat() if by_person else path.lstat()
            if not stat.S_ISREG(status.st_mode):
                # A listed one is a link, a submodule or a pipe, none of which has content to commit.
                if by_person:
                    yield Unread(name, "it is no file", failed=True)
                continue
            with path.open("rb") as file:
                yield from _pieces(name, str(path.absolute()), file)
        except FileNotFoundError:
            if by_person:
                yield Unread(name, "there is no such file", failed=True)
        except (OSError, ValueError) as error:
            yield Unread(name, getattr(error, "strerror", None) or str(error), failed=True)


def _pieces(name: str, path: str, file: BinaryIO) -> Iterator[Read]:
    head = file.read(_PIECE)
    encoding = next((known for mark, known in _BOMS.items() if head.startswith(mark)), "")
    if not encoding.startswith("utf-16") and b"\0" in head[:_HEAD]:
        yield Unread(name, "it is no text", failed=False)
        return
    if encoding.startswith("utf-16") and len(head) == _PIECE:
        yield Unread(name, "it is too large for a file in UTF-16", failed=True)
        return
    line = 1
    while head:
        rest = file.readline(_PIECE) if len(head) == _PIECE else b""
        text = _text(head + rest, encoding)
        yield Piece(name, path, text, line)
        line += text.count("\n")
        head = file.read(_PIECE) if rest else b""


def _text(raw: bytes, encoding: str) -> str:
    """Each byte stays in its line, whatever it was meant to be."""
    if encoding.startswith("utf-16"):
        return raw.decode(encoding, "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _git(folder: Path, *arguments: str) -> bytes:
    """Raises NoRepository with git's own words."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)
    except OSError as error:
        raise NoRepository(f"git cannot be run: {error.strerror}") from error
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["git failed"]
        raise NoRepository(words[0])
    return done.stdout
