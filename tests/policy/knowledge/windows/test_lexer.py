import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.policy.knowledge.windows.lexer import LONGEST, cut_cmd, cut_powershell


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Get-Item a b", [["Get-Item", "a", "b"]]),
        ("gci; gc x && ls || dir", [["gci"], ["gc", "x"], ["ls"], ["dir"]]),
        ("gci | select -First 3", [["gci"], ["select", "-First", "3"]]),
        ("gc 'a b' \"c d\"", [["gc", "a b", "c d"]]),
        ("echo 'it''s'", [["echo", "it's"]]),
        ("gc a,b", [["gc", "a", "b"]]),
        ("gci # a comment; rm x", [["gci"]]),
        ("gci | where { $_.Length -gt 10 }", [["gci"], ["where", "{filter}"]]),
        ("x $true", [["x", "$true"]]),
    ],
)
def test_powershell(text, words):
    line = cut_powershell(text)
    assert [command.words for command in line.commands] == words
    assert not line.unclear


@pytest.mark.parametrize(
    "text",
    [
        "gc $x", 'gc "$x"', "gc `x", "(gc x)",
        "gci | % { rm $_ }", "gc x | where { $_.Delete() }", "[IO.File]::Delete('x')",
        "& x",
        "$a = 1", "gc 'x", "gci @args", 'echo "a`nb"', "gc $(x)", "x >",
    ],
)  # fmt: skip
def test_what_powershell_computes_is_unclear(text):
    assert cut_powershell(text).unclear


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dir /s src", [["dir", "/s", "src"]]),
        ("dir & del x && ver || vol", [["dir"], ["del", "x"], ["ver"], ["vol"]]),
        ("d^el x", [["del", "x"]]),
        ('type "a b"', [["type", "a b"]]),
        ("@echo hi", [["echo", "hi"]]),
        ("copy a,b;c", [["copy", "a", "b", "c"]]),
    ],
)
def test_cmd(text, words):
    line = cut_cmd(text)
    assert [command.words for command in line.commands] == words
    assert not line.unclear


@pytest.mark.parametrize("text", ["echo %PATH%", 'type "%x%"', "echo !x!", "(del x)", "for %i in (a) do del %i"])
def test_what_cmd_computes_is_unclear(text):
    assert cut_cmd(text).unclear


@pytest.mark.parametrize("cut", [cut_powershell, cut_cmd])
def test_redirections(cut):
    first, second = cut("a b>out 2>&1 | c <in").commands
    assert (first.words, first.writes, first.piped) == (["a", "b"], ["out"], False)
    assert second.piped
    assert cut("a 2>> err").commands[0].writes == ["err"]
    assert cut_cmd("c < in").commands[0].reads == ["in"]


@given(st.text(max_size=80) | st.text("'\"`$(){}|&;<>^%! a", max_size=60))
def test_law_a_text_is_cut_to_its_end_or_unclear(text):
    for line in (cut_powershell(text), cut_cmd(text)):
        words = "".join(word or "" for command in line.commands for word in (*command.words, *command.writes))
        assert line.unclear or len(words) <= len(text) + 10 * text.count("{")


def test_a_text_that_is_too_long_is_unclear():
    assert cut_powershell("x" * (LONGEST + 1)).unclear
    assert cut_cmd("x" * (LONGEST + 1)).unclear
