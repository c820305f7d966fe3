from __future__ import annotations

import os
import shutil
from fnmatch import fnmatchcase

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.policy.shell.read import read_command
from tests.support.shell import BASH, codes, only_reads, said_by_bash


def reads(command: str) -> set[str]:
    return {effect.target for effect in read_command(command) if effect.kind == "read"}


@pytest.mark.parametrize(
    "command",
    [
        "find . -name '*.py'",
        "find . -exec grep x {} +",
        "find . -name '*.py' | xargs grep x",
        "find --version",
        "find a b -type f",
    ],
)
def test_what_looks_only_reads(command: str):
    assert only_reads(command), codes(command)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("find /srv -delete", "delete-tree"),
        ("find . -exec rm {} +", "unknown-path"),
        ("find . -ok cat {} +", "find-exec"),
        ("find . -exec sh -c 'rm -rf /' \\;", "delete-tree"),
        ("find . -fprint x", "unknown-option"),
        ("find . -name '*.pem'", "searches-secrets"),
        ("find . -exec", "find-exec"),
        ("find . | xargs rm", "unknown-path"),
    ],
)
def test_what_does_more_is_named(command: str, code: str):
    assert code in codes(command)


def test_what_is_found_is_read_by_the_name_that_was_asked_for():
    assert {"./***/*.py", "./*.py"} <= reads("find . -name '*.py' -exec cat {} +")
    assert {"src/***/.env*", "src/.env*"} <= reads("find src -name '.env*' | xargs cat")
    assert "./" in reads("find . -type f -exec cat {} +")
    assert "./" in reads("find . -name 'a*' -name 'b*' -exec cat {} +")


@pytest.mark.parametrize("command", ["find /tmp/x -delete", "find /tmp/x /var/tmp/y/z -name '*.log' -depth -delete"])
def test_what_lies_in_a_folder_of_its_own_for_temporary_things_may_be_deleted(command: str):
    assert codes(command) == {"delete-tree"}


@pytest.mark.parametrize(
    "command",
    [
        "find /tmp -delete",
        "find /tmp/ -delete",
        "find /tmp/x* -delete",
        "find /tmp/x src -delete",
        "find /tmp/../etc -delete",
        "find -L /tmp/x -delete",
        "find -H /tmp/x -delete",
        "find /tmp/x -follow -delete",
        "find $x -delete",
        "find -delete",
        "echo src | xargs find /tmp/x -delete",
    ],
)
def test_deleting_anything_else_is_asked_about(command: str):
    assert codes(command) & {"find-delete", "unknown-option", "unknown-word"}


@pytest.mark.parametrize(
    "tests",
    [
        "! -name '*.py'",
        "-not -name '*.py'",
        "-name '*.py' -o -type f",
        "-type f -o -name '*.py'",
        "-name '*.py' , -type f",
        "! \\( -name '*.py' \\)",
        "! \\( -name '*.py' -o -name '*.js' \\)",
        "\\( -name '*.py' -o -type f \\)",
        "-type f -print -o -name '*.py' -print",
        "-iname '[a]'",
        "! ! -name '*.py'",
        "-not -not -name a",
        "-path ./x -prune -o -name '*.py'",
        "-name a/b",
        "-print -name '*.py'",
        "-print0 -a -name '*.py'",
        "-name '*.py' -o -print -name '*.md'",
        "-name '*.py' -o -wholename './x'",
        "-lname '*.py' -o -name '*.py'",
        "-follow -name '*.py'",
    ],
)
def test_what_need_not_have_the_name_is_anything(tests: str):
    assert "./" in reads(f"find . {tests} | xargs cat")
    before = "-print" in tests or tests.endswith(("b", "prune -o -name '*.py'"))
    assert "./" in reads(f"find . {tests} -exec cat {{}} +") or before


@pytest.mark.parametrize(
    ("tests", "patterns"),
    [
        ("-name '*.py' -o -name '*.js'", {"*.py", "*.js"}),
        ("-type f \\( -name '*.py' -o -name '*.js' \\) -not -path '*/x/*'", {"*.py", "*.js"}),
        ("-path ./x -prune -o -name '*.py' -print", {"*.py"}),
        ("! -path './x/*' -name '*.py' ! -type d", {"*.py"}),
        ("-iname .ENV", {".[eE][nN][vV]"}),
        ("-type f -name '*.py' -o -name '*.js' -size 1", {"*.py", "*.js"}),
    ],
)
def test_what_has_to_have_one_of_the_names_is_read_by_them(tests: str, patterns: set[str]):
    found = reads(f"find . {tests} | xargs cat")
    assert {target for target in found if "*" in target or "[" in target} == {
        f"./{wild}{pattern}" for pattern in patterns for wild in ("", "***/")
    }


@pytest.mark.parametrize(
    "said",
    ["-printf '.env\\n'", "-printf '%f\\n'", "-printf '%p .env\\n'", "-ls", "-exec echo .env \\;", "-printf $x"],
)
def test_what_it_prints_beside_names_is_no_list(said: str):
    assert codes(f"find . -name '*.py' {said} | xargs cat") & {"unknown-path", "unknown-word"}
    assert codes(f"find . -name '*.py' {said} | while read -r f; do cat \"$f\"; done") & {
        "unknown-path",
        "unknown-word",
    }


def test_names_alone_may_be_printed_by_a_format():
    assert "./***/*.py" in reads("find . -name '*.py' -printf '%p\\n' | xargs cat")


def test_links_to_folders_may_lead_anywhere():
    assert "./" in reads("find -L . -name '*.py' | xargs cat")


TESTS = [
    "-name 'a*'",
    "-iname 'B*'",
    "-type f",
    "-path '*b*'",
    "-print",
    "-prune",
    "-o",
    "!",
    "-not",
    "\\(",
    "\\)",
    ",",
    "-a",
]
NAMES = ["a1", "A2", "b1", "B2", "c1", ".d"]


@pytest.mark.skipif(BASH is None or os.name == "nt" or shutil.which("find") is None, reason="compares with find")
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tests=st.lists(st.sampled_from(TESTS), min_size=1, max_size=7).map(" ".join), last=st.sampled_from(["", "-print"])
)
def test_find_finds_nothing_that_is_not_told(tests, last, tmp_path):
    for name in NAMES:
        (tmp_path / "s").mkdir(exist_ok=True)
        (tmp_path / name).touch()
        (tmp_path / "s" / name).touch()
    listed = [target for target in reads(f"find . {tests} {last} | xargs cat") if target != "."]
    done = said_by_bash(f"cd {tmp_path} && find . {tests} {last}")
    for line in done.splitlines():
        name = line.rpartition("/")[2]
        assert "./" in listed or any(fnmatchcase(name, one.rpartition("/")[2]) for one in listed), (tests, line, listed)
