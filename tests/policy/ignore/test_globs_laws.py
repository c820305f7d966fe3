"""Facts about git's glob language, as its own tests state them: which texts a glob matches and which not.

The last column is what it matches besides where case is folded. Where stars follow a literal start (`foo**`), git reads
an ignore file's line otherwise than a bare glob: that is in test_globs.
"""

import re

import pytest

from companion.policy.ignore.globs import NeverMatches, translate_path

FACTS = [
    # literals, stars, escapes
    ("foo", "foo", "bar fo", ""),
    ("fo", "", "foo", ""),
    ("???", "foo", "", ""),
    ("??", "", "foo", ""),
    ("*", "foo", "", ""),
    ("f*", "foo", "", ""),
    ("*f", "", "foo", ""),
    ("*foo*", "foo", "", ""),
    ("*ob*a*r*", "foobar", "", ""),
    ("*ab", "aaaaaaabababab", "", ""),
    ("foo\\*", "foo*", "", ""),
    ("foo\\*bar", "", "foobar", ""),
    ("f\\\\oo", "f\\oo", "", ""),
    ("\\a\\b\\c", "abc", "", ""),
    ("\\??\\?b", "?a?b", "", ""),
    ("@foo", "@foo", "foo", ""),
    ("]", "]", "", ""),
    ("\\", "", "\\", ""),
    ("*/\\", "", "XXX/\\", ""),
    ("*/\\\\", "XXX/\\", "", ""),
    ("b*a", "", "aaabbb", ""),
    ("*ba*", "", "aabcaa", ""),
    # brackets
    ("*[al]?", "ball", "", ""),
    ("[ten]", "", "ten", ""),
    ("**[!te]", "ten", "", ""),
    ("**[!ten]", "", "ten", ""),
    ("t[a-g]n", "ten", "", ""),
    ("t[!a-g]n", "ton", "ten", ""),
    ("t[^a-g]n", "ton", "", ""),
    ("a[]]b", "a]b", "", ""),
    ("a[]-]b", "a-b a]b", "aab", ""),
    ("a[]a-]b", "aab", "", ""),
    ("a[c-c]st", "", "acrt", ""),
    ("a[c-c]rt", "acrt", "", ""),
    ("[!]-]", "a", "]", ""),
    ("\\[ab]", "[ab]", "", ""),
    ("[[]ab]", "[ab]", "", ""),
    ("[[:]ab]", "[ab]", "", ""),
    ("[[::]ab]", "", "[ab]", ""),
    ("[[:digit]ab]", "[ab]", "", ""),
    ("[\\[:]ab]", "[ab]", "", ""),
    ("a[]b", "", "ab a[]b", ""),
    ("ab[", "", "ab[", ""),
    ("[!", "", "ab", ""),
    ("[-", "", "ab", ""),
    ("[-]", "-", "", ""),
    ("[a-", "", "-", ""),
    ("[!a-", "", "-", ""),
    ("[--A]", "- 5", "", ""),
    ("[+--]", "+ , -", "0", ""),
    ("[---]", "-", "", ""),
    ("[------]", "-", "", ""),
    ("[a-e-n]", "-", "j", ""),
    ("[!------]", "a", "", ""),
    ("[]-a]", "^", "[", ""),
    ("[!]-a]", "[", "^", ""),
    ("[a^bc]", "^", "", ""),
    ("[a-]b]", "-b]", "", ""),
    ("[\\]", "", "\\", ""),
    ("[\\\\]", "\\", "", ""),
    ("[!\\\\]", "", "\\", ""),
    ("[A-\\\\]", "G", "", ""),
    ("[,]", ",", "", ""),
    ("[\\\\,]", ", \\", "", ""),
    ("[,-.]", "-", "+ -.]", ""),
    ("[\\1-\\3]", "2 3", "4", ""),
    ("[[-\\]]", "\\ [ ]", "-", ""),
    ("[\\\\-^]", "]", "[", ""),
    ("[\\-_]", "-", "", ""),
    ("[\\]]", "]", "\\] \\", ""),
    # classes
    ("[[:alpha:]][[:digit:]][[:upper:]]", "a1B", "", ""),
    ("[[:digit:][:upper:][:space:]]", "A 1", ".", "a"),
    ("[[:digit:][:upper:][:spaci:]]", "", "1", ""),
    ("[[:digit:][:punct:][:space:]]", ".", "", ""),
    ("[[:xdigit:]]", "5 f D", "", ""),
    ("[[:alnum:][:blank:][:cntrl:][:graph:][:print:][:punct:]]", "_", "", ""),
    ("[^[:alnum:][:blank:][:cntrl:][:space:][:upper:][:xdigit:]]", ".", "", ""),
    ("[a-c[:digit:]x-z]", "5 b y", "q", ""),
    # slashes
    ("foo*bar", "", "foo/baz/bar", ""),
    ("foo**bar", "foobazbar", "foo/baz/bar", ""),
    ("foo/**/bar", "foo/baz/bar foo/b/a/z/bar foo/bar", "", ""),
    ("foo/**/**/bar", "foo/baz/bar foo/b/a/z/bar foo/bar", "", ""),
    ("foo?bar", "", "foo/bar", ""),
    ("foo[/]bar", "", "foo/bar", ""),
    ("foo[^a-z]bar", "", "foo/bar", ""),
    ("f[^eiu][^eiu][^eiu][^eiu][^eiu]r", "foo-bar", "foo/bar", ""),
    ("**/foo", "foo XXX/foo bar/baz/foo", "", ""),
    ("*/foo", "", "bar/baz/foo", ""),
    ("**/bar*", "", "foo/bar/baz", ""),
    ("**/bar/*", "deep/foo/bar/baz", "deep/foo/bar deep/foo/bar/baz/", ""),
    ("**/bar/**", "deep/foo/bar/baz/ deep/foo/bar/", "", ""),
    ("**/bar**", "", "foo/bar/baz", ""),
    ("*/bar/**", "foo/bar/baz/x", "deep/foo/bar/baz/x", ""),
    ("**/bar/*/*", "deep/foo/bar/baz/x", "", ""),
    ("**/t[o]", "foo/bar/baz/to", "", ""),
    ("*/*/*", "foo/bba/arr", "foo foo/bar foo/bb/aa/rr", ""),
    ("**/**/**", "foo/bb/aa/rr", "", ""),
    ("*X*i", "abcXdefXghi", "ab/cXd/efXg/hi", ""),
    ("*/*X*/*/*i", "ab/cXd/efXg/hi", "", ""),
    ("**/*X*/**/*i", "ab/cXd/efXg/hi", "", ""),
    ("foo/*", "foo/bar", "foo/bba/arr", ""),
    ("foo/**", "foo/bba/arr", "", ""),
    ("foo*", "", "foo/bba/arr", ""),
    ("foo/*arr", "", "foo/bba/arr", ""),
    ("foo/**arr", "", "foo/bba/arr", ""),
    ("*Xg*i", "", "ab/cXd/efXg/hi", ""),
    # many stars
    ("-*-*-*-*-*-*-12-*-*-*-m-*-*-*", "-a-c-b-o-n--12-120-75-75-m-70-i-1", "-a-c-b-o-n--12-120-75-75-X-70-i-1", ""),
    ("-*-*-*-*-*-*-12-*-*-*-m-*-*-*", "", "-a-c-b-o-n--12-120-75-75-/-70-i-1", ""),
    ("X/*/*/*/*/*/*/12/*/*/*/m/*/*/*", "X/a/c/b/o/n//12/120/75/75/m/70/i/1", "X/a/c/b/o/n//12/120/75/75/X/70/i/1", ""),
    ("**/*a*b*g*n*t", "abcd/abcdefg/abcdefghijk/abcdefghijklmnop.txt", "abcd/abcdefg/abcdefghijklmnop.txtz", ""),
    # case
    ("[A-Z]", "A", "", "a"),
    ("[a-z]", "a", "", "A"),
    ("[[:upper:]]", "A", "", "a"),
    ("[[:lower:]]", "a", "", "A"),
    ("[B-Za]", "a", "", "A"),
    ("[B-a]", "a", "", "A"),
    ("[Z-y]", "Z", "", "z"),
]  # fmt: skip


def matches(glob: str, text: str, *, fold_case: bool = False) -> bool:
    try:
        regex = re.compile(translate_path(glob.encode(), fold_case=fold_case))
    except NeverMatches:
        return False
    return regex.fullmatch((text.lower() if fold_case else text).encode()) is not None


@pytest.mark.parametrize(("glob", "yes", "no", "folded"), FACTS, ids=lambda value: value[:24])
def test_what_a_glob_matches(glob, yes, no, folded):
    for text in yes.split():
        assert matches(glob, text), text
        assert matches(glob, text, fold_case=True), text
    for text in no.split():
        assert not matches(glob, text), text
    for text in folded.split():
        assert not matches(glob, text), text
        assert matches(glob, text, fold_case=True), text
