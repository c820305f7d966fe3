"""`sed`: scripts that only look and substitute, on what they read and, with -i, in the files themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from companion.policy.shell.builds import is_project
from companion.policy.shell.invocation import Finding, Invocation, read, write
from companion.policy.shell.knowledge import SED
from companion.policy.shell.options import split
from companion.policy.shell.words import Value

_PART = r"(?:[^/\\\n\[]|\\[^\n]|\[[^\]/\n\\]+\])*"
_ADDRESS = rf"(?:\d+(?:~\d+)?|\$|/{_PART}/I?)"
# Of the flags e runs what comes out, and w writes it to a file.
_FLAGS = r"[gpiI\d]*"
_SUBSTITUTIONS = "|".join(
    "s{0}{1}{0}{1}{0}{2}".format(re.escape(sign), _PART.replace("/", sign), _FLAGS) for sign in "/|#,@"
)
_COMMAND = rf"(?:{_ADDRESS}(?:,(?:\+?\d+|{_ADDRESS}))?)? *!?(?:[pdqQ=lDgGhHxnNP]|{_SUBSTITUTIONS})"
_TEXT = rf"(?:{_ADDRESS}(?:,(?:\+?\d+|{_ADDRESS}))?)? *[aic](?:\\\n?|(?= ))[^\\\n]*(?=\n|$)"
"""What is put in goes on to the end of the line."""
_ONE = rf"(?:{_COMMAND}|{_TEXT})"
_SCRIPT = re.compile(rf"[ \n]*{_ONE}(?: *[;\n][ ;\n]*{_ONE})*[ ;\n]*")
_LONGEST = 500
_IN_PLACE = re.compile(r"-[nErsuz]*[iI]|--in-p")
_IN_PLACE_ONLY = re.compile(
    r"-(?P<others>[nErsuz]*)i(?P<ending>[.~_-][\w.~-]*)?|--in-place(?:=(?P<long>[.~_-][\w.~-]*))?"
)


def judge_sed(invocation: Invocation) -> Iterator[Finding]:
    """Reads of its files, or the question and the writes of -i; a script that may do more is not known."""
    args: list[Value] = []
    ending: str | None = None
    for arg, word in zip(invocation.args, invocation.words, strict=True):
        found = _IN_PLACE_ONLY.fullmatch(word) if not arg.glob else None
        if found is not None:
            ending = found["ending"] or found["long"] or ""
            args += [replace(arg, text=f"-{found['others']}")] if found["others"] else []
        elif _IN_PLACE.match(word):
            yield invocation.rule("sed-in-place")
            return
        else:
            args.append(arg)
    if ending is not None and args and args[0].constant == "":
        # To one sed the ending of a copy that is not kept, to another a script that does nothing.
        args = args[1:]
    arguments = split(tuple(args), SED)
    scripts = [value for name, value in arguments.order if name in {"e", "expression"}]
    files = arguments.operands
    if not scripts:
        scripts, files = [*files[:1]], files[1:]
    strange = [script for script in scripts if not _is_plain(script)]
    if ending is not None:
        yield from _in_place(invocation, files, ending, known=arguments.unknown is None and not strange)
        return
    yield invocation.runs() if arguments.unknown is None else invocation.refuse(arguments.unknown)
    for script in strange:
        yield invocation.rule("unknown-option", "this sed script", script)
    for operand in files:
        if operand.constant != "-":
            yield from read(operand)


def _is_plain(script: Value) -> bool:
    text = script.constant
    return text is not None and len(text) <= _LONGEST and _SCRIPT.fullmatch(text) is not None


def _in_place(invocation: Invocation, files: tuple[Value, ...], ending: str, *, known: bool) -> Iterator[Finding]:
    plain = known and files and all(file.constant for file in files)
    if plain and (is_project(invocation.look) or is_project(invocation.git)):
        yield invocation.runs()
    else:
        # The writes are told beside it, so that rules about those files hold.
        yield invocation.rule("sed-in-place")
    for file in files if known else ():
        yield from write(file)
        if ending and file.constant:
            yield from write(replace(file, text=file.constant + ending))
