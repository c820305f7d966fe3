import time

import pytest

from companion.policy.shell.read import read_command
from tests.support.shell import codes


def reads(command: str) -> set[str]:
    return {effect.target for effect in read_command(command) if effect.kind == "read"}


@pytest.mark.parametrize(
    ("command", "read"),
    [
        ('f() { cat "$1"; }; f a', {"a"}),
        ("f() { cat $1; }; f a; f b", {"a", "b"}),
        ('f() { cat "$@"; }; f a b', {"a", "b"}),
        ('f() { local d="$1"; cat "$d"; }; f a', {"a"}),
        ("function f { cat a; }; f", {"a"}),
        ("f() { cat a; }; f; f() { cat b; }; f", {"a", "b"}),
        ('g() { cat "$1"; }; f() { g a; cat "$1"; }; f b', {"a", "b"}),
        ("f() { cd sub; }; f; cat a", {"a", "sub/a"}),
        ("f() { x=a; }; x=b; f; cat $x", {"a"}),
        ('f() { cat "$1"; }; for i in *.js; do f "$i"; done', {"*.js", "./"}),
        ("f() { cat ${1:-w}; }; f a", {"a"}),
    ],
)
def test_a_call_does_what_the_body_does(command: str, read: set[str]):
    assert reads(command) == read
    assert codes(command) == set()


@pytest.mark.parametrize(
    "command",
    [
        "ls() { cat a; }; ls",
        "git() { cat a; }; git status",
        "f() { f; }; f",
        "f() { g; }; g() { f; }; f",
        "if true; then f() { cat a; }; fi; f",
        "f() { cat a; } & f",
        "f() ( cat a ); f",
        "f() { cat a; } >x; f",
        "f() { cat a; }; env f",
        "f() { cat a; }; timeout 5 f",
        "chpwd() { cat a; }; cd sub",
        "TRAPEXIT() { cat a; }",
        "f() { g() { cat a; }; }; f",
        "f() { cat a; }",
    ],
)
def test_what_may_be_another_function_is_asked_about(command: str):
    assert "defines-function" in codes(command)


@pytest.mark.parametrize(
    "command",
    [
        'f() { cat "$2"; }; f a',
        'f() { cat "$1"; }; f $(date)',
        'f() { cat "$2"; }; f $(date) a',
        "x=a; f() { local x=b; ls; }; f; cat $x",
        "f() { x=a; return; x=b; }; x=c; f; cat $x",
        'f() { cat "$1"; }; f a; cat "$1"',
    ],
)
def test_what_a_call_leaves_open_is_unknown(command: str):
    assert "unknown-path" in codes(command)


def test_calls_of_calls_cost_no_more_than_other_commands():
    command = "".join(f"f{n}() {{ {'; '.join([f'f{n + 1}'] * 9)}; }}; " for n in range(7)) + "f7() { ls; }; f0"
    started = time.process_time()
    assert "over-budget" in codes(command)
    # Many times what it takes, and nothing beside five million calls.
    assert time.process_time() - started < 2
