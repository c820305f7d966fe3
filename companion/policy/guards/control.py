"""The requester cannot approve: what answers for the person, ends the daemon or types into its terminal is not run."""

from __future__ import annotations

import re
from collections.abc import Callable

from companion.model.action import Action, ShellCommand, ToolCall
from companion.model.facts import EffectKind, Facts
from companion.model.verdict import PASS, Ask, Deny, Verdict
from companion.policy.evaluate import Guard

_HINT = "leave this to the person: they answer in companion's own terminal, or in the editor"

_READING = frozenset({EffectKind.READ, EffectKind.RUN})

# Options may stand between the command and its subcommand, and its path before it.
_COMMANDS = (
    "approve|deny|rules|down|up|keys|config|connect|disconnect|tui|run|shell|demo|secrets|ledger|policy|backup|restore"
)
# Each begins with what it looks for and looks back from there: so a megabyte is searched in a millisecond.
_ANSWERS = re.compile(
    rf"companion(?<![\w-]companion)(?:\.exe|\.cli\.main)?(?: -[\w-]+(?:=\S+)?)* (?:{_COMMANDS})(?![\w-])"
)
_MACHINERY = (
    "operator.sock",
    "machine.key",
    "COMPANION_HOME",
    "/v1/approvals/",
    "companion.client",
    "companion.cli",
    "companion_tui",
    "from companion import",
    "import companion",
)
_KILLS = tuple(
    re.compile(rf"{word}(?<![\w-]{word})(?![\w-])")
    for word in ["kill", "pkill", "killall", "skill", "xkill", "taskkill", "Stop-Process", "systemctl", "launchctl"]
)
# By what types into a terminal, and the word behind it that makes it do so.
_TYPES_BY = {
    "tmux": {"send-keys", "send", "paste-buffer", "pipe-pane", "respawn-pane", "respawn-window"},
    "screen": {"stuff"},
    "wezterm": {"send-text"},
    "kitty": {"send-text"},
    "kitten": {"send-text"},
    "zellij": {"write", "write-chars"},
    "osascript": {"keystroke"},
}
_TYPES = ("xdotool", "ydotool", "wtype", "dotool", "cliclick", "SendKeys")
_WORDS = re.compile(r"[\w-]+")
_LONGEST_READ = 64 * 1024
"""What is longer asks anyway."""
_TERMINAL_DEVICES = re.compile(r"/dev/(?:pts/\d+|tty\w+)|TIOCSTI")
_QUOTES = b"\"'\\"
_NOISE = b"$(){}[],;|&<>`\t\n\r\v\f"
_WITHOUT_NOISE = bytes.maketrans(_NOISE, b" " * len(_NOISE))


def control(daemon_pid: Callable[[], int] = lambda: 0) -> Guard:
    """The guard. `daemon_pid` is the process that must not be ended, 0 where none runs."""

    def judge(action: Action, facts: Facts) -> Verdict:
        if isinstance(action, ToolCall) and _names_machinery(action.arguments):
            return Ask("requester-cannot-approve", f"{action.tool} is given what companion's own machinery uses", _HINT)
        if not isinstance(action, ShellCommand):
            return PASS
        # Reading about it is no doing: only what may do something can be one of these.
        if all(effect.kind in _READING for effect in facts.effects):
            return PASS
        return _judge(action.command, daemon_pid())

    return judge


def _judge(command: str, pid: int) -> Verdict:
    plain = _plain(command)
    named = "companion" in plain
    if (named and _ANSWERS.search(plain)) or _names_machinery(plain):
        reason = "this speaks for the person to companion itself, and who asks cannot be who approves"
        return Deny("requester-cannot-approve", reason, _HINT)
    if (named or _names_process(pid, plain)) and any(kills.search(plain) for kills in _KILLS):
        return Deny("ends-the-daemon", "this ends companion's daemon, which judges it", _HINT)
    if len(command) <= _LONGEST_READ and (
        _types(plain) or (_TERMINAL_DEVICES.search(plain) and re.search(r"ioctl|TIOCSTI|>", command))
    ):
        reason = "this types into a terminal, where a person's answers to companion may be given"
        return Ask("types-for-the-person", reason, "run the command itself instead of typing it elsewhere")
    return PASS


def _names_machinery(plain: str) -> bool:
    return any(word in plain for word in _MACHINERY) or (
        "daemon.json" in plain
        and any("companion" in word.rpartition("daemon.json")[0] for word in plain.split(" ") if "daemon.json" in word)
    )


def _types(plain: str) -> bool:
    words: list[str] = _WORDS.findall(plain)
    found = set(words)
    return not found.isdisjoint(_TYPES) or any(
        tool in found and not verbs.isdisjoint(words[words.index(tool) + 1 :]) for tool, verbs in _TYPES_BY.items()
    )


def _names_process(pid: int, plain: str) -> bool:
    return bool(pid) and str(pid) in plain and re.search(rf"(?<!\d){pid}(?!\d)", plain) is not None


def _plain(command: str) -> str:
    """The words without what quotes and joins them, so that another spelling of a word is the same word.

    By bytes, which take a hundredth of the time: a command may be a megabyte.
    """
    joined = command.replace("\\\n", "").encode("utf-8", "surrogatepass").translate(_WITHOUT_NOISE, _QUOTES)
    while b"  " in joined:
        joined = joined.replace(b"  ", b" ")
    return joined.decode("utf-8", "surrogatepass")
