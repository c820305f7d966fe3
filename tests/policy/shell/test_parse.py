import pytest

from companion.policy.shell.budget import Budget
from companion.policy.shell.parse import parse
from companion.policy.shell.source import Unclear

HOLES = [
    "cat <<E\n`rm x`\nE",
    "cat <<-E\n\t$(rm x)\n\tE",
    'echo "${x:-`rm x`}"',
    "`ls \\`rm x\\``",
    "ls \n\\rm x",
    "<<<}\\case a in p",
    '[\\&& "rm" x ]',
    "echo a\rrm x",
    "echo a\u00a0b",
    "echo a\u200bb",
    "echo \u202eb",
    "rm (ls)",
    "{rm,-rf,x}",
    "{ls,x}\na\n}",
    "echo $[1]",
    "if ls; then",
    'echo $"x"',
    "a=1 >f",
    "echo =(ls)",
    "x \ud800 y",
    "rm -rf2>x",
    "{ls,x}",
    "[ a ] ]b",
    "a <<'E' |\nE\nrm x\n",
    "echo ] ]",
]


@pytest.mark.parametrize("command", HOLES)
def test_what_a_shell_sees_and_the_grammar_does_not_is_unclear(command: str):
    with pytest.raises(Unclear):
        parse(command, Budget())


@pytest.mark.parametrize(
    "command",
    [
        "ls -la | grep 'x y' && cat < a > b 2>&1",
        'for x in a b; do echo "$x"; done; case $x in a|b*) ls;; *) pwd;; esac',
        "cat <<'E' > f\n`any` $(thing)\nE\nls",
        "git commit -m \"$(cat <<'E'\nfix: it's (done)\nE\n)\"",
        "if [ -f x ]; then ls; elif [[ $a == b* ]]; then pwd; else true; fi",
        "echo é 'ü' \"ß $HOME\" # ende",
        "awk '{ print $1 }' x",
        "",
    ],
)
def test_ordinary_commands_are_understood(command: str):
    assert not parse(command, Budget()).root.has_error


def test_nodes_lead_back_to_the_command():
    command = "echo 'ä(' \\\n é; ls"
    syntax = parse(command, Budget())
    first, last = syntax.root.named_children
    assert command[slice(*syntax.span(last))] == "ls"
    assert syntax.text(first.named_children[1]) == "'ä('"
    assert command[slice(*syntax.span(first.named_children[2]))] == "é"


@pytest.mark.parametrize("letter", ["é", "中", "😀", "\U0002f6c0", "\U000b2f6c", "\U0010ffff"])
@pytest.mark.parametrize("before", ["", "{", "a{", "{4", "~", "$x", "[", "a="])
def test_letters_of_any_plane_are_read(before: str, letter: str):
    """The grammar may end the process at one that it gets to see: its scanner looks them up in a table of 256."""
    command = f"echo {before}{letter}h; ls '{letter}'"
    syntax = parse(command, Budget())
    assert max(syntax.root.text.decode()) <= "\xff"
    last = syntax.root.named_children[-1]
    assert (syntax.text(last), command[slice(*syntax.span(last))]) == (f"ls '{letter}'",) * 2


def test_the_tokens_of_several_texts_add_up():
    budget = Budget()
    for _ in range(9):
        parse("a " * 100, budget)
    with pytest.raises(Unclear) as caught:
        parse("a " * 150, budget)
    assert caught.value.code == "over-budget"
