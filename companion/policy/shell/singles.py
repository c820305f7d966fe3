"""Single programs with a way of their own, of which one use only reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from companion.policy.shell.files import WRITERS
from companion.policy.shell.invocation import Finding, Invocation
from companion.policy.shell.tools import asks_for_help
from companion.policy.shell.words import Value

_HASH = re.compile(r"(?:-l|-t(?: [\w.-]+)+)?")
_LOCAL = re.compile(r"(?!-)[\w./@+~-]+")
_COPY_OPTIONS = frozenset({"-r", "-p", "-q", "-v", "-rp", "-pr"})
_COUNT = re.compile(r"[-+]?(?:0x[0-9a-fA-F]+|\d+)")


def judge_hash(invocation: Invocation) -> Iterator[Finding]:
    """It tells where programs were found; with a path it gives a name to another program."""
    fine = _HASH.fullmatch(" ".join(invocation.words))
    yield invocation.runs() if fine else invocation.rule("defines-function")


def judge_service_status(invocation: Invocation) -> Iterator[Finding]:
    """`service NAME status` asks; every other word may change what runs."""
    words = invocation.words
    asks = len(words) == 2 and re.fullmatch(r"[a-z][\w.@-]*", words[0]) and words[1] == "status"
    fine = asks or words == ("--status-all",) or (len(words) == 1 and asks_for_help(words))
    yield invocation.runs() if fine else invocation.rule("service")


def judge_local_copy(invocation: Invocation) -> list[Finding] | None:
    """`scp` without a host copies as `cp` does; None where there may be one."""
    plain = [arg for arg in invocation.args if arg.constant not in _COPY_OPTIONS]
    if len(plain) < 2 or not all(_LOCAL.fullmatch(arg.constant or "") for arg in plain):
        return None
    deep = (Value("-r", invocation.start, invocation.end),) if len(plain) < len(invocation.args) else ()
    copy = replace(invocation, name="cp", args=(*deep, *plain))
    return [invocation.runs(), *WRITERS["cp"](copy)]


def without_numbers(invocation: Invocation) -> Invocation:
    """The call without options that a number follows: to xxd a longer word behind `-s` and its like may be a file."""
    args: list[Value] = []
    for arg in invocation.args:
        if args and args[-1].constant in {"-s", "-l", "-c", "-g", "-o"} and _COUNT.fullmatch(arg.constant or ""):
            args.pop()
        else:
            args.append(arg)
    return replace(invocation, args=tuple(args))
