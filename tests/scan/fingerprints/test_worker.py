from __future__ import annotations

from pathlib import Path

import pytest

from companion.model.policy import ClineIgnore, Policy
from companion.scan.fingerprints.store import read
from companion.scan.fingerprints.worker import Job, made_of, run
from tests.support.ignored import prose, put

JOB = Job("/w", "/t", "00" * 16, Policy())


@pytest.mark.parametrize(
    "other",
    [
        Job("/v", "/t", "00" * 16, Policy()),
        Job("/w", "/t", "11" * 16, Policy()),
        Job("/w", "/t", "00" * 16, Policy(ignore_files=(".x",))),
        Job("/w", "/t", "00" * 16, Policy(clineignore=ClineIgnore.LEGACY)),
        Job("/w", "/t", "00" * 16, Policy(agent_ignore_files=("cursor",))),
        Job("/w", "/t", "00" * 16, Policy(excerpts_skip=())),
        Job("/w", "/t", "00" * 16, Policy(excerpts_gitignored=False)),
    ],
)
def test_an_index_is_for_one_workspace_one_key_and_one_set_of_rules(other):
    assert made_of(other) != made_of(JOB)
    assert made_of(Job("/w", "/u", "00" * 16, Policy(approval_seconds=7))) == made_of(JOB)


def test_the_index_is_put_in_its_place(tmp_path):
    put(tmp_path / "ws" / ".companionignore", "a.txt\n")
    put(tmp_path / "ws" / "a.txt", prose("a"))
    target = tmp_path / "state" / "x.prints"
    job = Job(str(tmp_path / "ws"), str(target), "00" * 16, Policy())
    run(job, lambda done, total: None)
    header = read(target).header
    assert [Path(source.path).name for source in header.sources] == ["a.txt"]
    assert header.sources[0].rule.pattern == "a.txt"
    assert header.made_of == made_of(job)
    assert str(tmp_path / "ws" / ".gitignore") in header.looked_at, "a rule file that is not there may come"
