from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import genai_prices
import pytest

from companion.ledger import edition as module
from companion.ledger.edition import edition


def test_it_is_the_same_as_long_as_nothing_is_installed():
    assert edition() == edition()


def test_it_is_told_without_loading_the_catalogue():
    check = (
        "import sys; from companion.ledger.edition import edition; edition(); sys.exit('genai_prices' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-P", "-c", check], check=False).returncode == 0


def test_it_changes_with_either_version(monkeypatch):
    told = {edition()}
    monkeypatch.setattr("importlib.metadata.version", lambda _: "9.9")
    told.add(edition())
    monkeypatch.setattr(module, "__version__", "0.0.0.other")
    told.add(edition())
    assert len(told) == 3


@pytest.mark.parametrize("change", ["size", "time", "file"])
def test_it_changes_with_the_files_that_are_installed(tmp_path, monkeypatch, change):
    own = tmp_path / "genai_prices"
    shutil.copytree(Path(genai_prices.__file__).parent, own, ignore=shutil.ignore_patterns("__pycache__"))

    class Found:
        submodule_search_locations = (str(own),)

    monkeypatch.setattr(module, "find_spec", lambda _: Found)
    before, data = edition(), own / "data.py"
    if change == "size":
        at = data.stat()
        data.write_text(data.read_text("utf-8") + "#", "utf-8")
        os.utime(data, ns=(at.st_atime_ns, at.st_mtime_ns))
    elif change == "time":
        os.utime(data, (0, 0))
    else:
        (own / "more.py").touch()
    assert edition() != before


@pytest.mark.parametrize("files", [None, "archive.zip/genai_prices"], ids=["not installed", "in an archive"])
def test_where_there_are_no_files_the_version_says_it(monkeypatch, tmp_path, files):
    class Found:
        submodule_search_locations = (str(tmp_path / str(files)),)

    monkeypatch.setattr(module, "find_spec", lambda _: files and Found)
    monkeypatch.setattr(module, "__file__", str(tmp_path / "archive.zip/edition.py"))
    before = edition()
    monkeypatch.setattr("importlib.metadata.version", lambda _: "9.9")
    assert edition() != before
