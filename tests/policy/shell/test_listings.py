"""Programs that print names, and what may be made of the names behind a pipe."""

from __future__ import annotations

import os
import shutil
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.model.facts import EffectKind
from companion.policy.shell.invocation import Invocation, Lists
from companion.policy.shell.listings import names_files
from companion.policy.shell.read import read_command
from tests.support.shell import BASH, codes, said_by_bash, words_of


def listed(command: str) -> Lists | None:
    name, *words = command.split()
    return names_files(Invocation(name, words_of(*words), 0, 1))


def reads(command: str) -> set[str]:
    return {effect.target for effect in read_command(command) if effect.kind is EffectKind.READ}


@pytest.mark.parametrize(
    "command",
    [
        "git ls-files",
        "git ls-tree -r HEAD --name-only",
        "git diff --name-only",
        "git show --name-only --format= HEAD",
        "git grep -l x",
        "git diff --name-only --cached HEAD~1 -- src",
        "git diff --name-only --diff-filter=AM origin/main...HEAD",
        "git log --name-only --format= -n 3",
        "git log -5 --name-only --pretty=format: main",
        "git show --name-only --format= HEAD~2",
        "rg -l x",
        "fd x",
        "ls",
        "grep -rl x src",
        "grep -l x a b",
        "grep -r --files-with-matches x",
        "git rev-parse HEAD",
        "git rev-parse --short HEAD~2",
        "git merge-base HEAD origin/main",
    ],
)
def test_names_are_told(command: str):
    assert listed(command) is not None


@pytest.mark.parametrize(
    "command",
    [
        "git log --name-only",
        "git show --name-only HEAD",
        "git log --name-only --format=%s",
        "git log --name-only --format= --pretty=%s",
        "git tag -l",
        "git branch -l",
        "git rev-parse .env",
        "git rev-parse main",
        "git rev-parse --show-prefix HEAD",
        "git merge-base --all HEAD x",
        "git diff --name-only --line-prefix=/etc/",
        "git ls-files --format=/etc/%(path)",
        "git diff --name-only -p",
        "git diff --name-only -U0",
        "git diff --name-only --stat",
        "git diff --name-only --submodule=log",
        "git log --name-only --format= --oneline",
        "git log --name-only --format= -p",
        "git log --name-only --format= --notes",
        "git log --name-only --format= -L1,1:a",
        "git show --name-only --format= HEAD:a.txt",
        "git show --name-only --format= :a.txt",
        "git show --name-only --format= v1",
        "git show --name-only --format= HEAD^{/x}:a",
        "git grep -l -c x",
        "git grep -lc x",
        "git grep -l --count x",
        "grep -rn x src",
        "grep -rlc x src",
        "grep -l --label=/etc/x x -",
        "grep -l x",
        "ls a",
        "cat a",
    ],
)
def test_other_text_names_nothing(command: str):
    assert listed(command) is None


@pytest.mark.parametrize(
    "filters",
    [
        "head",
        "head -5",
        "tail -n 3",
        "sort",
        "sort -u",
        "sort -r | uniq",
        "grep -v test",
        "grep -E '\\.py$'",
        "grep -i x",
        "tac",
    ],
)
def test_what_leaves_lines_out_leaves_names_whole(filters: str):
    assert "./" in reads(f"find . -type f | {filters} | xargs cat")


@pytest.mark.parametrize(
    "filters",
    [
        *(
            "head -c 5",
            "tail -c5",
            "tail +2c",
            "grep -o x",
            "grep x -o",
            "grep -n x",
            "grep -r x",
            "grep x -r",
            "grep -ho x",
        ),
        *(
            "grep -A1 x",
            "grep x y",
            "grep --color=always x",
            "grep -e x -o",
            "sort -o y",
            "sort --files0-from=y",
            "uniq -c",
        ),
        *(
            "uniq - y",
            "grep -b x",
            "grep -H x",
            "tr a b",
            "sed s/a/b/",
            "cut -c2-",
            "sort y",
            "head y",
            "shuf -e y",
            "rev",
        ),
    ],
)
def test_what_changes_names_or_reads_others_leaves_nothing_known(filters: str):
    assert codes(f"find . -type f | {filters} | xargs cat") & {"unknown-path", "unknown-word"}


