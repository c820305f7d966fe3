import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.scan.secrets.goregex import UnknownSyntax, translated

MATCHES = [
    (r"(?i)acme_[a-z0-9]{4}", ["ACME_x1Y2"], ["acme-x1y2"]),
    (r"a(?i)b|c", ["ab", "aB", "c", "C"], ["Ab", "A"]),
    (r"(a(?i)b|c)d", ["aBd", "Cd"], ["aBD", "ABd"]),
    (r"(?i:a)b", ["Ab"], ["AB"]),
    (r"(?i)a(?-i)b", ["Ab"], ["AB"]),
    (r"(?P<x>a)(?<y>b)", ["ab"], ["ba"]),
    (r"a$", ["a"], ["a\n"]),
    (r"a\z", ["a"], ["a\n"]),
    (r"(?m)^a$", ["a", "b\na\nc"], ["ba"]),
    (r"(?s)a.b", ["a\nb"], ["ab"]),
    (r"[[:alnum:]_-]{2}", ["a-", "Z9"], [".."]),
    (r"[]a]+", ["]a"], ["b"]),
    (r"[^]a]", ["b"], ["]"]),
    (r"[a&&b]", ["&"], ["c"]),
    (r"[[a]", ["[", "a"], ["]"]),
    (r"[+--]", ["-", "+", ","], ["b"]),
    (r"\x41\x{1F600}\101", ["A😀A"], ["a"]),
    (r"\Qa.b(\Ec", ["a.b(c"], ["axb(c"]),
    (r"{,2}a{x}", ["{,2}a{x}"], ["a"]),
    (r"\d\w\s", ["1a "], ["１a "]),  # noqa: RUF001 - a digit that is none in ASCII
    (r"a{2,}?b*", ["aa"], ["a"]),
    (r"\#\-\/\@", ["#-/@"], ["#"]),
    ("é|ß", ["é", "ß"], ["e"]),
]


@pytest.mark.parametrize(("go", "yes", "no"), MATCHES, ids=[go for go, _, _ in MATCHES])
def test_what_go_means(go: str, yes: list[str], no: list[str]) -> None:
    pattern = translated(go)
    assert [text for text in yes if pattern.search(text) is None] == []
    assert [text for text in no if pattern.search(text) is not None] == []


REFUSED = [
    ("(?=a)", "'(?=a'"),
    ("(?<!a)b", "'(?<!'"),
    ("(?>a)", "Go does not have"),
    (r"(a)\1", r"\1"),
    (r"\pL", r"\p"),
    (r"[\p{Greek}]", r"\p"),
    (r"\C", r"\C"),
    ("(?U)a*", "flag 'U'"),
    ("a**", "repetition of a repetition"),
    ("a*+", "repetition of a repetition"),
    ("(a+)+", "endless repetition within"),
    ("(?:(?:x|a*)b)*", "endless repetition within"),
    ("(?:a{2,})+", "endless repetition within"),
    ("[[:nope:]]", "[:nope:]"),
    ("[[:^alpha:]]", "[:^alpha:]"),
    ("[a", "not closed"),
    ("(a", "not closed"),
    ("a)", "not opened"),
    ("a\\", "backslash"),
    (r"\x{110000}", "character that there is not"),
    ("*a", "no regular expression"),
    ("a{9}" * 4000, "more than"),
    ("[z-a]", "no regular expression"),
    ("(?)", "empty group"),
]


@pytest.mark.parametrize(("go", "named"), REFUSED, ids=[go[:20] for go, _ in REFUSED])
def test_what_cannot_be_had_is_named(go: str, named: str) -> None:
    with pytest.raises(UnknownSyntax, match=re.escape(named)):
        translated(go)


@given(st.text("ab.*+?{}[]()|^$\\idsQEzx01,:<>P=!-&~ ", max_size=24))
def test_law_any_text_is_an_expression_or_a_complaint(go: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            read = translated(go)
        except UnknownSyntax:
            return
    found = read.search("")
    assert found is None or found.span() == (0, 0)


@given(st.text(max_size=20), st.text(max_size=5))
def test_law_a_quoted_text_means_itself(literal: str, around: str) -> None:
    pattern = translated("".join(f"\\x{{{ord(c):X}}}" for c in literal))
    assert pattern.search(around + literal + around) is not None
    assert pattern.fullmatch(literal) is not None
