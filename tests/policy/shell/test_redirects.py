"""Redirections taken apart: each file they open is told, each text they feed is seen, no word behind them is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.policy.shell import simple
from companion.policy.shell.invocation import Finding, Invocation
from companion.policy.shell.read import read_command
from companion.policy.shell.redirects import Redirect, take_apart
from tests.support.shell import BASH, all_nodes, codes, said_by_bash, told, tree_of

KNOWN = {"n": "7", "file": "src/a"}
WRITING = [">", ">>", ">|", "&>", "&>>", ">&"]


def taken(command: str) -> Redirect:
    """The first redirection of the command."""
    syntax = tree_of(command)
    node = all_nodes(syntax, "file_redirect", "herestring_redirect", "heredoc_redirect")[0]
    return take_apart(node, syntax, KNOWN.get)


@pytest.mark.parametrize("operator", WRITING)
@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("x", ("write", "x", "")),
        ("a/b/", ("write", "a/b", "")),
        ("$file", ("write", "src/a", "")),
        ("'a b'", ("write", "a b", "")),
        ("*.x", ("unknown", "*.x", "redirect")),
        ("$1", ("unknown", "this word", "redirect")),
        ("$(ls)", ("unknown", "this word", "redirect")),
        ("'!'b", ("unknown", "!b", "redirect")),
        ("/dev/tcp/h.x.com/80", ("network", "h.x.com", "network")),
        ("/dev/udp/h.x.com/80", ("network", "h.x.com", "network")),
    ],
)
def test_what_is_opened_for_writing_is_told(operator: str, target: str, expected: tuple[str, str, str]):
    redirect = taken(f"ls {operator} {target}")
    assert told(redirect.effects) == [expected]
    assert not redirect.feed


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("cat < x", [("read", "x", "")]),
        ("cat 3< x", [("read", "x", "")]),
        ("cat < *.x", [("unknown", "*.x", "redirect")]),
        ("cat < $1", [("unknown", "this word", "redirect")]),
        ("cat < /dev/tcp/h.x.com/80", [("network", "h.x.com", "network")]),
        ("cat <& x", [("unknown", "x", "redirect")]),
    ],
)
def test_what_is_opened_for_reading_is_told(command: str, expected: list[tuple[str, str, str]]):
    assert told(taken(command).effects) == expected


@pytest.mark.parametrize("text", ["2>&1", ">&2", "3<&0", ">&-", "<&-", "2>&-", "2>&3-", "> >(ls)", "< <(ls)"])
def test_descriptors_and_the_files_of_substitutions_are_nobodys_file(text: str):
    assert taken(f"ls {text}").effects == ()


@pytest.mark.parametrize("text", ["<> x", ">! x", ">>! x", "3<>/dev/tcp/h/1"])
def test_what_is_not_known_to_open_one_way_is_asked_about(text: str):
    assert {"redirect", "not-understood"} & {effect.code for effect in read_command(f"echo a {text}")}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("ls >log -la", ["-la"]),
        ("git push >log --force x", ["--force", "x"]),
        ("ls >&- -l", ["-l"]),
        ("cat <x y $1", ["y", None]),
        ("ls >log", []),
        ("cat <<E a b\nx\nE", ["a", "b"]),
        ("cat <<E >log a\nx\nE", ["a"]),
    ],
)
def test_words_behind_a_redirection_are_arguments(command: str, words: list[str | None]):
    assert [word.text for word in taken(command).words] == words


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("sh <<E\nrm x\nE", "rm x\n"),
        ("sh <<'E'\nrm $x\nE", "rm $x\n"),
        ('sh <<"E"\nrm `x`\nE', "rm `x`\n"),
        ("sh <<-E\n\trm x\n\t\tls\n\tE", "rm x\nls\n"),
        ("sh <<E\nrm $n\nE", None),
        ("sh <<E\nrm \\x\nE", None),
        ("sh <<<'rm x'", "rm x"),
        ("sh <<< $n", "7"),
        ("sh <<< $1", None),
        ("sh < x", None),
    ],
)
def test_what_is_fed_is_seen_where_it_stands_in_the_command(command: str, text: str | None):
    feed = taken(command).feed
    assert feed.text is not None
    assert (feed.text.constant, feed.piped) == (text, False)


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=40).filter(lambda line: line != "E"))
def test_a_quoted_body_is_fed_letter_by_letter(line: str):
    feed = taken(f"sh <<'E'\n{line}\nE").feed
    assert feed.text is not None
    assert (feed.text.constant or "").strip("\n") == line


@pytest.mark.parametrize(
    ("command", "then"),
    [
        ("cat <<E | rm x\na\nE", [("|", "rm x")]),
        ("cat <<E && rm x\na\nE", [("&&", "rm x")]),
        ("cat <<E || rm x\na\nE", [("||", "rm x")]),
        ("cat <<E && ls | wc\na\nE", [("&&", "ls"), ("|", "wc")]),
        ("cat <<E | ls | wc\na\nE", [("|", "ls | wc")]),
        ("cat <<E >log && rm x\na\nE", [("&&", "rm x")]),
    ],
)
def test_what_follows_a_heredoc_on_its_line_is_a_statement_of_its_own(command: str, then: list[tuple[str, str]]):
    syntax = tree_of(command)
    [node] = all_nodes(syntax, "heredoc_redirect")
    redirect = take_apart(node, syntax, KNOWN.get)
    assert [(operator, syntax.text(follower)) for operator, follower in redirect.then] == then


def test_only_what_stands_behind_a_pipe_reads_from_it():
    """Without a file, rg searches its input when there is one, else the whole folder."""
    for command, searched in (("cat <<E && rg x | wc\na\nE", True), ("cat <<E | rg x | wc\na\nE", False)):
        assert (("read", "./", "tree") in told(read_command(command))) is searched


def test_a_file_beside_a_heredoc_is_opened_too():
    assert told(taken("cat <<E >log 2>&1\na\nE").effects) == [("write", "log", "")]
    assert told(taken("cat <<E >/dev/tcp/h.x/1\na\nE").effects) == [("network", "h.x", "network")]


def test_any_other_node_is_not_understood():
    syntax = tree_of("ls x")
    [node] = all_nodes(syntax, "command")
    assert told(take_apart(node, syntax, KNOWN.get).effects) == [("unknown", "ls x", "not-understood")]


@pytest.mark.parametrize("operator", [*WRITING, "<"])
def test_each_place_is_where_the_word_stands_and_paths_are_counted_from_the_folder(operator: str):
    command = f"cd sub && : {operator} out"
    [effect] = [effect for effect in read_command(command) if effect.kind in {"read", "write"}]
    assert (effect.target, command[effect.start : effect.end]) == ("sub/out", "out")


QUOTED = ["E", "OF", "\\E", "'E'", "'OF'", '"E"', "''", "\\O"]
PARTS = [*QUOTED, '"O F"', '""', "\\\\", "\\'", "$x", "\\\n", "'\n'", '"\\E"', "`", "\\$", "é", "-"]
LINES = [
    "a",
    "EOF",
    "E",
    "OF",
    "EEOF",
    "\tEOF",
    "EOF ",
    " EOF",
    "E\\",
    "OF\\",
    "\\EOF",
    "'E'OF",
    "`say b`",
    "$(say c)",
    "${x}",
    "",
    "\t",
    "E\\OF",
]


@pytest.mark.skipif(BASH is None or os.name == "nt", reason="compares with bash, which is not here")
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    delimiter=st.sampled_from([QUOTED, QUOTED, PARTS]).flatmap(
        lambda parts: st.lists(st.sampled_from(parts), min_size=1, max_size=3).map("".join)
    ),
    lines=st.lists(st.sampled_from(LINES), max_size=6),
    sign=st.sampled_from(["<<", "<<-", "<< "]),
    behind=st.sampled_from(["", " ", " && say f", " >/dev/null", " | cat"]),
)
def test_a_body_ends_where_bash_ends_it(delimiter, lines, sign, behind, monkeypatch):
    ran: list[tuple[str, ...]] = []
    fed: list[str | None] = []

    def judge(invocation: Invocation) -> Iterator[Finding]:
        if invocation.name == "say":
            ran.append(invocation.words)
        elif invocation.name == "take":
            fed.append(invocation.feed.text.text if invocation.feed.text else None)
        elif invocation.name != "cat":
            yield invocation.rule("unknown-program")

    monkeypatch.setattr(simple, "judge", judge)
    body = "\n".join([*lines, "E", "EOF", "OF", "EEOF", ""])
    # What bash takes for commands behind the body is put out of its way as words of one that it does not know.
    command = f"take {sign}{delimiter}{behind}\n{body}say d\n"
    ours = [effect for effect in read_command(command) if effect.kind == "unknown" and effect.code != "unknown-program"]
    if ours:
        return
    prelude = (
        "exec 8>&1\nx=q\nsay() { printf 's%s\\0' \"$*\" >&8; }\ntake() { printf t >&8; cat >&8; printf '\\0' >&8; }\n"
    )
    said = said_by_bash(f"{prelude}{command}").split("\0")[:-1]
    assert {text[1:] for text in said if text[0] == "s"} <= {" ".join(words) for words in ran}, (command, said, ran)
    taken = [text[1:] for text in said if text[0] == "t"]
    assert all(one in {None, text} for one, text in zip(fed, taken, strict=False)), (command, said, fed)


@pytest.mark.parametrize("delimiter", ["\\EOF", "E\\OF", "E'O'F", '"E"OF', "\\E\\O\\F", "'E'\"O\"F", "EOF''"])
def test_a_delimiter_that_is_quoted_in_any_way_keeps_the_body_as_it_is(delimiter: str):
    assert taken(f"cat <<{delimiter}\n$(rm x) `rm y`\nEOF\n").feed.text.text == "$(rm x) `rm y`\n"
    assert taken(f"cat <<-{delimiter}\n\t$x\n\tEOF\n").feed.text.text == "$x\n"
    assert told(read_command(f"cat <<{delimiter} >x && ls y\n$(rm x)\nEOF\nrm z"))[-1] == ("delete", "z", "delete")


@pytest.mark.parametrize("delimiter", ["$x", "E\\\nOF", "'E\nF'", "\\$x", "`a`", '"a$x"', "''", '"a\\"b"'])
def test_a_delimiter_that_is_strange_is_not_understood(delimiter: str):
    assert "not-understood" in codes(f"cat <<{delimiter}\nx\nEOF\n")


@pytest.mark.parametrize(
    "command",
    [
        "bash <<'EOF' < evil.sh\nls\nEOF",
        "bash <<< ls < evil.sh",
        "bash < evil.sh <<< ls",
        "python3 - <<'EOF' < evil.py\n1\nEOF",
        "node <<'EOF' <&3\n1\nEOF",
        "node <<< 1 < evil.js",
        "cat x | bash <<< ls",
        "xargs rm <<< x < list",
    ],
)
def test_of_several_that_are_read_from_nobody_knows_which_counts(command: str):
    assert codes(command) & {
        "pipe-to-shell",
        "runs-code",
        "shell-text",
        "runs-script",
        "unknown-path",
        "not-understood",
    }


def test_what_stands_inside_counts_before_what_stands_around_it():
    assert not codes("{ bash <<'EOF'\nls\nEOF\n} < x") & {"pipe-to-shell", "shell-text"}


def test_what_a_program_complains_of_is_no_list_of_names():
    assert "unknown-path" in codes("find 'x .env y' -name '*.md' |& xargs cat")
