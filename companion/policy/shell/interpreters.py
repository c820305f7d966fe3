"""Interpreters: their code is read where the command spells it out, and else asked about."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace

from companion.model.facts import Effect
from companion.policy.shell.builds import is_own, judge_build, judge_entry, ran
from companion.policy.shell.effects import NAMES, is_temporary
from companion.policy.shell.invocation import Finding, Inner, Invocation, read
from companion.policy.shell.javascript.engines import judge_engine
from companion.policy.shell.pycode import judge_python, other_code
from companion.policy.shell.state import join
from companion.policy.shell.tools import named_files, names
from companion.policy.shell.words import Value

_PYTHON = re.compile(r"python[\d.]*|pypy3?")
_FLAGS = re.compile(r"-[bBdEIiOPqsSuvx]+")
_CODE = re.compile(r"-\w*[ceEpr]$|--(?:eval|print|command)\b")
_MODULES_RUN = names(
    "pytest unittest mypy ruff black flake8 pylint isort tox nox coverage pip uv pre_commit bandit pyflakes pycodestyle"
)
_MODULES_COMPILING = names("py_compile compileall")
_MODULES_READING = frozenset(
    {"json.tool", "tokenize", "ast", "dis", "calendar", "platform", "this", "sysconfig", "site"}
)


def judge_interpreter(invocation: Invocation) -> Iterator[Finding]:
    """Python and its kin: code in an option, a module, a script, or whatever stands on the input."""
    if _PYTHON.fullmatch(invocation.name):
        yield from _python(invocation)
        return
    if (built := judge_build(invocation)) is not None:
        yield from built
        return
    if (found := judge_engine(invocation)) is not None:
        yield from found
        return
    args = invocation.args
    at = next((number for number, arg in enumerate(args) if arg.text is not None and _CODE.match(arg.text)), None)
    operands = [arg for arg in args if arg.text is None or not arg.text.startswith("-")]
    feed = invocation.feed
    if any(arg.substituted for arg in args):
        yield invocation.rule("pipe-to-shell")
    elif at is not None:
        if at == 0 and args[0].constant in _SAYS and _only_prints(args[1:]):
            yield invocation.runs()
            return
        yield invocation.rule("runs-code")
        _, attached, code = (args[at].text or "").partition("=")
        for value in [Value(code, args[at].start, args[at].end)] if attached else args[at + 1 :]:
            yield from other_code(value)
    elif feed and not operands:
        if feed.text is not None and _only_prints((feed.text,)):
            yield invocation.runs()
            return
        known = feed.text is not None and feed.text.constant is not None
        yield invocation.rule("runs-code" if known else "pipe-to-shell")
        if feed.text is not None:
            yield from other_code(feed.text)
    elif operands:
        yield from _runs_script(invocation, args)
    else:
        yield invocation.rule("runs-code")


_SAYS = names("-e -E -r -p -pe -ne --eval --print")
"""Options behind which code stands; before and beside it others could load a library or rewrite files."""
_PRINTS = re.compile(
    r"\s*(?:print|say|puts|echo|console\.log)\s*\(?\s*(?:\d+|'[^'\\$@`]*'|\"[^\"\\$@`#{}]*\")?\s*\)?\s*;?\s*"
)


def _only_prints(words: tuple[Value, ...]) -> bool:
    return len(words) == 1 and _PRINTS.fullmatch(words[0].constant or "x") is not None


def _handed(operand: Value) -> Iterator[Finding]:
    """A script's arguments are read by it, if they are files at all."""
    text = operand.constant
    if text and re.search(r"[/.]", text) and " " not in text and "://" not in text:
        yield from read(operand, "" if not text.endswith("/") else NAMES)


def _python(invocation: Invocation) -> Iterator[Finding]:
    args = invocation.args
    at = 0
    while at < len(args) and args[at].constant is not None and _FLAGS.fullmatch(args[at].constant or ""):
        at += 1
    word = args[at].constant if at < len(args) else None
    rest = args[at + 1 :]
    feed = invocation.feed
    if any(arg.substituted for arg in args):
        yield invocation.rule("pipe-to-shell")
    elif at == len(args) or word == "-":
        if feed.text is not None and feed.text.constant is not None:
            yield from judge_python(invocation, feed.text)
        else:
            yield invocation.rule("pipe-to-shell" if feed else "runs-code")
    elif word is not None and re.fullmatch(r"-[bBdEIOPqsSuvx]*c", word) and rest:
        yield from judge_python(invocation, rest[0])
    elif word is not None and word.startswith("-c") and len(word) > 2:
        yield from judge_python(invocation, Value(word[2:], args[at].start, args[at].end))
    elif word == "-m" and rest and rest[0].constant:
        yield from _module(invocation, rest)
    elif word is not None and word.startswith("-"):
        yield invocation.rule("runs-code")
    else:
        yield from _runs_script(invocation, args[at:])


