from __future__ import annotations

import os

import pytest

from companion.model.policy import Policy
from companion.scan.fingerprints.building import BuildFailed, build_index, tidy_up
from companion.scan.fingerprints.worker import Job


async def test_a_process_that_cannot_do_it_says_why(tmp_path):
    (tmp_path / "file").write_text("")
    job = Job(str(tmp_path), str(tmp_path / "file" / "x.prints"), "00" * 16, Policy())
    with pytest.raises(BuildFailed, match="file"):
        await build_index(job, lambda done, total: None)


def test_only_the_indexes_that_were_used_last_are_kept(tmp_path):
    for number in range(70):
        (tmp_path / f"{number}.prints").write_text("")
        os.utime(tmp_path / f"{number}.prints", (number, number))
    (tmp_path / "1.printsabc").write_text("")
    os.utime(tmp_path / "1.printsabc", (3, 3))
    tidy_up(tmp_path)
    assert sorted(int(path.stem) for path in tmp_path.iterdir()) == list(range(6, 70))
