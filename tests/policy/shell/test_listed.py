import pytest

from companion.model.facts import Effect, EffectKind
from companion.policy.shell.effects import GLOB, LISTED, TRACKED
from companion.policy.shell.invocation import read
from companion.policy.shell.listed import name_all, on_disk
from companion.policy.shell.words import Value
from tests.support.shell import codes


def value(text: str, *, glob: bool = False) -> Value:
    return Value(text, 0, 1, glob=glob)


def test_a_name_of_many_reads_what_each_of_them_does():
    named = name_all([value("a"), value("*.js", glob=True)])
    assert named is not None
    assert named.listed == (*read(value("a")), *read(value("*.js", glob=True)))
    assert not named.is_path


@pytest.mark.parametrize("one", [Value(None, 0, 1), value("-a"), value("-*", glob=True)])
def test_a_word_that_names_nothing_certain_spoils_the_list(one: Value):
    assert name_all([value("a"), one]) is None
    assert name_all([]) is None


def test_a_pattern_that_starts_with_a_name_is_no_option():
    named = name_all([value("src/*", glob=True), value("a")])
    assert named is not None
    assert named.is_path


def test_what_git_keeps_is_read_from_the_disk():
    tracked = Effect(EffectKind.READ, ".", 0, 1, TRACKED)
    glob = Effect(EffectKind.READ, "*.js", 0, 1, GLOB)
    assert on_disk((tracked, glob)) == (Effect(EffectKind.READ, "./", 0, 1, LISTED), glob)


@pytest.mark.parametrize("command", ["cat *", "wc -l *.js", "grep -n x *.py", "head -3 *"])
def test_names_that_are_taken_for_options_do_no_harm_to_these(command: str):
    assert codes(command) == set()


@pytest.mark.parametrize("command", ["wc -l *", "grep x *", "sort *.js", "du *"])
def test_but_to_others(command: str):
    assert "glob-option" in codes(command)
