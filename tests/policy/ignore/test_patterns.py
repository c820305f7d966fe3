"""Lines of ignore files: what is stripped, what is meant, what is complained about, and what it costs."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from companion.policy.ignore.patterns import PatternList, encode, everything, parse_lines, parse_pattern

LINES = [
    # line, text, negated, dir_only, anchored
    (b"foo", "foo", False, False, False),
    (b"!foo", "!foo", True, False, False),
    (b"foo/", "foo/", False, True, False),
    (b"/foo", "/foo", False, False, True),
    (b"a/b", "a/b", False, False, True),
    (b"!/a/", "!/a/", True, True, True),
    (b"foo   ", "foo", False, False, False),
    (b"foo\\ ", "foo\\ ", False, False, False),
    (b"foo\\   ", "foo\\ ", False, False, False),
    (b"foo\\\\  ", "foo\\\\", False, False, False),
    (b"foo\t", "foo\t", False, False, False),
    (b" foo", " foo", False, False, False),
    (b"foo\r", "foo", False, False, False),
    (b"foo \r", "foo", False, False, False),
    (b"foo\0bar", "foo", False, False, False),
    (b"\\#x", "\\#x", False, False, False),
    (b"\xff*", "\udcff*", False, False, False),
]

COMPLAINTS = [
    (b"foo\\", "backslash"),
    (b"[a", "never closed"),
    (b"[[:nope:]]", "not a class"),
    (b"!", "nothing is left"),
    (b"/", "nothing is left"),
    (b"//", "nothing is left"),
    (b"./a", "without"),
    (b"a//b", "without"),
    (b"../a", "without"),
    (b"[x]" * 5000, "longer"),
]

HOSTILE = [
    (b"*a" * 300 + b"b", b"a" * 255),
    (b"**/" + b"*a*a*a*a/" * 50 + b"x", b"/".join([b"a" * 40] * 90)),
    (b"**/a/" * 200 + b"b", b"/".join([b"a"] * 1000)),
    (b"**/*a/" * 150 + b"b", b"/".join([b"aaa"] * 1000)),
    (b"*a/" * 300 + b"b", b"/".join([b"a" * 10] * 350) + b"/c"),
    (b"*" + b"[!x]" * 250 + b"b", b"a" * 255),
]


@pytest.mark.parametrize(("line", "text", "negated", "dir_only", "anchored"), LINES)
def test_a_line_is_read_as_git_reads_it(line, text, negated, dir_only, anchored):
    pattern = parse_pattern(line, 3)
    assert (pattern.text, pattern.negated, pattern.dir_only, pattern.anchored) == (text, negated, dir_only, anchored)
    assert pattern.line == 3
    assert pattern.complaint == ""


def test_comments_and_empty_lines_count_but_hold_no_pattern():
    content = b"\xef\xbb\xbf# first\n\na\r\n#b\n \\#c\nlast"
    assert [(each.line, each.text) for each in parse_lines(content)] == [(3, "a"), (5, " \\#c"), (6, "last")]


@pytest.mark.parametrize(("line", "said"), COMPLAINTS, ids=lambda value: repr(value[:20]))
def test_a_line_that_does_not_do_what_it_seems_to_says_so(line, said):
    assert said in parse_pattern(line, 1).complaint


@pytest.mark.parametrize("line", [line for line, _ in COMPLAINTS], ids=lambda line: repr(line[:20]))
def test_a_bad_line_matches_nothing_and_leaves_the_others_alone(line):
    bad, good = parse_lines(line + b"\n*.pem")
    assert not any(bad.covers(path, path[-1:], is_dir=True) for path in (b"a", b"b/a", b"b", b"foo", b"[a"))
    assert good.covers(b"x.pem", b"x.pem", is_dir=False)


def test_a_long_pattern_matches_what_git_lets_it_match():
    long = b"/".join([b"x" * 200] * 20)
    assert parse_pattern(long, 1).covers(long, b"", is_dir=False)
    assert parse_pattern(b"**/" * 3000 + b"x", 1).covers(b"a/x", b"x", is_dir=False)
    assert parse_pattern(b"*" * 9000 + b"x", 1).covers(b"ax", b"ax", is_dir=False)
    assert not parse_pattern(b"x" * 9000, 1).covers(b"x" * 4000, b"x" * 4000, is_dir=False)


PIECES = st.sampled_from([b"a", b"b", b".a", b".b", b"*", b"**", b"/", b"?", b"[ab]", b"\\", b"A", b".", b"x.a"])
GLOBS = st.lists(PIECES, min_size=1, max_size=5).map(b"".join)
PATHS = st.lists(st.sampled_from([b"a", b"b", b".a", b"x.a", b"x.b", b"aa"]), min_size=1, max_size=3).map(b"/".join)


@given(
    st.lists(st.tuples(st.sampled_from([b"", b"!"]), GLOBS, st.sampled_from([b"", b"/"])), max_size=8),
    PATHS,
    st.booleans(),
    st.booleans(),
)
def test_law_a_sorted_list_finds_what_trying_each_line_finds(lines, path, is_dir, fold_case):
    patterns = parse_lines(b"\n".join(map(b"".join, lines)), fold_case=fold_case)
    name = path.rpartition(b"/")[2]
    plain = next((each for each in reversed(patterns) if each.covers(path, name, is_dir=is_dir)), None)
    assert PatternList(patterns).last_match(path, name, is_dir=is_dir) is plain


def test_everything_covers_everything_and_says_why():
    pattern = everything("cannot be read")
    assert pattern.covers(b"a/b\nc", b"b\nc", is_dir=False)
    assert (pattern.line, pattern.text, pattern.complaint) == (0, "(cannot be read)", "cannot be read")


def test_pathspec_translates_ordinary_patterns_itself():
    ordinary = [b"*.log", b"/build", b"src/*.o", b"node_modules/", b".env", b"!keep.me"]
    assert all(isinstance(parse_pattern(line, 1).matcher, GitIgnoreSpecPattern) for line in ordinary)
    other = [b"[a-c].py", b"a\\ b", b"a/**/b", b"*a*"]
    assert not any(isinstance(parse_pattern(line, 1).matcher, GitIgnoreSpecPattern) for line in other)


@pytest.mark.parametrize(("line", "path"), HOSTILE)
def test_no_pattern_takes_long(line, path):
    start = time.thread_time()
    parse_pattern(line, 1).covers(path, path.rpartition(b"/")[2], is_dir=False)
    assert time.thread_time() - start < 0.5


@given(st.binary(max_size=40), st.binary(min_size=1, max_size=40), st.booleans(), st.booleans())
@settings(max_examples=300)
def test_no_line_and_no_path_raises(line, path, is_dir, fold_case):
    for pattern in parse_lines(line, fold_case=fold_case):
        assert pattern.covers(path, path.rpartition(b"/")[2], is_dir=is_dir) in {True, False}


@given(st.text(st.characters(codec=None), max_size=20))
@settings(max_examples=100)
def test_every_string_has_bytes(path):
    assert isinstance(encode(path), bytes)
    assert encode("\ud800\udc80")
