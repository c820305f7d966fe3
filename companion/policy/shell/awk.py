"""awk: a program that only prints reads its files; one that redirects, pipes or calls the system is asked about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from companion.policy.shell.invocation import Finding, Invocation, Text, read
from companion.policy.shell.options import split
from companion.policy.shell.words import Value

_OPTIONS = (
    "F= v= f< field-separator= assign= file< posix re-interval traditional non-decimal-data lint sandbox s S b c P r V "
    "version help"
)
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"|#[^\n]*|/')
_REGEX = re.compile(r'/(?:[^/\\\n\["]|\\[^\n]|\[\^?\]?(?:\[[:.=]\w+[:.=]\]|[^\]\[/"\n\\])*\])+/')
_BEFORE_REGEX = frozenset("({[,;!~&|}=?:\n")
"""Behind one of these, or first of all, a slash begins a regular expression."""
_OPERAND = re.compile(r'[\w.\])"]$')
_STATEMENT = re.compile(
    r"\b(?:print|printf|return|else|do|in|exit|delete|case|default|switch|if|while|for|func|function|BEGIN|END)$"
)
_CONTROLS = re.compile(r"\b(?:if|while|for|switch)[ \t]*$")
_WORDS = re.compile(
    r"\b(?:system|getline|printf?\s*>|close|fflush|ENVIRON|PROCINFO|SYMTAB|FUNCTAB|@\w+|ARGV|include|load|extension|nextfile)\b|\||@"
)
_REDIRECT = re.compile(r"\bprintf?\b[^;}\n]*>|>>")
_CONTINUES = re.compile(r"(,|&&|[?:])[ \t\r]*\n\s*")
"""Behind one of these a statement goes on in the next line."""
_LONGEST = 4000
_COMPARES = re.compile(r"\([^()]*>[^()]*\)")


def judge_awk(invocation: Invocation) -> Iterator[Finding]:
    """Gawk's -i loads a library, so -i and -e and the like are no known options here."""
    arguments = split(invocation.args, _OPTIONS)
    if arguments.unknown is not None:
        yield invocation.rule("runs-code", at=arguments.unknown)
        # Whatever is read is read, also by a program that is not known.
        for operand in arguments.operands[1:]:
            yield from read(operand)
        return
    operands = arguments.operands
    if invocation.words in {("--version",), ("--help",), ("-V",)}:
        yield invocation.runs()
        return
    if arguments.has("f", "file"):
        yield invocation.rule("runs-script")
    else:
        text = operands[0].constant if operands else None
        program = _take_apart(text) if text is not None else None
        rest, inputs = _inputs(program) if program is not None else ("", [])
        if program is not None and _only_prints(rest):
            yield invocation.runs()
        else:
            yield invocation.rule("runs-code", at=operands[0] if operands else None)
        for name, runs in inputs:
            value = Value(name, operands[0].start, operands[0].end)
            yield from (Text(value),) if runs else read(value)
        operands = operands[1:]
    for path in arguments.reads:
        yield from read(path)
    for operand in operands:
        # Between files an operand may set a variable.
        if operand.constant != "-" and not re.match(r"[A-Za-z_]\w*=", operand.text or ""):
            yield from read(operand)


_INPUT = re.compile(
    r"(?P<before>^|[{;(\n])\s*"
    r'(?:"(?P<command>\d+)"\s*\|\s*getline|getline(?:\s+[A-Za-z_]\w*)?\s*<\s*"(?P<file>\d+)")'
    r"(?:\s+[A-Za-z_]\w*)?(?=\s*(?:[;})\n]|$))"
)
"""What is read from a spelled out file or command; nothing beside it could become part of its name."""


@dataclass(frozen=True, slots=True)
class _Program:
    """`bare` is a program in which each string is its number in quotes; regular expressions and comments are gone."""

    bare: str
    strings: tuple[str, ...]


def _take_apart(program: str) -> _Program | None:
    """None where it cannot be told what is a string, what a regular expression, and what a division."""
    if len(program) > _LONGEST or "\\\n" in program:
        return None
    bare = ""
    strings: list[str] = []
    at = 0
    while token := _TOKEN.search(program, at):
        bare += program[at : token.start()]
        at = token.end()
        text = token.group()
        last = bare.rstrip(" \t")[-1:]
        if text[0] == '"':
            bare += f'"{len(strings)}"'
            strings.append(text[1:-1])
        elif text == "/" and (not last or last in _BEFORE_REGEX):
            regex = _REGEX.match(program, token.start())
            if regex is None:
                return None
            bare += '""'
            at = regex.end()
        elif text == "/" and _divides(bare.rstrip(" \t")):
            bare += "/"
        elif text == "/":
            return None
    bare += program[at:]
    return None if bare.count('"') != 2 * len(re.findall(r'"\d*"', bare)) else _Program(bare, tuple(strings))


def _divides(before: str) -> bool:
    """Whether a slash there divides for every awk; behind a condition it begins a regular expression for some."""
    if not _OPERAND.search(before) or _STATEMENT.search(before):
        return False
    if not before.endswith(")"):
        return True
    depth = 0
    for at in range(len(before) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(before[at], 0)
        if not depth:
            return not _CONTROLS.search(before[:at])
    return False


def _inputs(program: _Program) -> tuple[str, list[tuple[str, bool]]]:
    """The bare program without what it reads by `getline`, and those: the text, and whether it is run."""
    inputs: list[tuple[str, bool]] = []

    def take(found: re.Match[str]) -> str:
        text = program.strings[int(found["command"] or found["file"])]
        if "\\" in text:
            return found.group()
        inputs.append((text, found["command"] is not None))
        return f"{found['before']} 0"

    return _INPUT.sub(take, program.bare), inputs


def _only_prints(bare: str) -> bool:
    """Whether such a program can do nothing but to print what it reads."""
    if _WORDS.search(bare):
        return False
    bare = _CONTINUES.sub(r"\1 ", bare)
    while _COMPARES.search(bare):
        bare = _COMPARES.sub("()", bare)
    return not _REDIRECT.search(bare)
