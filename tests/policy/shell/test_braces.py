"""What braces become, against what bash makes of them. Nothing runs but printf."""

import os
import shutil
import subprocess
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.policy.shell.braces import MOST_WORDS, Part, expand
from companion.policy.shell.budget import Budget
from companion.policy.shell.parse import parse
from companion.policy.shell.read import read_command
from companion.policy.shell.source import Unclear
from companion.policy.shell.words import Value, evaluate_all

BASH = shutil.which("bash")
VARIABLES = {"HOME": "/home/u", "x": "v", "xb": "w", "y": "1"}


def texts(word: str) -> list[str] | None:
    found = expand([Part(word, quoted=False)])
    return None if found is None else ["".join(part.text or "" for part in one) for one in found]


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("{a,b}", "a b"),
        ("x{a,b}y", "xay xby"),
        ("{a,b}{c,d}", "ac ad bc bd"),
        ("{a,{b,c}d}", "a bd cd"),
        ("{1..3}", "1 2 3"),
        ("{3..1}", "3 2 1"),
        ("{08..10}", "08 09 10"),
        ("{-01..1}", "-01 000 001"),
        ("{1..7..3}", "1 4 7"),
        ("{1..7..-3}", "1 4 7"),
        ("{a..e..2}", "a c e"),
        ("{1..2..0}", "1 2"),
        ("{a}", "{a}"),
        ("{}", "{}"),
        ("a{b", "a{b"),
        ("{a,b", "{a,b"),
        ("{{a,b}", "{a {b"),
        ("{a,b}}", "a} b}"),
        ("{,a}", " a"),
        ("a..b", "a..b"),
        ("{a..}", "{a..}"),
    ],
)
def test_the_words_come_in_order(word: str, words: str):
    assert texts(word) == words.split(" ")


@pytest.mark.parametrize("word", ["{1..999999}", "{a,b}" * 8, "{A..z}", "{1..x}", "{+1..3}", "{" * 3000 + "a,b}"])
def test_what_is_too_much_or_not_certain_is_not_known(word: str):
    assert expand([Part(word, quoted=False)]) is None


def test_what_is_quoted_does_not_expand():
    assert expand([Part("{a,b}", quoted=True)]) == [(Part("{a,b}", quoted=True),)]
    one = [Part("{", quoted=True), Part("a,b}", quoted=False)]
    assert expand(one) == [tuple(one)]


def test_an_unknown_part_stays_in_its_place():
    unknown = Part(None, quoted=False)
    found = expand([Part("{a,", quoted=False), unknown, Part("}c", quoted=False)])
    assert found == [(Part("ac", quoted=False),), (unknown, Part("c", quoted=False))]


def test_a_name_that_would_go_on_is_not_known():
    parameter = Part("v", quoted=True, joins=True)
    assert expand([parameter, Part("{b,/}", quoted=False)]) is None
    assert expand([parameter, Part("{/,-}", quoted=False)]) is not None


@pytest.mark.parametrize(
    "word", ["{1..999999}{1..999999}", "{a,b}" * 900, "{" * 9000, "{a," * 4000, "{{a,b}," * 900 + "c" + "}" * 900]
)
def test_no_word_costs_much(word: str):
    started = time.process_time()
    read_command(f"echo {word}")
    # Many times what it takes, and a small part of what it would be to expand it.
    assert time.process_time() - started < 2
    assert len(texts(word) or ()) <= MOST_WORDS


PIECES = [
    "a",
    "b",
    "1",
    "3",
    "10",
    "-2",
    "01",
    "z",
    "{",
    "{",
    "{",
    "}",
    "}",
    "}",
    ",",
    ",",
    ",",
    "..",
    "..",
    ".",
    "/",
    "+1",
    "A",
]
PIECES += [
    "'b c'",
    '"d"',
    '"$x"',
    "$x",
    "${x}",
    "$y",
    "\\{",
    "\\}",
    "\\,",
    "\\ ",
    '","',
    "'{'",
    "'}'",
    '"}"',
    "~",
    "~/",
    "''",
]
PIECES += [
    "{a,b}",
    "{1..3}",
    "{,}",
    "{}",
    "${y}",
    "$'\\''",
    "$'\\x7d'",
    "=",
    ":",
    "*",
    "[",
    "]",
    "?",
    "$",
    "!",
    "%",
    "@",
    "^",
    "-",
    "x",
]
WORD = st.lists(st.sampled_from(PIECES), min_size=1, max_size=9).map("".join)


def known(word: str) -> tuple[Value, ...] | None:
    try:
        syntax = parse(f"printf %s {word}", Budget())
    except Unclear:
        return None
    command = syntax.root.named_children[0]
    if command.type != "command" or len(command.named_children) != 3:
        return None
    values = evaluate_all(command.named_children[2], syntax, VARIABLES.get)
    return None if any(value.text is None for value in values) else values


@pytest.mark.skipif(BASH is None or os.name == "nt", reason="compares with bash, which is not here")
@settings(max_examples=60)
@given(words=st.lists(WORD, min_size=1, max_size=30))
def test_bash_makes_the_same_words_of_it(words: list[str]):
    told = {word: values for word in words if (values := known(word)) is not None}
    if not told:
        return
    script = "".join(f"say {word}\n" for word in told)
    run = subprocess.run(
        [BASH, "--norc", "-f", "-c", "say() { [ $# = 0 ] || printf '%s\\0' \"$@\"; printf '\\36\\0'; }\n" + script],
        capture_output=True,
        timeout=20,
        env={"PATH": "/none", "LC_ALL": "C.UTF-8", **VARIABLES},
        check=True,
    )
    said: list[list[str]] = [[]]
    for word in run.stdout.decode().split("\0")[:-1]:
        if word == "\x1e":
            said.append([])
        else:
            said[-1].append(word)
    for (word, values), given_words in zip(told.items(), said, strict=False):
        meant = [one.constant if not one.glob else unescaped(one.text or "") for one in values]
        assert meant == given_words, word


def unescaped(pattern: str) -> str:
    return "".join(part[-1] if part.startswith("\\") else part for part in _split(pattern))


def _split(pattern: str) -> list[str]:
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        step = 2 if pattern[at] == "\\" and at + 1 < len(pattern) else 1
        parts.append(pattern[at : at + step])
        at += step
    return parts
