"""What the ledger keeps of the services that a command calls: which call, in whose name, where."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import astuple

from companion.model.action import ShellCommand
from companion.model.facts import CloudCall, Effect
from companion.model.record import MOST_CLOUD_CALLS, CloudRecord
from companion.policy.accounts import ACCOUNTS, REGIONS, tools_in
from companion.policy.display import one_line

_LONGEST = 200
_WITHHELD = "(withheld)"

_VALUE = r"=(?:'([^'\n]*)'|\"([^\"$`\\\n]*)\"|([\w@%+=:,./-]*))(?=[\s;&|)]|$)"


def cloud_records(
    command: ShellCommand, effects: Iterable[Effect], scrub: Callable[[str], str]
) -> tuple[CloudRecord, ...]:
    """Each call once, in the order of the command. Blocking; never raises: what `scrub` raises at is withheld.

    An account or a region that no option names is the variable's, where the command itself sets it to one value, or
    whoever asks has told it.
    """
    found = dict.fromkeys((effect.call, _tool(command, effect)) for effect in effects if effect.call is not None)
    return tuple(_record(_completed(call, tool, command), scrub) for call, tool in list(found)[:MOST_CLOUD_CALLS])


def _tool(command: ShellCommand, effect: Effect) -> str:
    """The one tool that variables tell of and that stands where the effect does."""
    tools = tools_in(command.command[effect.start : effect.end])
    return tools.pop() if len(tools) == 1 else ""


def _completed(call: CloudCall, tool: str, command: ShellCommand) -> tuple[str, ...]:
    service, operation, access, account, region, endpoint = astuple(call)
    account = account or _variable(ACCOUNTS.get(tool, ()), command)
    region = region or _variable(REGIONS.get(tool, ()), command)
    return service, operation, str(access), account, region, endpoint


def _variable(names: Iterable[str], command: ShellCommand) -> str:
    told = dict(command.environment)
    for name in names:
        written = {"".join(values) for values in re.findall(rf"(?<![\w$]){name}{_VALUE}", command.command)}
        if name in command.command:
            return written.pop() if len(written) == 1 else ""
        if told.get(name):
            return told[name]
    return ""


def _record(texts: tuple[str, ...], scrub: Callable[[str], str]) -> CloudRecord:
    return CloudRecord(*(_safe(text, scrub) for text in texts))


def _safe(text: str, scrub: Callable[[str], str]) -> str:
    if not text:
        return ""
    try:
        return one_line(scrub(text), _LONGEST)
    except Exception:  # noqa: BLE001 - what cannot be searched for secrets is not written down
        return _WITHHELD
