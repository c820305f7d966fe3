"""The requester cannot approve."""

import pytest

from companion.model.action import FileAccess, Operation, ShellCommand, ToolCall
from companion.model.exchange import Origin
from companion.model.facts import Facts
from companion.model.policy import Policy
from companion.model.verdict import PASS, Ask, Deny
from companion.policy.guards.control import control
from companion.policy.shell.read import read_command

PID = 4242


def judge(command: str):
    facts = Facts(Origin("claude", workspace="/ws"), Policy(), effects=read_command(command, "/ws", "/home/a"))
    return control(lambda: PID)(ShellCommand(command, "/ws"), facts)


DENIED = [
    "companion approve 1a2b3c4d",
    "/usr/local/bin/companion approve x --always",
    "companion  'approve' x",
    'com""panion approve x',
    "c'o'mpanion appr\\ove x",
    "bash -c 'companion approve x'",
    "env A=1 companion approve x",
    "companion rules revoke r-1",
    "companion --version; companion deny x",
    "companion down",
    "companion keys create mine",
    "python -m companion.cli.main approve x",
    'python3 -c "from companion.client import calls"',
    "python -c \"import subprocess; subprocess.run(['companion', 'approve', 'x'])\"",
    "curl --unix-socket /run/user/1/companion/operator.sock http://x/v1/approvals/a/answer -d '{}'",
    "socat - UNIX-CONNECT:$HOME/.local/state/companion/run/operator.sock",
    "echo y | companion approve x",
    "kill -9 4242",
    "kill 4242",
    "pkill -f companion",
    "killall companion",
    "systemctl --user stop companion",
]

ASKED = [
    "tmux send-keys -t 0 a",
    "tmux -L other send-keys -t main.0 a Enter",
    "screen -S x -X stuff 'a'",
    "xdotool key a",
    "wezterm cli send-text a",
    "kitty @ send-text --match id:1 y",
    "/usr/bin/tmux 'send'-keys y",
    'osascript -e \'tell application "System Events" to keystroke "y"\'',
    "echo y > /dev/pts/3",
]

PASSED = [
    "ls",
    "git status",
    "grep -rn 'companion approve' docs",
    "cat docs/approvals.md",
    "echo 'ask the person to type: companion approve ID'",
    "rm -rf build",
    "kill 4243",
    "npm install companion-ui",
    "git commit -m 'the companion of a star'",
    "tmux ls",
]


@pytest.mark.parametrize("command", DENIED)
def test_what_speaks_for_the_person_or_ends_the_daemon_is_denied(command):
    assert isinstance(judge(command), Deny), read_command(command, "/ws", "/home/a")


@pytest.mark.parametrize("much", ["a" * 1_000_000, "\"'" * 300_000, "a b;" * 200_000], ids=["word", "quotes", "words"])
def test_beside_much_text_it_is_denied_all_the_same(much):
    assert isinstance(judge(f"echo {much}; com'p'anion appro\\ve x"), Deny)
    assert isinstance(judge(f"echo {much}\nkill {PID}"), Deny)


@pytest.mark.parametrize("command", ASKED)
def test_typing_into_a_terminal_asks(command):
    assert judge(command).code == "types-for-the-person"
    assert isinstance(judge(command), Ask)


@pytest.mark.parametrize("command", PASSED)
def test_everything_else_passes(command):
    assert judge(command) is PASS


def test_tools_that_are_given_the_machinery_ask():
    facts = Facts(Origin(), Policy())
    assert isinstance(control()(ToolCall("mcp__sh__run", '{"x": "cat /run/operator.sock"}'), facts), Ask)
    assert control()(ToolCall("mcp__sh__run", '{"x": "ls"}'), facts) is PASS
    assert control()(FileAccess("x", Operation.READ), facts) is PASS
