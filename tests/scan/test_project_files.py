from __future__ import annotations

import os
from pathlib import Path

import pytest

from companion.scan.project_files import LARGEST, ProjectFiles


def test_a_small_file_is_read(tmp_path: Path):
    (tmp_path / "Makefile").write_text("all:\n")
    assert ProjectFiles().text("Makefile", str(tmp_path)) == "all:\n"
    assert ProjectFiles().text(str(tmp_path / "Makefile"), "/") == "all:\n"


def test_what_is_no_small_text_file_is_none(tmp_path: Path):
    (tmp_path / "large").write_bytes(b"x" * (LARGEST + 1))
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "folder").mkdir()
    names = ["large", "bytes", "folder", "missing", "a\0b", "x" * 5000]
    assert [ProjectFiles().text(name, str(tmp_path)) for name in names] == [None] * len(names)
    assert ProjectFiles().text("Makefile", "") is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs")
def test_a_fifo_does_not_hold_it_up(tmp_path: Path):
    os.mkfifo(tmp_path / "fifo")
    assert ProjectFiles().text("fifo", str(tmp_path)) is None
