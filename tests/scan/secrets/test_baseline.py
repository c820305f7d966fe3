import hashlib
import json
import os
from pathlib import Path

import pytest

from companion.scan.secrets.baseline import FILE_NAME, Baselines, read_baseline

AUDITED, UNSEEN, REAL = "not-a-secret-1", "not-audited-2", "a-real-one-3"


def sha1(value: str) -> str:
    return hashlib.sha1(value.encode()).hexdigest()


def entry(value: str, **more: object) -> dict[str, object]:
    return {"type": "Secret Keyword", "filename": "a.py", "hashed_secret": sha1(value), "line_number": 1} | more


def write(folder: Path, *entries: object) -> Path:
    path = folder / FILE_NAME
    path.write_text(json.dumps({"version": "1.5.0", "plugins_used": [], "results": {"a.py": list(entries)}}))
    return path


def test_what_was_audited_as_no_secret_is_accepted_and_nothing_else(tmp_path: Path) -> None:
    path = write(tmp_path, entry(AUDITED, is_secret=False), entry(UNSEEN), entry(REAL, is_secret=True))
    baselines = Baselines([path])
    place = str(tmp_path)
    assert [baselines.accept(value, place) for value in (AUDITED, UNSEEN, REAL)] == [True, False, False]
    assert baselines.accept(AUDITED, f"{place}/src/deep.py")


def test_it_counts_in_its_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    baselines = Baselines([write(tmp_path / "mine", entry(AUDITED, is_secret=False))])
    assert not baselines.accept(AUDITED, str(tmp_path))
    assert not baselines.accept(AUDITED, "")
    assert not baselines.accept(AUDITED, f"{tmp_path}/mine/../other")


def test_a_changed_file_counts_as_it_is_now(tmp_path: Path) -> None:
    path = write(tmp_path, entry(AUDITED, is_secret=False))
    baselines = Baselines([path])
    assert baselines.accept(AUDITED, str(tmp_path))
    write(tmp_path, entry(UNSEEN, is_secret=False))
    os.utime(path, ns=(1, 1))
    assert [baselines.accept(value, str(tmp_path)) for value in (AUDITED, UNSEEN)] == [False, True]
    path.unlink()
    assert not baselines.accept(UNSEEN, str(tmp_path))
    assert "cannot be read" in str(baselines.faults()[0])


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{}", b'{"results": []}', b"[" * 100_000, b"\xff"], ids=["0", "1", "2", "3", "deep", "bytes"]
)
def test_what_is_no_baseline_accepts_nothing_and_is_a_fault(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(raw)
    found = read_baseline(path)
    assert found.hashes == frozenset()
    assert "no baseline" in str(found.fault)


@pytest.mark.parametrize(
    "odd", [7, {}, {"is_secret": False}, {"is_secret": False, "hashed_secret": "x"}, {"is_secret": 0}], ids=repr
)
def test_an_odd_entry_accepts_nothing(tmp_path: Path, odd: object) -> None:
    path = write(tmp_path, odd, entry(AUDITED, is_secret=False))
    assert read_baseline(path).hashes == {sha1(AUDITED)}
    path.write_text(json.dumps({"results": {"a.py": 7, "b.py": [odd]}}))
    assert read_baseline(path).hashes == frozenset()
