from __future__ import annotations

import pytest

from companion.policy.shell.awk import only_prints
from tests.support.shell import codes, only_reads


@pytest.mark.parametrize(
    "program",
    [
        "{print $1}",
        "/a|b/ {print}",
        "{s += $1} END {print s}",
        "{if ($1 > 10) print}",
        "NR > 5",
        'BEGIN {FS=":"} {print $1}',
        "$1 > 10 {print}",
    ],
)
def test_what_only_prints(program: str):
    assert only_prints(program)
    assert only_reads(f"awk '{program}' x")


@pytest.mark.parametrize(
    "program",
    [
        '{print > "x"}',
        '{print >> "x"}',
        '{print | "sh"}',
        'BEGIN {system("x")}',
        '{"x" | getline}',
        "{print $1 > $2}",
        'BEGIN {while ((getline l < "f") > 0) print l}',
        'BEGIN {print ENVIRON["X"]}',
        '@load "x"',
        'BEGIN {printf "a" > "b"}',
        '{f = "system"; @f(1)}',
        "x" * 5000,
    ],
    ids=lambda program: program[:40],
)
def test_what_does_more(program: str):
    assert not only_prints(program)


@pytest.mark.parametrize("command", ["awk -f x y", "gawk -i inplace '{print}' x", "gawk -l x 1", "awk $x y", "awk"])
def test_what_is_not_spelt_out_is_asked_about(command: str):
    assert codes(command) & {"runs-code", "runs-script", "unknown-word"}
