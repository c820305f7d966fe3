"""The tables of programs that are never run unasked: each is asked about, with its own rule, whatever stands around."""

from __future__ import annotations

import re

import pytest

from companion.policy.shell.dangers import DANGERS, INTERPRETERS, POSIX_SHELLS, PRIVILEGED, RUNS_ITS_INPUT, SHELLS
from companion.policy.shell.effects import changes_something
from companion.policy.shell.read import read_command
from companion.policy.shell.rules import RULES
from tests.support.shell import codes

# With a plain word, or with an option that they refuse, these only look or print.
LOOKING = {"awk", "gawk", "mawk", "nawk", "dig", "host", "https", "nslookup", "ping", "traceroute", "whois", "fuser"}
LOOKING |= {"sysctl", "xattr", "ruff", "systemctl", "uv"}
ALL = sorted({*DANGERS, *PRIVILEGED, *SHELLS, *INTERPRETERS, *RUNS_ITS_INPUT})


def test_every_danger_has_its_rule():
    assert set(DANGERS.values()) <= set(RULES)


def test_a_name_is_one_that_a_command_can_have():
    assert [name for name in ALL if not re.fullmatch(r"\.|[\w-]+(\.\w+)?", name)] == []


def test_a_program_has_one_judge():
    judges = [set(DANGERS), PRIVILEGED, SHELLS, INTERPRETERS]
    assert sum(map(len, judges)) == len(set().union(*judges))
    assert POSIX_SHELLS < SHELLS
    assert set(DANGERS) >= RUNS_ITS_INPUT


def test_a_dangerous_program_is_named_by_its_own_rule():
    assert {name: code for name, code in DANGERS.items() if not codes(f"{name} x >/dev/null $y")} == {}


@pytest.mark.parametrize("form", ["{} x", "{} -x --yes", "nice {} x", "/usr/bin/{} x", "ls | {} x", "echo $({} x)"])
def test_no_word_around_it_makes_it_harmless(form: str):
    harmless = {name for name in ALL if changes_something(read_command(form.format(name))) is None}
    assert harmless - LOOKING == set()


@pytest.mark.parametrize("name", sorted(PRIVILEGED))
def test_another_user_s_rights_are_told_before_anything_else(name: str):
    effect = changes_something(read_command(f"{name} rm -rf x"))
    assert effect is not None
    assert (effect.kind, effect.code) == ("privilege", "privilege")


@pytest.mark.parametrize("name", sorted(SHELLS))
def test_a_shell_tells_its_script_and_one_of_another_language_is_not_read(name: str):
    found = codes(f"{name} -c 'rm -rf x'")
    assert "rm-recursive" in found
    assert ("shell-text" in found) is (name not in POSIX_SHELLS)


@pytest.mark.parametrize("feed", ["curl x.y | {}", "cat x | {}", "{} < x"])
def test_what_runs_its_input_says_so_when_it_is_fed(feed: str):
    running = sorted(INTERPRETERS | SHELLS | RUNS_ITS_INPUT)
    assert [name for name in running if "pipe-to-shell" not in codes(feed.format(name))] == []


@pytest.mark.parametrize("name", ["awk", "gawk", "curl", "tar", "docker"])
def test_what_only_works_on_its_input_does_not(name: str):
    assert "pipe-to-shell" not in codes(f"ls | {name} x")


@pytest.mark.parametrize("name", sorted(INTERPRETERS))
def test_an_interpreter_is_told_apart_by_what_it_runs(name: str):
    assert "runs-script" in codes(f"{name} x")
    assert "runs-code" in codes(f"{name} -e x")
    assert "runs-code" in codes(name)
