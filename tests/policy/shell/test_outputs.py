from __future__ import annotations

import base64
import os
import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.policy.shell.outputs import output_of
from tests.support.shell import BASH, said_by_bash

PLAIN = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\%'\"`$"), max_size=8)


@pytest.mark.parametrize(
    ("name", "words", "feed", "said"),
    [
        ("echo", ["a", "b"], None, "a b\n"),
        ("echo", ["-n", "a"], None, "a"),
        ("echo", ["-e", "a\\tb"], None, "a\tb\n"),
        ("printf", ["%s-%s", "a", "b"], None, "a-b"),
        ("printf", ["%s,", "a", "b"], None, "a,b,"),
        ("printf", ["\\x72\\155"], None, "rm"),
        ("printf", ["100%%"], None, "100%"),
        ("cat", [], "x\n", "x\n"),
        ("base64", ["-d"], "cm0=\n", "rm"),
        ("xxd", ["-r", "-p"], "726d", "rm"),
        ("rev", [], "mr", "rm"),
        ("true", [], None, ""),
        ("basename", ["a/b.py", ".py"], None, "b\n"),
        ("dirname", ["a/b.py"], None, "a\n"),
    ],
)
def test_what_words_decide_is_known(name: str, words: list[str], feed: str | None, said: str):
    assert output_of(name, words, feed) == said


@pytest.mark.parametrize(
    ("name", "words", "feed"),
    [
        ("ls", [], None),
        ("basename", [], None),
        ("basename", ["-a", "x"], None),
        ("basename", ["a", "b", "c"], None),
        ("dirname", ["a", "b"], None),
        ("dirname", ["-z"], None),
        ("echo", [None], None),
        ("echo", ["a\\nb"], None),
        ("printf", [], None),
        ("printf", ["%x", "1"], None),
        ("printf", ["-v", "a"], None),
        ("cat", ["file"], "x"),
        ("cat", [], None),
        ("base64", ["-d"], "no base64!"),
        ("base64", ["-d"], None),
        ("base64", [], "x"),
        ("xxd", ["-r", "-p"], "zz"),
        ("printf", ["%s" * 9, *["x" * 9000] * 9], None),
    ],
    ids=str,
)
def test_the_rest_is_not(name: str, words: list[str | None], feed: str | None):
    assert output_of(name, words, feed) is None


@given(st.binary(max_size=40).map(lambda raw: raw.decode("latin-1").encode()))
def test_law_what_base64_hides_comes_back(raw: bytes):
    assert output_of("base64", ["-d"], base64.b64encode(raw).decode()) == raw.decode()


@pytest.mark.skipif(BASH is None, reason="there is no bash")
@given(st.lists(PLAIN, max_size=4))
def test_law_echo_and_printf_say_what_they_say_to_bash(words: list[str]):
    quoted = " ".join(f"'{word}'" for word in words)
    assert output_of("echo", words, None) == said_by_bash(f"builtin echo {quoted}")
    assert output_of("printf", ["%s|", *words], None) == said_by_bash(f"builtin printf '%s|' {quoted}")


PATHS = st.text(st.sampled_from("ab./- "), max_size=7)


@pytest.mark.skipif(BASH is None or os.name == "nt", reason="compares with bash, which is not here")
@settings(max_examples=100)
@given(st.sampled_from(["basename", "dirname"]), st.lists(PATHS, min_size=1, max_size=2))
def test_parts_of_paths_are_what_the_programs_print(name: str, words: list[str]):
    said = output_of(name, list(words), None)
    assert said is None or said_by_bash(shlex.join([name, *words])) == said