_OWN_SCRIPT = re.compile(r"(?:\./)?(?:[\w@-][\w.@+-]*/)*[\w@-][\w.@+-]*\.(?:m?js|cjs|tsx?|jsx|py|rb|php|lua|jl|R|exs?)")
_LONGEST_SCRIPT = 20_000


def _runs_script(invocation: Invocation, args: tuple[Value, ...]) -> Iterator[Finding]:
    """A script of the project is read where its text can be understood, which is python's alone."""
    if _PYTHON.fullmatch(invocation.name) and (entry := judge_entry(invocation, args)) is not None:
        yield from entry
        return
    if args and args[0].constant == "run" and invocation.name in {"bun", "deno"}:
        args = args[1:]
    path = args[0].constant if args else None
    own = path is not None and _OWN_SCRIPT.fullmatch(path) is not None and ".." not in path
    text = invocation.look(path) if own and path is not None and invocation.look is not None else None
    found: list[Finding] = []
    if text is not None and len(text) <= _LONGEST_SCRIPT:
        code = Value(text, args[0].start, args[0].end)
        python = _PYTHON.fullmatch(invocation.name) is not None
        found = list(judge_python(_beside(invocation, path or ""), code) if python else other_code(code))
    clear = bool(found) and _PYTHON.fullmatch(invocation.name) is not None and not any(map(_is_code, found))
    code_of = "project-script" if clear else "runs-script"
    named = path or invocation.name
    yield invocation.rule(code_of, invocation.name if named.startswith("-") else named, args[0] if args else None)
    yield from (finding for finding in found if not _is_code(finding))
    for operand in args[1:]:
        yield from _handed(operand)


def _beside(invocation: Invocation, path: str) -> Invocation:
    """The same, seen from the folder of the script: there python looks for modules first."""
    look, folder = invocation.look, posixpath.dirname(path)
    if look is None:
        return invocation

    def beside(name: str) -> str | None:
        return look(join(folder, name))

    return replace(invocation, look=beside)


def _is_code(finding: Finding) -> bool:
    return isinstance(finding, Effect) and finding.code in _ABOUT_CODE


_ABOUT_CODE = frozenset({"runs-code", "unknown-path"})


def _is_compiled(word: Value) -> bool:
    text = word.text or "-"
    return text == "-q" or (is_own(text) and text[:1] not in "*?[")


def _module(invocation: Invocation, words: tuple[Value, ...]) -> Iterator[Finding]:
    name = words[0].constant or ""
    own = invocation.look is not None and any(
        invocation.look(path) is not None for path in (f"{name}.py", f"{name}/__init__.py", f"{name}/__main__.py")
    )
    elsewhere = any(is_temporary(word.constant or "/tmp/x") for word in words)  # noqa: S108 - no file is made
    if name == "unittest" and not own and not elsewhere:
        yield from ran(invocation, "-m unittest")
        yield from named_files(replace(invocation, args=words[1:]))
    elif name in _MODULES_COMPILING and not own and all(map(_is_compiled, words[1:])):
        # It leaves compiled files beside the sources, as a run of them does.
        yield from ran(invocation, f"-m {name}")
        for operand in words[1:]:
            yield from () if operand.constant == "-q" else read(operand)
    elif name in _MODULES_RUN and not own:
        yield Inner(words, invocation.feed)
    elif name in _MODULES_READING and not own:
        yield invocation.runs()
        for operand in words[1:2]:
            if not (operand.text or "-").startswith("-"):
                yield from read(operand)
        if len(words) > 2:
            yield invocation.rule("runs-script", at=words[2])
    else:
        yield invocation.rule("runs-script", at=words[0])
        for operand in words[1:]:
            yield from _handed(operand)
