from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from companion.ledger import bookshelf
from companion.ledger.book import Book, Seller, printed
from companion.ledger.bookshelf import price_book
from tests.support.prices import whole_book

NOW = "edition-now"
DATA = printed(NOW, "prices 2", {"us": Seller("us", None, (), ())})
OLD = printed("edition-then", "prices 1", {"us": Seller("us", None, (), ())})
HERE = printed(NOW, "made here", {})


class Makers:
    """Who was asked to make a book, and what came of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.apart: bytes | Exception = DATA

    def made_apart(self) -> bytes:
        self.asked.append("apart")
        if isinstance(self.apart, Exception):
            raise self.apart
        return self.apart

    def made_here(self) -> Book:
        self.asked.append("here")
        return Book(HERE)


@pytest.fixture
def makers(monkeypatch) -> Makers:
    one = Makers()
    monkeypatch.setattr(bookshelf, "edition", lambda: NOW)
    monkeypatch.setattr(bookshelf, "_made_apart", one.made_apart)
    monkeypatch.setattr(bookshelf, "_made_here", one.made_here)
    return one


def test_it_is_made_once_and_kept_for_its_owner(tmp_path, makers):
    folder = tmp_path / "a" / "prices"
    assert [price_book(folder).source for _ in range(3)] == ["prices 2"] * 3
    assert makers.asked == ["apart"]
    (kept,) = folder.iterdir()
    if sys.platform != "win32":
        assert (kept.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)


def test_without_a_folder_it_is_made_here(makers):
    assert price_book(None).source == "made here"
    assert makers.asked == ["here"]


def test_other_prices_count_from_the_next_start(tmp_path, makers, monkeypatch):
    price_book(tmp_path)
    monkeypatch.setattr(bookshelf, "edition", lambda: "edition-next")
    makers.apart = printed("edition-next", "prices 3", {})
    assert price_book(tmp_path).source == "prices 3"
    assert makers.asked == ["apart", "apart"]


@pytest.mark.parametrize(
    "damaged",
    [b"", DATA[:-1], DATA[:40] + b"x" + DATA[41:], OLD, b"\0" * len(DATA)],
    ids=["empty", "cut", "changed", "old", "zeroes"],
)
def test_a_damaged_book_is_made_again(tmp_path, makers, damaged):
    price_book(tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(damaged)
    assert price_book(tmp_path).source == "prices 2"
    assert (makers.asked, kept.read_bytes()) == (["apart", "apart"], DATA)


@pytest.mark.parametrize(
    "failure",
    [
        OSError("no more processes"),
        subprocess.TimeoutExpired("python", 1),
        subprocess.CalledProcessError(-9, "python"),
        b"",
        DATA[:-1],
        OLD,
    ],
    ids=["not started", "late", "killed", "silent", "cut", "other prices"],
)
def test_where_the_process_does_not_make_it_it_is_made_here_and_not_kept(tmp_path, makers, failure):
    makers.apart = failure
    assert price_book(tmp_path).source == "made here"
    assert makers.asked == ["apart", "here"]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_costs_a_process_at_each_start(tmp_path, makers):
    (tmp_path / "file").touch()
    assert [price_book(tmp_path / "file" / "prices").source for _ in range(2)] == ["prices 2"] * 2
    assert makers.asked == ["apart", "apart"]


def test_a_full_disk_leaves_nothing_behind(tmp_path, makers, monkeypatch):
    class Full:
        def __init__(self, number, _mode):
            self.number = number

        def __enter__(self):
            return self

        def __exit__(self, *_):
            os.close(self.number)

        def write(self, _):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("companion.ledger.bookshelf.os.fdopen", Full)
    assert price_book(tmp_path).source == "prices 2"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_its_place_does_no_harm(tmp_path, makers):
    (tmp_path / f"{NOW}.prices").mkdir()
    assert price_book(tmp_path).source == "prices 2"


def test_what_a_killed_daemon_left_is_cleared_away_in_time(tmp_path, makers, monkeypatch):
    for number in range(9):
        left = tmp_path / f"edition-{number}.prices.123"
        left.touch()
        os.utime(left, (number, number))
    price_book(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *(f"edition-{number}.prices.123" for number in (6, 7, 8)),
        f"{NOW}.prices",
    ]


def test_several_daemons_that_start_at_once_disturb_each_other_in_nothing(tmp_path, makers):
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(price_book(tmp_path).source)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["prices 2"] * 8
    assert price_book(tmp_path).source == "prices 2"


# Whole: real processes, the real catalogue.

CHILD = """
import sys
from pathlib import Path
from companion.ledger.bookshelf import price_book
book = price_book(Path(sys.argv[1]))
print(book.source, len(book.seller("openai").models), "genai_prices" in sys.modules)
"""


def daemon(*arguments: str, **more: str) -> list[str]:
    command = [sys.executable, "-P", "-c", CHILD, *arguments]
    done = subprocess.run(command, env=os.environ | more, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_real_one_is_made_by_a_process_and_spares_this_one_the_catalogue(tmp_path):
    first = daemon(str(tmp_path))
    (kept,) = tmp_path.iterdir()
    at = kept.stat().st_mtime_ns
    assert daemon(str(tmp_path)) == first
    assert (first[0], int(first[2]) > 50, first[3]) == ("genai-prices", True, "False")
    assert kept.stat().st_mtime_ns == at


@pytest.mark.skipif(sys.platform == "win32", reason="scripts")
@pytest.mark.parametrize(
    "script",
    ["kill -9 $$", "exit 3", "echo warning; exit 0", "exec head -c 100000 /dev/zero", "exec cat"],
    ids=["killed", "failed", "talks", "garbage", "silent"],
)
def test_whatever_becomes_of_the_process_the_prices_are_those_of_the_catalogue(monkeypatch, tmp_path, script):
    interpreter = tmp_path / "python"
    interpreter.write_text(f"#!/bin/sh\n{script}\n")
    interpreter.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(interpreter))
    monkeypatch.setattr(bookshelf, "_made_here", whole_book)
    assert price_book(tmp_path / "books") is whole_book()
    assert not (tmp_path / "books").exists()


def test_a_program_that_brings_its_own_interpreter_does_without_the_process(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(FileNotFoundError):
        bookshelf._made_apart()


@pytest.mark.parametrize("executable", ["", None])
def test_nor_does_one_that_has_none(monkeypatch, executable):
    monkeypatch.setattr(sys, "executable", executable)
    with pytest.raises(FileNotFoundError):
        bookshelf._made_apart()


def test_a_process_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(bookshelf, "_SECONDS", 0.001)
    with pytest.raises(subprocess.TimeoutExpired):
        bookshelf._made_apart()