@pytest.mark.parametrize(
    "command",
    [
        "touch 'a .env .py'; find . -name '*.py' | xargs cat",
        "touch $'a\\n.env\\nb.py'; find . -name '*.py' | while read -r f; do cat \"$f\"; done",
        "mkdir -p 'a .env'; cat $(find . -name '*.py')",
        "cp x '.env\\'; git ls-files | xargs cat",
        "touch .envj.py; find . -name '*.py' | xargs -d j cat",
        "find . -name '*.py' | xargs --delimiter=j cat",
    ],
)
def test_a_name_that_becomes_others_in_a_list_leaves_nothing_known(command: str):
    assert codes(command) & {"unknown-path", "unknown-word"}


def test_lines_may_be_the_names_of_a_list():
    assert "./" in reads("find . -type f | xargs -d '\\n' cat")
    assert "./" in reads("touch a.py; find . -type f | xargs cat")


@pytest.mark.parametrize(
    ("command", "target"),
    [
        ('find . -name "*.py" | while read -r f; do cat "$f"; done', "./***/*.py"),
        ('find src | while IFS= read -r f; do cat "$f"; done', "src/"),
        ('find src -print0 | while IFS= read -r -d "" f; do wc -l < "$f"; done', "src/"),
        ('grep -rl x src | while read -r f; do grep -n y "$f"; done', "src/"),
        ("grep -rl x src | xargs grep -n y", "src/"),
        ('git ls-files | while read -r f; do head -1 "$f"; done', "./"),
        ('for f in *.md; do wc -l < "$f"; done', "*.md"),
    ],
)
def test_a_name_that_is_read_is_one_of_those_that_are_listed(command: str, target: str):
    assert codes(command) == set()
    assert target in reads(command)


@pytest.mark.parametrize(
    "command",
    [
        'find . | while read f; do cat "$f"; done',
        'find . | while read -r a b; do cat "$a"; done',
        'find . | while IFS=/ read -r f; do cat "$f"; done',
        'find . | while read -r -d / f; do cat "$f"; done',
        'find . | while read -r -n 3 f; do cat "$f"; done',
        'find . | while read -r -u 3 f; do cat "$f"; done',
        'find . | while read -r -t 1 f; do cat "$f"; done',
        'find . -name "a?" | while read -r f; do cat "$f"; done',
        'find . | while read -r f; do cat "/$f"; done',
        'find . | while read -r f; do f=$x; cat "$f"; done',
        'find . | while read -r f; do cd /; cat "$f"; done',
        'find . | while read -r f; do pushd /; cat "$f"; done',
        'find . | while read -r f; do unset f; cat "$f"; done',
        'find . | while read -r f; do rm "$f"; done',
        'find . | while read -r f; do echo x > "$f"; done',
        'find . | while read -r f; do "$f"; done',
        'find . | { exec < list; while read -r f; do cat "$f"; done; }',
        'find . | while read -r f; do cat "$f"; exec < list; done',
        'find . | while read -r f; do cat "$f"; done < list',
        'find . | { read -r f < list; cat "$f"; }',
        'find . | sed s/x/y/ | while read -r f; do cat "$f"; done',
        'cat list | while read -r f; do cat "$f"; done',
        'g() { f=$x; }; find . | while read -r f; do g; cat "$f"; done',
        'find . | while read -r f; do read -r f < y; cat "$f"; done',
    ],
)
def test_where_it_may_be_another_it_is_not_known(command: str):
    assert codes(command) & {
        "unknown-path",
        "redirect",
        "unknown-word",
        "unknown-program",
        "sets-environment",
        "arithmetic",
    }


