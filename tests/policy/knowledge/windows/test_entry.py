import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.policy.knowledge.finding import Fact, Input
from companion.policy.knowledge.windows.entry import judge_line
from tests.support.knowledge import looks, said


@pytest.mark.parametrize(
    "command", ["powershell -c Get-Date", "pwsh.exe -nop -c 'Get-ChildItem src'", "cmd /c dir", "cmd.exe /c 'type a'"]
)
def test_what_only_looks(command):
    assert looks(command)


def test_what_stands_on_the_input():
    assert looks("pwsh", Input(text="Get-Date"))
    assert "rm" in said("pwsh -Command -", Input(text="del x"))
    assert "pipe-to-shell" in said("pwsh", Input(piped=True))
    assert "pipe-to-shell" in said("cmd /c dir", Input(piped=True))


def test_whole_commands():
    assert {fact.code for fact in judge_line("powershell", "Get-Date")} == {""}
    assert "rm" in {fact.code for fact in judge_line("cmd", "del x")}
    assert {fact.code for fact in judge_line("cmd", "set x=1")} == {"sets-environment"}


@given(st.sampled_from(["powershell", "cmd"]), st.text(max_size=60) | st.text("'\"`$(){}|&;<>^%! adel-", max_size=40))
def test_law_every_text_has_findings(shell, text):
    assert judge_line(shell, text)
    assert all(not isinstance(each, Fact) or each.at == -1 for each in judge_line(shell, text))
