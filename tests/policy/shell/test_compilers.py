"""A compiler reads its sources and writes one file; any option that is not known asks."""

from __future__ import annotations

import pytest

from companion.policy.shell.read import read_command


def effects_of(command: str) -> list[tuple[str, str]]:
    effects = read_command(command, "/ws", "/home/u", {}.get)
    return [(effect.kind.value, effect.code or effect.target) for effect in effects]


@pytest.mark.parametrize(
    ("command", "written"),
    [
        ("cc -o x x.c", {"x"}),
        ("cc -ox x.c", {"x"}),
        ("gcc -Wall -Wextra -O2 -g -std=c11 -c src/x.c", {"x.o"}),
        ("gcc -c a.c b.c -Iinclude -DX=1", {"a.o", "b.o"}),
        ("g++ -std=c++17 -fsanitize=address,undefined -o bin/x a.cpp b.o -lm -L lib", {"bin/x"}),
        ("clang x.c -lm", {"a.out"}),
        ("cc -fsyntax-only x.c", set()),
        ("cc -S x.c", {"x.s"}),
        ("cc -MMD -MF x.d -c x.c -o x.o", {"x.o", "x.d"}),
        ("cc -x c - -o x", {"x"}),
        ("cc -o x src/*.c", {"x"}),
        ("rustc -o x x.rs", {"x"}),
        ("rustc --edition 2021 -C opt-level=3 src/x.rs", {"x"}),
    ],
)
def test_what_it_writes_is_told(command, written):
    effects = effects_of(command)
    assert ("execute", "project-run") in effects
    assert {target for kind, target in effects if kind == "write"} == written
    assert {kind for kind, _ in effects} <= {"execute", "read", "write"}


@pytest.mark.parametrize("command", ["cc -o x .env.c", "cc -include .env x.c", "gcc -c ../x.c", "cc x.o /srv/y.a"])
def test_what_it_reads_is_told(command):
    named = {word for word in command.split() if word.rpartition("/")[2] in {".env.c", ".env", "x.c", "x.o", "y.a"}}
    assert named <= {target for kind, target in effects_of(command) if kind == "read"}


@pytest.mark.parametrize(
    "option",
    [
        "-B/x",
        "-B x",
        "-wrapper sh",
        "-fplugin=./x.so",
        "-fpass-plugin=x",
        "-fplugin-arg-x-y",
        "-specs=x",
        "--specs=x",
        "@file",
        "-x none .env",
        "-x assembler",
        "-Wl,-o,/x",
        "-Wp,-MD,/x",
        "-Wa,-o,/x",
        "-Xlinker -o",
        "-Xclang -load",
        "-mllvm -load",
        "-T x.ld",
        "-fuse-ld=x",
        "-save-temps",
        "-dumpbase /x",
        "-dumpdir /x",
        "-aux-info /x",
        "-fdump-tree-all=/x",
        "-fmodule-mapper=|x",
        "-fprofile-use=/x",
        "-ftime-trace=/x",
        "--sysroot=/x",
        "-l:../x.so",
        "-l ../x",
        "-o",
        "$x",
        "*",
    ],
)
def test_an_option_that_does_more_asks(option):
    assert ("unknown", "unknown-program") in effects_of(f"gcc x.c {option}")


@pytest.mark.parametrize(
    "option", ["-C linker=/x", "-Clinker=/x", "--out-dir /x", "--extern a=/x", "-L /x", "--emit=link=/x", "@x", "-Zx"]
)
def test_of_rust_too(option):
    assert ("unknown", "unknown-program") in effects_of(f"rustc x.rs {option}")


@pytest.mark.parametrize("command", ["cc", "cc -o x", "rustc"])
def test_without_a_source_it_asks(command):
    assert ("unknown", "unknown-program") in effects_of(command)