@pytest.mark.parametrize(
    ("command", "known"),
    [
        ('a=(x y); cat "${a[0]}"', True),
        ("a=(x y); cat ${a[1]}", True),
        ("a=('x y'); cat ${a[0]}", False),
        ("a=('*'); cat ${a[0]}", False),
        ('a=(x $y); cat "${a[0]}"', False),
        ('a=(x y); a=$z; cat "${a[0]}"', False),
        ('a=(x y); a[0]=$z; cat "${a[0]}"', False),
        ('a=(x -y); cat "${a[0]}"', False),
        ('a=(x y); rm "${a[0]}"', False),
        ('a=(x y); echo z > "${a[0]}"', False),
        ('cat "${a[0]}"', False),
    ],
)
def test_an_element_by_its_number_is_one_of_them(command: str, known: bool):
    assert ({"x", "y"} <= reads(command)) is known or "'x y'" in command
    assert bool(codes(command) & {"unknown-path", "redirect"}) is not known


@pytest.mark.parametrize(
    ("command", "target"),
    [
        ('git show "$(git rev-parse HEAD)"', "."),
        ("x=$(git rev-parse HEAD); git show $x", "."),
        ("x=$(find src -name '*.py' | head -1); cat \"$x\"", "src/***/*.py"),
        ('x="$(grep -rl y src | tail -n1)"; cat $x', "src/"),
        ("x=$(grep -rl y src); cat $x", "src/"),
        ("grep -rn x $(find src -name '*.py')", "./"),
        ("rg x $(find src -name '*.py')", "./"),
    ],
)
def test_a_variable_may_hold_names(command: str, target: str):
    assert codes(command) == set()
    assert target in reads(command)


@pytest.mark.parametrize(
    "command",
    [
        "x[0]=$(find src); cat $x",
        "x=a$(find src); cat $x",
        "x=$(find src)/y; cat $x",
        "x=$(find src; echo /etc); cat $x",
        "x=$(find src > y); cat $x",
        "x=$(find src); cd sub; cat $x",
        "x=$(find src); rm $x",
        "x=$(find src); x=$y; cat $x",
        "for d in a $z; do x=$(find $d); cat $x; done",
        "while ls; do x=$(find src); done; cat $x",
        "ls && x=$(find src); cat $x",
        "x+=$(find src); cat $x",
        'cat "$(find src)"',
        'cat "$(find src | head -12)"',
        'cat "a$(git rev-parse HEAD)"',
    ],
)
def test_or_others(command: str):
    assert codes(command) & {"unknown-path", "unknown-word", "sets-environment"}


FILES = ["a.py", "b.js", "-n", "a b.py", " c.py", "d.py ", "e\\.py", "*.py", "'q.py", "$x.py", "é.py"]
FINDS = ["find .", "find . -name '*.py'", "find . -name 'a*'", "find s -type f", "grep -rl . s", "find . -iname 'B*'"]
READS = ["read -r f", "IFS= read -r f", "read -r -s f"]
FILTERS = ["", " | head -4", " | grep -v b", " | sort -r", " | tail -n 2 | sort", " | grep -o .py"]


@pytest.mark.skipif(BASH is None or os.name == "nt" or shutil.which("find") is None, reason="compares with bash")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.sets(st.sampled_from(FILES), min_size=1),
    finds=st.sampled_from(FINDS),
    filters=st.sampled_from(FILTERS),
    reading=st.sampled_from(READS),
)
def test_bash_reads_nothing_that_is_not_told(names, finds, filters, reading, tmp_path: Path):
    shutil.rmtree(tmp_path / "s", ignore_errors=True)
    (tmp_path / "s").mkdir()
    for name in names:
        (tmp_path / "s" / name).write_text("x")
    loop = f'{finds}{filters} | while {reading}; do cat "$f"; done'
    told = [effect for effect in read_command(loop) if effect.kind is EffectKind.READ and effect.code != "names"]
    if codes(loop):
        return
    said = loop.replace("cat", "printf '%s\\n'")
    for line in said_by_bash(f"cd {tmp_path}\n{said}").splitlines():
        if (tmp_path / line).is_file():
            path = os.path.normpath(line)
            assert any(
                path.startswith(os.path.normpath(one.target) + "/")
                or one.target == "./"
                or fnmatchcase(path, os.path.normpath(one.target).replace("**/", "*"))
                for one in told
            ), (loop, line, told)
