"""The tables of programs that only read: well formed, at one with the other tables, and true of the real programs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.facts import Effect, EffectKind
from companion.policy.shell.dangers import DANGERS, INTERPRETERS, PRIVILEGED, RUNS_ITS_INPUT, SHELLS
from companion.policy.shell.files import WRITERS
from companion.policy.shell.invocation import Feed, Invocation
from companion.policy.shell.knowledge import (
    DATE,
    FIND,
    FIND_VALUED,
    GREP,
    JQ,
    READERS,
    SED,
    VERSIONED,
    Operands,
)
from companion.policy.shell.programs import judge
from companion.policy.shell.runners import WRAPPERS
from companion.policy.shell.stateful import CHANGES_STATE
from tests.support.shell import words_of

OPTIONS = {name: reader.options for name, reader in READERS.items()}
OPTIONS |= {"grep": GREP, "sed": SED, "jq": JQ, "date": DATE}
FIRST_WORDS = {"grep": ["x"], "sed": ["p"], "jq": ["."], "date": ["+%F"], "rg": ["x"]}
"""What stands before the files."""
TAKES = {"": 0, "~": 0, "=": 1, "<": 1, "==": 2}
ITEM = re.compile(r"([A-Za-z0-9.]|[a-z0-9][a-z0-9-]+)(==|=|~|<)?")
SHOWS_CONTENT = sorted(
    {name for name, reader in READERS.items() if reader.operands in {Operands.CONTENT, Operands.TREE}}
    | {"grep", "sed", "jq"}
)


def items(name: str) -> list[tuple[str, str]]:
    """Each option as it is written, with its mark."""
    found = [ITEM.fullmatch(item) for item in OPTIONS[name].split() if item not in {"*", "#"}]
    return [(("-" if len(one[1]) == 1 else "--") + one[1], one[2] or "") for one in found if one]


def judged(name: str, *words: str, feed: Feed = Feed()) -> list[Effect]:
    return [one for one in judge(Invocation(name, words_of(*words), 0, 9, feed)) if isinstance(one, Effect)]


def asks(effects: list[Effect]) -> bool:
    return any(effect.kind not in {EffectKind.RUN, EffectKind.READ} for effect in effects)


def shown(effects: list[Effect]) -> set[str]:
    """The files whose content is read."""
    return {effect.target.rstrip("/") for effect in effects if effect.kind == "read" and effect.code != "names"}


@pytest.mark.parametrize("name", OPTIONS)
def test_a_list_of_options_is_well_formed(name: str):
    written = OPTIONS[name].split()
    assert [item for item in written if item not in {"*", "#"} and not ITEM.fullmatch(item)] == []
    assert [option for option, count in Counter(option for option, _ in items(name)).items() if count > 1] == []


@pytest.mark.parametrize(
    "other", [DANGERS, PRIVILEGED, SHELLS, INTERPRETERS, RUNS_ITS_INPUT, WRITERS, WRAPPERS, CHANGES_STATE]
)
def test_no_program_that_only_reads_does_anything_else(other):
    assert set(OPTIONS) & set(other) == set()


@pytest.mark.parametrize("name", OPTIONS)
def test_each_known_option_passes_alone(name: str):
    value = "1p" if name == "sed" else "1"
    for option, mark in items(name):
        effects = judged(name, option, *[value] * TAKES[mark], *FIRST_WORDS.get(name, []))
        assert not asks(effects), option
        assert (value in shown(effects)) is (mark == "<"), option


@pytest.mark.parametrize("name", OPTIONS)
def test_any_other_option_is_asked_about(name: str):
    known = "*" in OPTIONS[name].split()
    assert asks(judged(name, "--no-such-option", *FIRST_WORDS.get(name, []))) is not known
    # Alone it asks for help, which tells nothing of a file.
    first = FIRST_WORDS.get(name, ["x"])
    letters = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") - {option[1:] for option, _ in items(name)}
    for letter in letters:
        assert asks(judged(name, f"-{letter}", *first)) is not known, letter


@pytest.mark.parametrize("name", OPTIONS)
def test_without_a_word_it_reads_its_input_or_the_folder_it_is_in(name: str):
    effects = judged(name)
    expected = READERS[name].default if name in READERS else ""
    assert {effect.target.rstrip("/") for effect in effects if effect.kind == "read"} == ({expected} - {""})


@given(st.data())
def test_no_file_is_passed_over_whatever_options_stand_before_it(data: st.DataObject):
    name = data.draw(st.sampled_from(SHOWS_CONTENT))
    options = data.draw(st.lists(st.sampled_from(items(name) or [("--", "")]), max_size=3))
    attached = data.draw(st.lists(st.booleans(), min_size=3, max_size=3))
    words: list[str] = []
    for (option, mark), joined in zip(options, attached, strict=False):
        words += [f"{option}1"] if joined and TAKES[mark] == 1 else [option, *["1"] * TAKES[mark]]
    effects = judged(name, *words, *FIRST_WORDS.get(name, []), "a.txt", "b.txt")
    assert asks(effects) or {"a.txt", "b.txt"} <= shown(effects)


HAZARDS = {
    "sort": ["-o x", "--outp=x", "--output=x", "--compress-program=x", "--files0-from=x", "--temp=x"],
    "uniq": ["a b"],
    "rg": ["--pre x y", "-z x", "--hostname-bin=x y"],
    "tree": ["-o x", "-R x"],
    "xxd": ["-r a", "a b", "-revert a"],
    "file": ["-C -m x", "-f x", "-m x y", "--files-from=x"],
    "date": ["-f x", "-s x", "--set=x", "--file=x"],
    "hostname": ["x", "-F x", "-b x"],
    "jq": ["-f x y", "--from-file x", "-L x .", "--slurpfile a x .", "--rawfile a x ."],
    "wc": ["--files0-from=x"],
    "du": ["--files0-from=x"],
    "base64": ["-i x -o y", "a b"],
    "sed": ["-f x y", "--file=x y", "-i s/a/b/ x", "--in-place s/a/b/ x"],
    "sha256sum": ["-c x", "--check x"],
    "hexdump": ["-f x y"],
    "strings": ["-T x y", "@x"],
    "grep": ["--no-such x y"],
}


@pytest.mark.parametrize("name", HAZARDS)
def test_what_writes_runs_or_reads_a_list_of_files_is_asked_about(name: str):
    assert [words for words in HAZARDS[name] if not asks(judged(name, *words.split()))] == []


@pytest.mark.skipif(os.name == "nt", reason="programs of GNU, BSD or busybox")
@pytest.mark.parametrize("name", OPTIONS)
def test_what_the_real_program_takes_for_a_file_is_told(name: str, tmp_path):
    """A word that counts as an option's value, or as text, is never shown. Only what passes without a word is run."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    (tmp_path / "canary").write_text("7f3e\n7f3e\n")
    letters = {f"-{letter}" for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"}
    options = {option for option, _ in items(name)} | {"--"} | (letters if name in SHOWS_CONTENT else set())
    shows_names = name in SHOWS_CONTENT
    for option in sorted(options):
        words = [option, *FIRST_WORDS.get(name, []), "canary"]
        effects = judged(name, *words)
        if asks(effects) or "canary" in shown(effects):
            continue
        done = subprocess.run(
            [name, *words], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False
        )
        assert b"7f3e" not in done.stdout, words
        assert not shows_names or b"canary" not in done.stdout, words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fmt", ["-t"]),
        ("fmt", ["-p"]),
        ("fmt", ["-pw"]),
        ("xxd", ["-ps"]),
        ("xxd", ["-bs"]),
        ("xxd", ["-l"]),
        ("join", ["-a"]),
        ("join", ["-a1"]),
        ("grep", ["--context", "x"]),
        ("sed", ["-l", "p"]),
    ],
)
def test_where_systems_differ_a_word_is_a_file(name: str, words: list[str]):
    effects = judged(name, *words, "a.txt")
    assert asks(effects) or "a.txt" in shown(effects)


