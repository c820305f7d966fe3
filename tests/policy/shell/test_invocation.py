"""What a judgement can say of one program: each effect stands at its word, and names its file as facts are keyed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.facts import Effect, EffectKind
from companion.policy.shell.effects import GLOB, NAMES, TREE
from companion.policy.shell.invocation import Feed, Invocation, delete, plain, read, tree, write
from companion.policy.shell.rules import RULES
from companion.policy.shell.words import Value
from tests.support.shell import told, words_of

PATHS = st.text(st.sampled_from("ab./ \\"), min_size=1, max_size=12)


def constant(text: str | None) -> Value:
    return Value(text, 4, 9)


def pattern(text: str) -> Value:
    return Value(text, 4, 9, glob=True)


@pytest.mark.parametrize(
    ("path", "code", "expected"),
    [
        (constant("a"), "", [("read", "a", "")]),
        (constant("a/"), "", [("read", "a", "")]),
        (constant("a//"), NAMES, [("read", "a", "names")]),
        (constant("a"), TREE, [("read", "a/", "tree")]),
        (constant("a/"), TREE, [("read", "a/", "tree")]),
        (constant("/"), "", [("read", "/", "")]),
        (constant("/"), TREE, [("read", "/", "tree")]),
        (constant(""), "", [("read", ".", "")]),
        (constant(""), TREE, [("read", "./", "tree")]),
        (pattern("*.py"), "", [("read", "*.py", "glob"), ("read", "./", "tree")]),
        (pattern("src/*/a"), "", [("read", "src/*/a", "glob"), ("read", "src/", "tree")]),
        (pattern("src/*/a"), TREE, [("read", "src/*/a", "glob"), ("read", "src/", "tree")]),
        (pattern("/*"), "", [("read", "/*", "glob"), ("read", "/", "tree")]),
        (pattern("src/*"), NAMES, [("read", "src", "names")]),
        (pattern("src//*"), NAMES, [("read", "src", "names")]),
        (constant(None), "", [("unknown", "this word", "unknown-path")]),
        (constant(None), TREE, [("unknown", "this word", "unknown-path")]),
    ],
)
def test_a_read_tells_the_file_or_everything_that_it_may_be(
    path: Value, code: str, expected: list[tuple[str, str, str]]
):
    assert told(read(path, code)) == expected


@pytest.mark.parametrize(
    ("path", "written", "deleted"),
    [
        (constant("a/"), ("write", "a", ""), ("delete", "a", "delete")),
        (constant("/"), ("write", "/", ""), ("delete", "/", "delete")),
        (pattern("*.o"), ("unknown", "*.o", "unknown-path"), ("delete", "*.o", "delete")),
        (constant(None), ("unknown", "this word", "unknown-path"), ("unknown", "this word", "unknown-path")),
    ],
)
def test_a_write_needs_one_name_and_a_delete_keeps_the_pattern(
    path: Value, written: tuple[str, str, str], deleted: tuple[str, str, str]
):
    assert told(write(path)) == [written]
    assert told(delete(path)) == [deleted]


@given(st.builds(Value, st.none() | PATHS, st.integers(0, 9), st.integers(9, 20), st.booleans()))
def test_each_effect_stands_at_its_word_and_only_a_tree_ends_in_a_slash(path: Value):
    for effect in (*read(path), *read(path, NAMES), *read(path, TREE), *write(path), *delete(path)):
        assert (effect.start, effect.end) == (path.start, path.end)
        if effect.kind in {EffectKind.READ, EffectKind.WRITE, EffectKind.DELETE} and effect.code != GLOB:
            assert effect.target.endswith("/") is (effect.code == TREE or effect.target == "/")


@given(PATHS)
def test_plain_and_tree_differ_by_one_slash(path: str):
    assert plain(plain(path)) == plain(path)
    assert tree(tree(path)) == tree(path)
    assert not path.strip("/") or tree(plain(path)).rstrip("/") == plain(path)
    assert path.strip("/") or plain(path) == "/"


def test_a_rule_speaks_of_the_program_and_its_place_unless_told_of_another():
    invocation = Invocation("prog", words_of("a", "b"), 3, 12)
    whole, word = invocation.rule("eval"), invocation.rule("eval", "b", invocation.args[1])
    assert (whole.target, whole.start, whole.end) == ("prog", 3, 12)
    assert (word.target, word.start, word.end) == ("b", 2, 3)
    assert whole.reason == RULES["eval"].reason.replace("{target}", "prog")


@pytest.mark.parametrize(
    ("word", "code"),
    [(constant("-x"), "unknown-option"), (pattern("-*"), "glob-option"), (constant(None), "unknown-word")],
)
def test_a_word_is_refused_for_what_it_is(word: Value, code: str):
    effect = Invocation("prog", (word,), 0, 9).refuse(word)
    assert (effect.kind, effect.code, effect.start, effect.end) == ("unknown", code, 4, 9)


def test_the_words_of_an_invocation_are_its_arguments():
    invocation = Invocation("prog", words_of("a", None, ""), 0, 9)
    assert invocation.words == ("a", "", "")
    assert invocation.runs() == Effect(EffectKind.RUN, "prog", 0, 9)


def test_a_feed_is_a_pipe_or_a_text():
    assert not Feed()
    assert Feed(piped=True)
    assert Feed(text=constant(None))
