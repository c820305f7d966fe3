"""awk: a program that only prints reads its files; one that redirects, pipes or calls the system is asked about."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.policy.shell.invocation import Finding, Invocation, read
from companion.policy.shell.options import split

_OPTIONS = (
    "F= v= f< field-separator= assign= file< posix re-interval traditional non-decimal-data lint sandbox s S b c P r V "
    "version help"
)
_NOTHING = re.compile(r'"(?:[^"\\]|\\.)*"|#[^\n]*|/(?:[^/\\\n]|\\.)+/')
_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
_WORDS = re.compile(
    r"\b(?:system|getline|printf?\s*>|close|fflush|ENVIRON|PROCINFO|@\w+|ARGV|include|load|extension|nextfile)\b|\||@"
)
_REDIRECT = re.compile(r"\bprintf?\b[^;}\n]*>|>>")
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
    if arguments.has("version", "help", "V"):
        yield invocation.runs()
        return
    if arguments.has("f", "file"):
        yield invocation.rule("runs-script")
    elif not operands or operands[0].constant is None or not only_prints(operands[0].constant):
        yield invocation.rule("runs-code", at=operands[0] if operands else None)
        operands = operands[1:]
    else:
        operands = operands[1:]
        yield invocation.runs()
    for path in arguments.reads:
        yield from read(path)
    for operand in operands:
        # Between files an operand may set a variable.
        if operand.constant != "-" and not re.match(r"[A-Za-z_]\w*=", operand.text or ""):
            yield from read(operand)


def only_prints(program: str) -> bool:
    """Whether an awk program can do nothing but to print what it reads."""
    if len(program) > 4000:
        return False
    bare = _NOTHING.sub('""', program)
    if _WORDS.search(bare):
        return False
    while _COMPARES.search(bare):
        bare = _COMPARES.sub("()", bare)
    return not _REDIRECT.search(bare)
