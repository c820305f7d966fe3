import pytest

from companion.policy.shell.budget import Budget
from companion.policy.shell.parse import parse
from companion.policy.shell.words import Value, decode_ansi, evaluate, fixed_folder

VARIABLES = {"HOME": "/home/u", "x": "v", "spaced": "a b", "starred": "*"}


def value_of(word: str) -> Value:
    syntax = parse(f"echo {word}", Budget())
    return evaluate(syntax.root.named_children[0].named_children[1], syntax, VARIABLES.get)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("abc", "abc"),
        ("a\\ b", "a b"),
        ("'a b'", "a b"),
        ("'a'\"b\"c", "abc"),
        ('"a\\"b\\c"', 'a"b\\c'),
        ('"  a  $x  b  "', "  a  v  b  "),
        ("$'a\\tb\\x41\\101\\u00e9'", "a\tbAAé"),
        ("$x", "v"),
        ("${x}y", "vy"),
        ('"$spaced"', "a b"),
        ("~/a", "/home/u/a"),
        ("~", "/home/u"),
        ("'~/a'", "~/a"),
        ("\\~/a", "~/a"),
        ("$HOME/a", "/home/u/a"),
        ("HEAD@{1}", "HEAD@{1}"),
        ("{}", "{}"),
        ("''", ""),
        ("'*'", "*"),
        ("a[", "a["),
    ],
)
def test_constants(word: str, text: str):
    assert value_of(word).constant == text


@pytest.mark.parametrize(
    "word",
    [
        "$y",
        '"$y"',
        "$spaced",
        "$starred",
        "$(ls)",
        "~root/x",
        "a=~/x",
        "{a,b}",
        "{1..3}",
        "${y:-a}",
        "${#y}",
        "$1",
        "$((1))",
        "<(ls)",
        "~''",
        "$'\\xff'",
        "$'a\\0b'",
        "`ls`",
    ],
)
def test_unknown_words(word: str):
    assert value_of(word).text is None


@pytest.mark.parametrize(
    ("word", "pattern"), [("*.py", "*.py"), ("a/[ab]?", "a/[ab]?"), ("'*'.*", "\\*.*"), ("~/*", "/home/u/*")]
)
def test_globs_keep_quoted_signs_apart(word: str, pattern: str):
    value = value_of(word)
    assert value.glob
    assert value.text == pattern
    assert value.constant is None


@pytest.mark.parametrize(
    ("word", "many"),
    [("$y", True), ('"$y"', False), ('"$@"', True), ('"${v[@]}"', True), ('{a,b}"$y"', True), ('*"$y"', True)],
)
def test_many_says_whether_a_word_may_become_several(word: str, many: bool):
    assert value_of(word).many is many


def test_substituted_files_are_marked():
    assert value_of("<(ls)").substituted


@pytest.mark.parametrize(("text", "decoded"), [("a\\nb", "a\nb"), ("\\q", "\\q"), ("\\cA", None), ("\\'", "'")])
def test_ansi_escapes(text: str, decoded: str | None):
    assert decode_ansi(text) == decoded


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [("*.py", "."), ("src/*.py", "src"), ("/*", "/"), ("/etc/*", "/etc"), ("a\\*b/*", "a*b"), ("a/b*/c", "a")],
)
def test_the_folder_above_the_first_wildcard(pattern: str, folder: str):
    assert fixed_folder(pattern) == folder


def test_a_tilde_that_no_user_can_follow_stays():
    assert value_of("x=~50%").text == "x=~50%"
    assert value_of("x=~").text is None
    assert value_of("x=~1").text is None
    assert value_of("x=~root%").text is None
