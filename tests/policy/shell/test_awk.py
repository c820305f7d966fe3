from __future__ import annotations

import pytest

from companion.policy.shell.read import read_command
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
        "{print $1 / 2}",
        "$1 ~ /^a[0-9]+$/ && /b|c/ {n++} END {print n / 2}",
        "{x = $1 / $2; y = x / 3} END {print x, y}",
        'BEGIN {"date" | getline d; print d}',
        'BEGIN {getline l < "README.md"; print l}',
        'BEGIN {while ((getline l < "f") > 0) print l}',
        'BEGIN {while (("ls" | getline l) > 0) print l}',
        "{print ($1 + $2) / 2, a[1] / 3}",
        "{if ($1 > 2) print length($0) / 2}",
        "/[[:space:]]+x/ {print}",
        "{print $1,\n $2}",
    ],
)
def test_what_only_prints(program: str):
    assert only_reads(f"awk '{program}' x")


@pytest.mark.parametrize(
    "program",
    [
        '{print > "x"}',
        '{print >> "x"}',
        '{print | "sh"}',
        'BEGIN {system("x")}',
        "{print $1 > $2}",
        'BEGIN {x = 1 / 2; system("id"); y = 3 / 4}',
        'BEGIN {x = 1 / 2; print 1 > "f"; y = 3 / 4}',
        '{print /a/; system("id"); print /b/}',
        '/[/"]/ {system("id")} /"/',
        '/"/ {system("id")} /"/',
        '{a[1] / 2; system("id"); b / 2}',
        '{f() / 2; system("id"); b / 2}',
        '{x \\\n / 2; system("id"); b / 2}',
        'BEGIN {getline < "a" ".env"}',
        'BEGIN {x = "a" "id" | getline}',
        'BEGIN {"echo \\x41" | getline}',
        "BEGIN {getline < f}",
        "BEGIN {c | getline}",
        'BEGIN {"unclosed',
        'BEGIN {print ENVIRON["X"]}',
        '@load "x"',
        'BEGIN {printf "a" > "b"}',
        '{f = "system"; @f(1)}',
        'BEGIN {if (1) /"/; print "x" > "f"; x = /"/}',
        'BEGIN {if ((1)) /"/; system("id"); x = /"/}',
        "BEGIN {if (1) /a,/; system(x); /b/}",
        'BEGIN {x = 1 + /"/; system("id"); x = /"/}',
        'BEGIN {print /"/; system("id"); x = /"/}',
        'BEGIN {x = $/"/; system("id"); x = /"/}',
        '{if (x) y; else /"/; system("id"); x = /"/}',
        '/[[:alpha:]/]"/ {system("id")} /"/',
        'BEGIN {print "a",\n"b" > "f"}',
        'BEGIN {print "a", # c\n"b" > "f"}',
        'BEGIN {print 1 &&\n 2 > "f"}',
        'BEGIN {for (k in SYMTAB["ENVIRON"]) print k}',
        'BEGIN {print FUNCTAB["x"]}',
        "x" * 5000,
    ],
    ids=lambda program: program[:40],
)
def test_what_does_more(program: str):
    assert "runs-code" in codes(f"awk '{program}' x") - {"not-understood"}


def test_what_a_program_reads_and_runs_is_told():
    assert "delete-tree" in codes("awk 'BEGIN {\"rm -rf /\" | getline}'")
    read = {effect.target for effect in read_command("awk 'BEGIN {getline x < \".env\"; print x}'")}
    assert ".env" in read


@pytest.mark.parametrize("command", ["awk -f x y", "gawk -i inplace '{print}' x", "gawk -l x 1", "awk $x y", "awk"])
def test_what_is_not_spelt_out_is_asked_about(command: str):
    assert codes(command) & {"runs-code", "runs-script", "unknown-word"}


@pytest.mark.parametrize("option", ["-V", "--version", "--help"])
def test_its_version_is_asked_for_first_of_all(option: str):
    assert only_reads(f"awk {option}")
    assert "runs-code" in codes(f"awk 'BEGIN {{system(\"id\")}}' x {option}")
