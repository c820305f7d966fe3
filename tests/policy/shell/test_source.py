import pytest

from companion.policy.shell.source import LONGEST, Unclear, prepare


@pytest.mark.parametrize(
    ("command", "joined"),
    [
        ("r\\\nm x", "rm x"),
        ("git re\\\nset --hard", "git reset --hard"),
        ('echo "a\\\nb"', 'echo "ab"'),
        ("echo 'a\\\nb'", "echo 'a\\\nb'"),
        ("ls #\\\nrm x", "ls #\\\nrm x"),
        ("echo $'a\\\nb'", "echo $'a\\\nb'"),
        ("cat <<'E'\na\\\nb\nE", "cat <<'E'\na\\\nb\nE"),
        ("a \\\\\nb", "a \\\\\nb"),
        ("echo $(r\\\nm x)", "echo $(rm x)"),
        ('echo "${x:-a\\\nb}"', 'echo "${x:-ab}"'),
    ],
)
def test_continuations_go_only_where_a_shell_drops_them(command: str, joined: str):
    assert prepare(command).text == joined


@pytest.mark.parametrize(
    ("command", "masked"),
    [
        ("echo 'a(b' c", "echo 'xxx' c"),
        ('echo "a(b" c', 'echo "xxx" c'),
        ('echo "$x(b"', 'echo "$x(x"'),
        ('echo "$(a b)"', 'echo "$(a b)"'),
        ("ls # a (b", "ls #xxxxx"),
        ("cat <<'E'\na (\n$(b)\nE\nls", "cat <<'E'\nxxxxxxxx\nE\nls"),
        ("cat <<E\na (\nE", "cat <<E\nxxx\nE"),
        ("cat <<E\na $(b)\nE", "cat <<E\na $(b)\nE"),
        ("git commit -m \"$(cat <<'E'\nfix (a)\nE\n)\"", "git commit -m \"$(cat <<'E'\nxxxxxxx\nE\n)\""),
        ("echo é 'é(' \"é(\"", "echo é 'xx' \"xx\""),
    ],
)
def test_only_text_that_means_itself_is_masked(command: str, masked: str):
    assert prepare(command).masked == masked


@pytest.mark.parametrize(
    "command", ["echo 'a", "cat <<E\nx", "cat <<'E' <<F\nE\nF\n", "echo $[1+1]", "cat <<$x\n$x", "echo $'a"]
)
def test_what_the_lexer_cannot_follow_is_unclear(command: str):
    with pytest.raises(Unclear) as caught:
        prepare(command)
    assert caught.value.code == "not-understood"


def test_too_long_is_over_budget():
    with pytest.raises(Unclear) as caught:
        prepare("a" * (LONGEST + 1))
    assert caught.value.code == "over-budget"


def test_spans_lead_back_to_the_command_as_written():
    command = "r\\\nm a\\\nb; ls"
    source = prepare(command)
    at = source.text.index("ls")
    start, end = source.span(at, at + 2)
    assert command[start:end] == "ls"
    start, end = source.span(0, 2)
    assert command[start:end] == "r\\\nm"
