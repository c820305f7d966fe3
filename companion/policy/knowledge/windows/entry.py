"""Windows's shells as programs, and as the shell in which a whole command is run."""

from __future__ import annotations

from collections.abc import Iterator

from companion.model.facts import EffectKind
from companion.policy.knowledge.finding import NO_INPUT, Fact, Found, Input, Words
from companion.policy.knowledge.windows.cmd import judge_cmd, judge_cmd_call
from companion.policy.knowledge.windows.powershell import judge_call, judge_powershell

_POWERSHELLS = frozenset({"powershell", "pwsh", "powershell.exe", "pwsh.exe", "pwsh-preview"})
WINDOWS = _POWERSHELLS | {"cmd", "cmd.exe"}


def judge(name: str, words: Words, feed: Input = NO_INPUT) -> Iterator[Found]:
    """The findings of one of these shells as a program of a POSIX shell."""
    if feed.piped:
        yield Fact(EffectKind.UNKNOWN, name, "pipe-to-shell")
    if name not in _POWERSHELLS:
        yield from judge_cmd_call(words)
        return
    reads_input = feed.text is not None and (not words or words[-1:] == ["-"])
    if reads_input:
        yield from judge_powershell(feed.text or "")
    else:
        yield from judge_call(words)


def judge_line(shell: str, text: str) -> tuple[Found, ...]:
    """The findings of a whole command that runs in `shell`: "powershell" or "cmd". Never raises."""
    found = judge_cmd(text) if shell == "cmd" else judge_powershell(text)
    return tuple(found) or (Fact(EffectKind.UNKNOWN, shell, "not-understood"),)
