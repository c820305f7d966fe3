"""One simple command: the program that its words name, in the folder and with the variables that it has."""

from __future__ import annotations

import pytest
import tree_sitter_bash
from hypothesis import given
from hypothesis import strategies as st
from tree_sitter import Language

from companion.policy.shell.read import read_command
from companion.policy.shell.simple import DEEPEST, REDIRECTS, STATEMENTS
from companion.policy.shell.words import WORDS
from tests.support.shell import codes, told


def effects(command: str, cwd: str = "/w", home: str = "/h") -> list[tuple[str, str, str]]:
    return told(read_command(command, cwd, home))


def reads(command: str, cwd: str = "/w", home: str = "/h") -> set[str]:
    return {target for kind, target, _ in effects(command, cwd, home) if kind == "read"}


@pytest.mark.parametrize("kinds", [REDIRECTS, STATEMENTS, WORDS], ids=["redirects", "statements", "words"])
def test_the_grammar_knows_each_kind_of_node(kinds: frozenset[str]):
    language = Language(tree_sitter_bash.language())
    assert {kind for kind in kinds if language.id_for_node_kind(kind, True) is None} == set()


def test_a_node_is_of_one_sort():
    assert not STATEMENTS & REDIRECTS
    assert not STATEMENTS & WORDS
    assert not WORDS & REDIRECTS


@pytest.mark.parametrize("folder", ["/bin", "/usr/bin", "/sbin", "/usr/sbin"])
def test_the_system_s_programs_are_known_by_their_path(folder: str):
    assert effects(f"{folder}/pwd") == [("run", "pwd", "")]
    assert "rm-recursive" in codes(f"{folder}/rm -rf x")


@pytest.mark.parametrize("path", ["./pwd", "/tmp/pwd", "../bin/pwd", "bin/pwd", "/bin//pwd", "//bin/pwd", "/h/pwd"])
def test_a_path_to_anywhere_else_is_a_file_that_is_run(path: str):
    assert "runs-a-file" in codes(path)
    assert {"runs-a-file", "rm-recursive"} <= codes(f"{path.removesuffix('pwd')}rm -rf x")


@pytest.mark.parametrize("name", ["$1", "l?", "*", "$(which ls)", '"$1"', "''", "/bin/", "./"])
def test_a_program_whose_name_is_not_known_is_asked_about(name: str):
    assert "unknown-program" in codes(f"{name} x")


def test_a_program_by_its_path_moves_nobody_else():
    """Some systems have `cd` as a program, too."""
    for program in ("/usr/bin/cd", "env cd", "command cd", "nice cd"):
        assert "x" in reads(f"{program} a && cat x")
    assert reads("/usr/bin/cd a && cat x") == {"x"}
    assert reads("cd a && cat x") == {"a/x"}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("cat $HOME/x", {"/h/x"}),
        ("cat $PWD/x", {"/w/x"}),
        ("cd /a && cat $PWD/x", {"/a/x"}),
        ("(cd a) && cat $PWD/x", {"/w/x"}),
        ("y=a; cat $y", {"a"}),
        ("y=a; y=b; cat $y", {"b"}),
        ("y=a cat $y", set()),
        ("y=a; y=b cat $y", {"a"}),
        ("y=a z=b; cat $y$z", {"ab"}),
    ],
)
def test_a_parameter_is_what_the_shell_would_put_in(command: str, expected: set[str]):
    assert reads(command) == expected


@pytest.mark.parametrize("command", ["cat $HOME/x", "cat ~/x", "cd && cat $PWD/x"])
def test_no_home_is_made_up(command: str):
    assert reads(command, home="") == set()
    assert "unknown-path" in {effect.code for effect in read_command(command, "/w", "")}


