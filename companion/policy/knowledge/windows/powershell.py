"""What a text in PowerShell does."""

from __future__ import annotations

import base64
import binascii
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

from companion.model.facts import EffectKind
from companion.policy.knowledge.finding import Fact, Found, Script, Words
from companion.policy.knowledge.windows import cmdlets
from companion.policy.knowledge.windows.cmdlets import KNOWN, name_of
from companion.policy.knowledge.windows.lexer import Command, cut_powershell
from companion.policy.knowledge.windows.paths import write_path

_PROGRAM = re.compile(r"[\w.+-]+")
_LATE = {
    re.compile(r"\b(?:iex|invoke-expression)\b", re.IGNORECASE): (EffectKind.UNKNOWN, "eval"),
    re.compile(
        r"\b(?:downloadstring|downloadfile|downloaddata|webclient|iwr|irm|invoke-(?:webrequest|restmethod)|"
        r"httpclient)\b",
        re.IGNORECASE,
    ): (
        EffectKind.NETWORK,
        "network",
    ),
    re.compile(r"\b(?:remove-item|ri|rmdir|del|erase|rd|rm|clear-content)\b|::Delete\b", re.IGNORECASE): (
        EffectKind.CHANGE,
        "rm",
    ),
    re.compile(r"\b(?:frombase64string|-enc\w*|-e[cn]\b)", re.IGNORECASE): (EffectKind.UNKNOWN, "eval"),
    re.compile(r"\bformat-volume\b|\bclear-disk\b", re.IGNORECASE): (EffectKind.CHANGE, "disk"),
    re.compile(r"\b(?:start-process|saps)\b", re.IGNORECASE): (EffectKind.UNKNOWN, "runs-other"),
    re.compile(r"\b(?:stop-process|spps)\b", re.IGNORECASE): (EffectKind.PROCESS, "kill"),
    re.compile(r"\bset-executionpolicy\b", re.IGNORECASE): (EffectKind.PRIVILEGE, "privilege"),
    re.compile(r"\$env:|\benv:", re.IGNORECASE): (EffectKind.UNKNOWN, "reads-environment"),
}
"""What a text names where it cannot be taken apart."""

_VALUED = ("executionpolicy", "ep", "windowstyle", "version", "psconsolefile", "inputformat", "outputformat",
           "configurationname", "workingdirectory", "wd", "settingsfile", "custompipename")  # fmt: skip
_FLAGS = ("noprofile", "nologo", "noninteractive", "sta", "mta", "noexit", "login", "interactive", "noprofileloadtime")
_DEEPEST = 3


def judge_powershell(text: str, at: int = -1, depth: int = 0) -> Iterator[Found]:
    """The findings of a text; all of them are about argument `at`."""
    line = cut_powershell(text)
    if line.unclear:
        yield Fact(EffectKind.UNKNOWN, f"this PowerShell, because of {line.unclear!r}", "shell-text", at)
        for form, (kind, code) in _LATE.items():
            if found := form.search(text):
                yield Fact(kind, found.group(), code, at)
    if not line.commands and not line.unclear:
        yield Fact(EffectKind.RUN, "powershell", at=at)
    names = [name_of(command.words[0] or "") if command.words else "" for command in line.commands]
    flows = False
    for command, name in zip(line.commands, names, strict=True):
        flows = (flows and command.piped) or name in cmdlets.NAMES
        if flows and name in cmdlets.CONTENT:
            # Files come through the pipe, and it reads each of them.
            yield Fact(EffectKind.READ, ".", "tree", at)
        for finding in _command(command, depth):
            yield replace(finding, at=at)


def _command(command: Command, depth: int) -> Iterator[Fact | Script]:
    for target in command.writes:
        if target is None:
            yield Fact(EffectKind.UNKNOWN, "this redirection", "redirect")
        elif target.lower() not in {"$null", "nul"}:
            yield from write_path(target, -1)
    if not command.words:
        return
    program, *words = command.words
    if program is None or not _PROGRAM.fullmatch(program):
        yield Fact(EffectKind.UNKNOWN, program or "this word", "unknown-program")
        return
    name = name_of(program)
    if program.lower() == "sort" and any((word or "--").startswith(("-o", "-T", "--")) for word in words):
        # Where it is no alias it is the program of that name, which writes files and runs others.
        yield Fact(EffectKind.UNKNOWN, "this sort", "unknown-option")
    if name in KNOWN or "-" in name:
        for finding in cmdlets.judge(program, words):
            if isinstance(finding, Fact):
                yield finding
        return
    lower = name.removesuffix(".exe")
    if lower in {"powershell", "pwsh"} and depth < _DEEPEST:
        yield from (found for found in judge_call(words, depth + 1) if not _is_inner(found))  # type: ignore[misc]
    elif any(word is None for word in words):
        yield Fact(EffectKind.UNKNOWN, program, "unknown-program")
    else:
        # A program of the system is what it is anywhere.
        yield Script(shlex.join([lower, *(word or "" for word in words)]))


def _is_inner(found: Found) -> bool:
    return not isinstance(found, Fact | Script)


def judge_call(words: Words, depth: int = 0) -> Iterator[Found]:
    """The findings of powershell.exe or pwsh with these arguments."""
    at = 0
    while at < len(words):
        word = words[at]
        if word is None:
            yield Fact(EffectKind.UNKNOWN, "this word", "unknown-word", at)
            return
        option = word[1:].lower() if word[:1] in {"-", "/"} else ""
        at += 1
        if option and "command".startswith(option):
            yield from _text(words, at, depth)
            return
        if option and ("encodedcommand".startswith(option) or option in {"ec", "enc"}):
            yield from _encoded(words, at, depth)
            return
        if option in {"?", "h", "help", "v", "version"} and at == len(words):
            yield Fact(EffectKind.RUN, "powershell")
            return
        if option and any(name.startswith(option) for name in _VALUED):
            at += 1
        elif (option and any(name.startswith(option) for name in _FLAGS)) or option == "nop":
            continue
        elif not option:
            # pwsh takes a file where powershell.exe takes a text: it is whatever asks more.
            yield Fact(EffectKind.UNKNOWN, word, "runs-script", at - 1)
            yield from _text(words, at - 1, depth)
            return
        else:
            yield Fact(
                EffectKind.UNKNOWN, word, "runs-script" if "file".startswith(option) else "unknown-option", at - 1
            )
            return
    yield Fact(EffectKind.UNKNOWN, "powershell", "shell-text")


def _text(words: Words, at: int, depth: int) -> Iterator[Found]:
    rest = words[at:]
    if not rest or any(word is None for word in rest) or rest == ["-"]:
        yield Fact(EffectKind.UNKNOWN, "powershell", "shell-text")
        return
    yield from judge_powershell(" ".join(word or "" for word in rest), at, depth)


def _encoded(words: Words, at: int, depth: int) -> Iterator[Found]:
    """Text in base64, of UTF-16. Nobody encodes what he wants to be read, so a person is asked in any case."""
    text = words[at] if at < len(words) else None
    yield Fact(EffectKind.UNKNOWN, "an encoded command", "eval", at if at < len(words) else -1)
    if text is None:
        return
    try:
        decoded = base64.b64decode(text, validate=True).decode("utf-16-le")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return
    if depth < _DEEPEST:
        yield from judge_powershell(decoded, at, depth + 1)
