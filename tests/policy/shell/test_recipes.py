"""What a target runs is read from a makefile or a justfile that spells it out, and from no other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.policy.shell.effects import RUNS_BY_ITSELF
from companion.policy.shell.read import read_command

WIPE = "rm -rf /srv"


def asked(command: str, files: dict[str, str]) -> set[str]:
    effects = read_command(command, "/ws", "/home/u", files.get)
    return {
        effect.code
        for effect in effects
        if effect.kind not in {"read", "write", "run"} and effect.code not in RUNS_BY_ITSELF
    }


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("make", "x: x.c\n\tcc -O2 -o x x.c\n"),
        ("make -j4 build", "build:\n\tgcc -c -o x.o x.c\n"),
        ("make", "CFLAGS += -Wall\nx: a.o b.o\n\t$(CC) $(CFLAGS) -o $@ $^\n%.o: %.c\n\t$(CC) $(CFLAGS) -c -o $@ $<\n"),
        ("make", "OBJ = a.o b.o\nx: $(OBJ)\n\t$(CC) -o $@ $(OBJ)\n"),
        ("make", "CC ?= clang\nx: x.c\n\t$(CC) -o x x.c\n"),
        ("make test", "test:\n\tpytest -q\ntest: build\nbuild:\n\techo hi\n"),
        ("make test VERBOSE=1", "test:\n\tpytest -q\n"),
        ("make V=1", "V ?= 0\nall:\n\techo $(V)\n"),
        ("make NAME=x all", f"NAME = {WIPE}\nall:\n\techo $(NAME)\n"),
        ("make CFLAGS=-O2", "x: x.c\n\t$(CC) $(CFLAGS) -o $@ x.c\n"),
        ("just", "test:\n    pytest -q\n"),
        ("just test", "set quiet\nv := 'tests'\n[private]\nbuild:\n  echo hi\ntest: build # all\n  @pytest {{v}}\n"),
        ("just t", "alias t := test\ntest:\n    pytest\nrun x:\n    rm {{x}}\n"),
    ],
)
def test_a_plain_recipe_is_read(command, text):
    assert not asked(command, {"justfile" if command.startswith("just") else "Makefile": text})


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("make", f"all: ; {WIPE}\n"),
        ("make", f"all:\n\t{WIPE}\nall: x\n"),
        ("make", f"all:: x\n\t{WIPE}\nall:: y\n\techo\n"),
        ("make", f"all: x.o\n%.o: %.c\n\t{WIPE}\n"),
        ("make", f"CC = {WIPE}\nall: x.o\n"),
        ("make", f"X = a.o\nall: $(X)\na.o:\n\t{WIPE}\n"),
        ("make", "SHELL = /tmp/x\nall:\n\techo\n"),
        ("make", "MAKEFLAGS = --eval=x\nall:\n\techo\n"),
        ("make", ".ONESHELL:\nall:\n\techo\n"),
        ("make", "all:\n\t$(UNKNOWN)\n"),
        ("make", "X != x\nall:\n\techo\n"),
        ("make", f"Y = {WIPE}\nX = $(Y)\nall:\n\t$(X)\n"),
        ("make", f"all:\n\techo $$({WIPE})\n"),
        ("make NAME=/srv", "NAME = build\nall:\n\trm -rf $(NAME)\n"),
        ("make 'NAME=x; rm -rf /srv'", "all:\n\techo $(NAME)\n"),
        ("make 'NAME=$(shell x)'", "all:\n\techo $(NAME)\n"),
        ("make NAME=$x", "all:\n\techo $(NAME)\n"),
        ("make NAME!=x", "all:\n\techo $(NAME)\n"),
        ("make NAME+=x", "NAME = y\nall:\n\techo $(NAME)\n"),
        ("make OTHER=x", "all:\n\techo\n"),
        ("make LD_PRELOAD=./x.so", "all:\n\techo $(LD_PRELOAD)\n"),
        ("make SHELL=./x", "all:\n\techo\n"),
        ("make MAKEFLAGS=--eval=x", "all:\n\techo $(MAKEFLAGS)\n"),
        ("make CC=./x", "all:\n\t$(CC) x.c\n"),
        ("make PC=./x", "# PC\nall: x.o\n\techo\n"),
        ("make NAME=x", "override NAME = y\nall:\n\techo $(NAME)\n"),
        ("just", f"a:\n  {WIPE}\n"),
        ("just a", "import 'x'\na:\n  echo\n"),
        ("just a", "x := `x`\na:\n  echo\n"),
        ("just a", "set shell := ['x']\na:\n  echo\n"),
        ("just a", "a:\n  #!/bin/sh\n  echo\n"),
        ("just a b", "a x:\n  echo {{x}}\nb:\n  echo\n"),
        ("just a", "a: (b 'x')\n  echo\nb x:\n  echo {{x}}\n"),
        ("just a", "[script]\na:\n  echo\n"),
        ("just a", "a:\n  {{b()}}\n"),
        ("just -f x a", "a:\n  echo\n"),
        ("just x=y a", "a:\n  echo\n"),
        ("just --shell x a", "a:\n  echo\n"),
    ],
)
def test_what_is_not_plain_or_not_harmless_asks(command, text):
    assert asked(command, {"justfile" if command.startswith("just") else "Makefile": text})


@given(
    before=st.lists(st.sampled_from(["a: b", "b: c", "c:", ".PHONY: a", "V = x", "%.o: %.c", "a: c"]), max_size=6),
    after=st.lists(st.sampled_from(["a: b", "V = x", "", "# y", "c:", "b:"]), max_size=4),
)
def test_a_recipe_is_never_lost(before, after):
    text = "\n".join(["first: a", *before, "a:", f"\t{WIPE}", *after, ""])
    assert asked("make first", {"Makefile": text})