@pytest.mark.parametrize(
    "command", ["y=(a b); cat $y", "y=a; y+=b; cat $y", "y[1]=a; cat $y", "y=; cat x$y", "cd a && cat $PWD/x"]
)
def test_a_value_that_is_not_certain_is_none(command: str):
    assert "unknown-path" in codes(command)


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        ("LD_PRELOAD=x ls", {"sets-environment"}),
        ("LC_ALL=C ls", set()),
        ("LC_ALL=C PATH=. ls", {"sets-environment"}),
        ("x=1 ls", set()),
        ("FOO=1 BAR=2 cat a", set()),
        ("x=1 make", {"sets-environment", "build"}),
        ("FOO=1 ./ls", {"sets-environment", "runs-a-file"}),
        ("FOO=1 bash -c ls", {"sets-environment"}),
        ("DYLD_X=1 ls", {"sets-environment"}),
        ("ARGV0=rm cat a", {"sets-environment"}),
        ("GREP_OPTIONS=-f grep x a", {"sets-environment"}),
        ("FOO=1", set()),
        ("FOO=1; echo $FOO; ls", set()),
        ("FOO=1; make", {"sets-environment", "build"}),
        ("for f in a b; do make; FOO=1; done", {"sets-environment", "build"}),
        ("FOO=1; bash -c ls", {"sets-environment"}),
        ("bash -c 'FOO=1; ls'", {"sets-environment"}),
        ("FOO=1; export FOO; ls", {"sets-environment"}),
        ("NODE_OPTIONS=x", {"sets-environment"}),
        ("IFS=,", {"sets-environment"}),
        ("BASH_ENV=x", {"sets-environment"}),
        ("HTTPS_PROXY=x", {"sets-environment"}),
        ("TMPDIR=/x", {"sets-environment"}),
        ("x=1", set()),
        ("PATH=.", {"sets-environment"}),
        ("PATH+=:.", {"sets-environment"}),
        ("http_proxy=x", {"sets-environment"}),
        ("y[1]=a", set()),
        ("PATH[0]=a", {"sets-environment"}),
    ],
)
def test_setting_what_programs_look_at_is_asked_about(command: str, asked: set[str]):
    assert codes(command) == asked


@pytest.mark.parametrize(
    ("command", "code"),
    [(">log rm -rf x", "rm-recursive"), ("git >log push 2>&1 --force x", "git-push-force"), ("<<E rm -rf x\na\nE", "")],
)
def test_redirections_may_stand_anywhere_among_the_words(command: str, code: str):
    assert code in codes(command) if code else codes(command) & {"rm-recursive", "not-understood"}


def test_effects_on_paths_are_told_for_each_folder_that_is_possible():
    assert reads("cd a; cat x") == {"x", "a/x"}
    assert reads("cd a; cd b; cat x") == {"x", "a/x", "b/x", "a/b/x"}
    assert effects("cd $(ls); cat x /y")[-2:] == [("unknown", "x", "unknown-path"), ("read", "/y", "")]


@given(st.lists(st.sampled_from(["cat x", "rm -rf y", "echo $z", "cd a", "ls > b", "foo"]), min_size=1, max_size=4))
def test_every_effect_of_a_script_stands_where_the_script_stands(commands: list[str]):
    script = "; ".join(commands)
    command = f"pwd; sh -c '{script}'"
    inner = [effect for effect in read_command(command) if effect.start > 0 and effect.target != "sh"]
    start = command.index(f"'{script}'")
    assert {(effect.start, effect.end) for effect in inner} == {(start, len(command))}
    assert {(e.kind, e.target, e.code) for e in inner} == {(e.kind, e.target, e.code) for e in read_command(script)}


@pytest.mark.parametrize(
    "pieces", [("( ", "ls", " )"), ("{ ", "ls", ";}"), ("echo $(", "ls", ")"), ("nice ", "ls", "")]
)
def test_commands_inside_of_each_other_end_at_a_depth(pieces: tuple[str, str, str]):
    def nested(depth: int) -> set[str]:
        before, inner, after = pieces
        return codes(before * depth + inner + after * depth) & {"over-budget", "not-understood"}

    assert nested(10) == set()
    assert nested(DEEPEST + 1) == {"over-budget"}


@pytest.mark.parametrize(
    "command",
    [
        "$(echo ls)",
        "`echo rm` -rf x",
        "l$(echo s)",
        '"$(printf ls)" -l',
        "git $(echo status)",
        "time git $(echo status)",
        "env $(echo ls)",
    ],
)
def test_a_name_that_is_put_together_is_asked_about(command: str):
    assert "expansion" in codes(command)


@pytest.mark.parametrize("command", ["echo $(echo x)", "cat $(echo x)", "git show $(echo x)", "find $(pwd) -name x"])
def test_any_other_word_may_be_put_together(command: str):
    assert "expansion" not in codes(command)


@pytest.mark.parametrize(
    "command", ["ls; exit $?", "ls; s=$?; echo $s; exit $s", 'return "$?"', "while ls; do exit $?; done"]
)
def test_how_a_program_ended_is_a_number(command: str):
    assert codes(command) == set()


@pytest.mark.parametrize(
    "command",
    [
        "exit $x",
        "s=$?; s=$x; exit $s",
        "s=$?$x; exit $s",
        "s=a; s+=$?; exit $s",
        "s[0]=$?; exit $s",
        "exit a$?",
        "s=$?; cat $s",
    ],
)
def test_what_is_put_together_with_it_is_not(command: str):
    assert codes(command) & {"unknown-word", "unknown-path"}
