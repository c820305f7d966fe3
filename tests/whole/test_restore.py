"""The law that benchmarks/restore.py tries a hundred thousand times, here as often as there is time for."""

import importlib.util
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.policy.redaction import LONGEST_PLACEHOLDER

FILE = Path(__file__).parents[2] / "benchmarks" / "restore.py"
_SPEC = importlib.util.spec_from_file_location("restore_benchmark", FILE)
restore = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(restore)


@settings(max_examples=150)
@given(st.integers(0, 2**32))
def test_law_however_an_answer_is_cut_it_is_restored_right(seed):
    assert restore.one_run(random.Random(seed))


def test_no_more_than_a_placeholder_is_held_back():
    assert restore.held_back(random.Random(3), runs=300) < LONGEST_PLACEHOLDER <= 48


def test_the_benchmark_can_fail(monkeypatch):
    monkeypatch.setattr(restore, "restore_arguments", lambda use, lookup: use.arguments)
    monkeypatch.setattr(restore, "restore_strings", lambda raw, lookup, left: raw)

    def run_all() -> None:
        for seed in range(200):
            restore.one_run(random.Random(seed))

    with pytest.raises(restore.Wrong):
        run_all()
