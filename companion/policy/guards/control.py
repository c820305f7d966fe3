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
_ANSWERS = re.compile(
    rf"(?:^|[^\w-])companion(?:\.exe|\.cli\.main)?(?: -{{1,2}}[\w-]+(?:=\S+)?)* (?:{_COMMANDS})(?![\w-])"
)
_MACHINERY = re.compile(
    r"operator\.sock|(?:^|[ /])companion[\w/.-]*/(?:run/)?daemon\.json|machine\.key|COMPANION_HOME|/v1/approvals/"
    r"|companion\.client|companion\.cli|companion_tui|from companion import|import companion"
)
_KILLS = re.compile(r"(?:^|[^\w-])(?:p?kill|killall|skill|taskkill|Stop-Process|systemctl|launchctl|xkill)(?![\w-])")
_TYPES = re.compile(
    r"(?:^|[^\w-])(?:tmux(?: \S+)* (?:send-keys|send|paste-buffer|pipe-pane|respawn-pane|respawn-window)"
    r"|screen(?: \S+)* -X (?:\S+ )?stuff"
    r"|(?:wezterm|kitty|kitten)(?: \S+)* send-text|zellij(?: \S+)* (?:write|write-chars)"
    r"|xdotool|ydotool|wtype|dotool|cliclick|osascript(?: \S+)* keystroke|SendKeys)(?![\w-])"
)
_TERMINAL_DEVICES = re.compile(r"/dev/(?:pts/\d+|tty\w+)|TIOCSTI")
_NOISE = re.compile(r"""["'\\$(){}\[\],;|&<>`\s]+""")


def control(daemon_pid: Callable[[], int] = lambda: 0) -> Guard:
    """The guard. `daemon_pid` is the process that must not be ended, 0 where none runs."""

    def judge(action: Action, facts: Facts) -> Verdict:
        if isinstance(action, ToolCall) and _MACHINERY.search(action.arguments):
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
    if _ANSWERS.search(plain) or _MACHINERY.search(plain):
        reason = "this speaks for the person to companion itself, and who asks cannot be who approves"
        return Deny("requester-cannot-approve", reason, _HINT)
    if _KILLS.search(plain) and (re.search(r"companion", plain) or (pid and re.search(rf"(?<!\d){pid}(?!\d)", plain))):
        return Deny("ends-the-daemon", "this ends companion's daemon, which judges it", _HINT)
    if _TYPES.search(plain) or (_TERMINAL_DEVICES.search(plain) and re.search(r"ioctl|TIOCSTI|>", command)):
        reason = "this types into a terminal, where a person's answers to companion may be given"
        return Ask("types-for-the-person", reason, "run the command itself instead of typing it elsewhere")
    return PASS


def _plain(command: str) -> str:
    """The words without what quotes and joins them, so that another spelling of a word is the same word."""
    joined = command.replace("\\\n", "").replace('""', "").replace("''", "")
    # Quotes and backslashes inside a word only spell it otherwise.
    joined = re.sub(r"(?<=\w)[\"'\\]+(?=\w)", "", joined)
    return _NOISE.sub(" ", joined)
