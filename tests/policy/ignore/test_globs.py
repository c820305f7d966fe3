"""The glob language, glob by glob. What is expected here is what `git check-ignore` says."""

import re

import pytest

from companion.policy.ignore.globs import NeverMatches, translate_name, translate_path

PATHS = [
    # glob, matches, does not match
    (b"a/b", [b"a/b"], [b"a/bc", b"x/a/b", b"a"]),
    (b"a/*", [b"a/b", b"a/.b"], [b"a/b/c", b"a"]),
    (b"a/**", [b"a/b", b"a/b/c"], [b"a"]),
    (b"a/**/b", [b"a/b", b"a/x/b", b"a/x/y/b"], [b"ab", b"a/xb"]),
    (b"**/b", [b"b", b"a/b", b"a/c/b"], [b"ab", b"b/a"]),
    (b"**/a/**/b", [b"a/b", b"x/a/y/a/z/b"], [b"b/a"]),
    (b"a**/b", [b"a/b", b"ab", b"ax/b", b"ax/y/b"], [b"b", b"xa/b"]),
    (b"x*a**/b", [b"xa/b", b"xya/b", b"xaz/b"], [b"xa/y/b", b"xab"]),
    (b"a/**b/c", [b"a/b/c", b"a/xb/c"], [b"a/x/b/c"]),
    (b"a/**\\/b", [b"a/x/b", b"a/x/y/b"], [b"a/b"]),
    (b"***/b", [b"b", b"a/b"], []),
    (b"?/b", [b"a/b"], [b"/b", b"aa/b", b"\xc3\xa9/b"]),
    (b"a[!x]b/c", [b"ayb/c"], [b"axb/c", b"a/b/c"]),
    (b"*a*a*b/c", [b"aab/c", b"xaxaxb/c"], [b"ab/c", b"aa/b/c"]),
]

NAMES = [
    (b"*.py", [b".py", b"a.py", b"a\n.py"], [b"a.pyc"]),
    (b"a**b", [b"ab", b"axxb"], [b"a"]),
    (b"*a*b*c", [b"abc", b"xaxbxc", b"abcabc"], [b"acb", b"ab"]),
    (b"[]a]", [b"]", b"a"], [b"b"]),
    (b"[!]a]", [b"b"], [b"]", b"a"]),
    (b"[^a-c]", [b"d", b"-"], [b"a", b"b", b"c"]),
    (b"[a-]", [b"a", b"-"], [b"b"]),
    (b"[--/]", [b"-", b"."], [b"/", b","]),
    (b"[\\]]", [b"]"], [b"\\"]),
    (b"[\\a-\\c]", [b"a", b"b", b"c"], [b"\\", b"-"]),
    (b"[[:digit:]x]", [b"1", b"x"], [b"d", b":", b"["]),
    (b"[[:x]", [b"[", b":", b"x"], [b"a"]),
    (b"[a-[:digit:]]", [b"a]", b"i]", b":]"], [b"[]", b"1]", b"a"]),
    (b"[z-a]", [b"z"], [b"a", b"b", b"-"]),
    (b"[[:space:]]", [b" ", b"\t", b"\r"], [b"\v", b"\f"]),
    (b"\\*", [b"*"], [b"a", b"\\*"]),
    (b"\\a", [b"a"], [b"\\a"]),
    ("é".encode(), ["é".encode()], [b"e"]),
    ("[é]".encode(), [], ["é".encode()]),
]

NEVER = [b"a\\", b"[a", b"[", b"[]", b"[!", b"[a-", b"[\\", b"[[:nope:]]", b"[[::]]", b"[[:alpha:", b"[/]", b"[b-a-b"]

FOLDED = [
    # What git makes of core.ignorecase, where the path has been folded already.
    (b"READ*", True, b"readme"),
    (b"[A-C]x", True, b"bx"),
    (b"[[:upper:]]", True, b"a"),
    (b"[B]x", False, b"bx"),
    (b"\\Foo", False, b"foo"),
    (b"\\foo", True, b"foo"),
]


@pytest.mark.parametrize(("glob", "yes", "no"), PATHS)
def test_paths(glob, yes, no):
    regex = re.compile(translate_path(glob))
    assert [path for path in yes + no if regex.fullmatch(path)] == yes


@pytest.mark.parametrize(("glob", "yes", "no"), NAMES)
def test_names(glob, yes, no):
    regex = re.compile(translate_name(glob))
    assert [name for name in yes + no if regex.fullmatch(name)] == yes


@pytest.mark.parametrize("glob", NEVER)
def test_what_git_never_matches_says_why(glob):
    with pytest.raises(NeverMatches) as raised:
        translate_name(glob)
    assert str(raised.value)


@pytest.mark.parametrize(("glob", "expected", "name"), FOLDED)
def test_folded_case(glob, expected, name):
    assert bool(re.fullmatch(translate_name(glob, fold_case=True), name)) is expected
