from __future__ import annotations

import os
from pathlib import Path

import pytest

from companion.policy.shell.invocation import UnreadableFile
from companion.scan.project_files import LARGEST, ProjectFiles


def test_a_small_file_is_read(tmp_path: Path):
    (tmp_path / "Makefile").write_text("all:\n")
    assert ProjectFiles().text("Makefile", str(tmp_path)) == "all:\n"
    assert ProjectFiles().text(str(tmp_path / "Makefile"), "/") == "all:\n"


def test_what_is_not_there_is_none(tmp_path: Path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    names = ["folder", "missing", "file/below", "a\0b", "x" * 5000]
    assert [ProjectFiles().text(name, str(tmp_path)) for name in names] == [None] * len(names)
    assert ProjectFiles().text("Makefile", "") is None


def test_what_is_there_and_no_small_text_may_say_anything(tmp_path: Path):
    (tmp_path / "large").write_bytes(b"x" * (LARGEST + 1))
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "circle").symlink_to("circle")
    for name in ("large", "bytes", "circle"):
        with pytest.raises(UnreadableFile):
            ProjectFiles().text(name, str(tmp_path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs")
def test_a_fifo_does_not_hold_it_up(tmp_path: Path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(UnreadableFile):
        ProjectFiles().text("fifo", str(tmp_path))