def test_find_is_told_apart_word_by_word():
    assert not FIND & FIND_VALUED
    assert all(word.startswith("-") or word in {"!", "(", ")", ","} for word in FIND | FIND_VALUED)
    for word in FIND - {"(", ")"}:
        assert not asks(judged("find", ".", word)), word
    for word in FIND_VALUED:
        assert not asks(judged("find", ".", word, "1")), word
        assert asks(judged("find", ".", word)), word


@pytest.mark.parametrize("word", ["-delete", "-ok", "-okdir", "-fprint", "-fprint0", "-fprintf", "-fls"])
def test_what_find_does_beside_reading_is_in_no_table(word: str):
    assert word not in FIND | FIND_VALUED
    assert asks(judged("find", ".", word, "x"))


def test_a_program_that_is_asked_for_its_version_tells_nothing_else():
    for name, asked in VERSIONED.items():
        for word in asked:
            assert judged(name, word) == [Effect(EffectKind.RUN, name, 0, 9)]
            # To a tool with subcommands the words behind it say nothing; an interpreter may run them.
            alone = [Effect(EffectKind.RUN, name, 0, 9)]
            assert name not in INTERPRETERS or judged(name, word, "x") != alone
            assert asks(judged(name, word, feed=Feed(piped=True))) or name not in INTERPRETERS


OTHERWISE = ["python version", "python3 version", "node version", "deno version", "bun version", "perl version"]
OTHERWISE += ["ruby version", "php version", "java version", "make version", "cmake version", "rustc version"]
OTHERWISE += ["gcc version", "dotnet version", "yarn version", "rustup version", "bundle -V", "yarn -V", "gem -V"]
OTHERWISE += ["docker -v", "make -v", "python -v"]


@pytest.mark.parametrize("command", OTHERWISE)
def test_a_word_that_means_a_script_a_target_or_another_option_is_asked_about(command: str):
    name, word = command.split()
    assert asks(judged(name, word))


def test_a_word_that_is_a_pattern_searches():
    assert shown(judged("rg", "version")) == {"."}
