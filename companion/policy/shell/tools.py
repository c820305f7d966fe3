"""Command-line tools with subcommands: which of them only read, as their tables say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from companion.model.facts import Effect, EffectKind
from companion.policy.shell.effects import WEB_READ
from companion.policy.shell.hosts import server_hosts
from companion.policy.shell.invocation import Finding, Invocation, read
from companion.policy.shell.variables import is_harmless_to_show
from companion.policy.shell.words import Value

_HELP = frozenset({"--help", "-help", "--version"})
_ALONE = _HELP | {"-h", "help"}
_PLAIN_WORD = re.compile(r"[a-z][a-z0-9:_-]*")
_RUNNING = frozenset({"run", "exec", "x", "dlx", "test", "start", "tool", "ssh", "shell", "local", "do", "-c", "runx"})
"""Behind one of these another program's words may stand."""

_SCRIPTS = frozenset({"yarn", "pnpm", "bun"})
"""Tools to which a word they do not know is the name of a script, which is given all that follows."""
_ENTRY = re.compile(r"([^\s()]+)(\()?|(\))")
_URL = re.compile(r"[\w+.-]+://")
_PATHLIKE = re.compile(r"[~./]|[^=]*[^=:/]/|[\w.-]*\.(?:env|pem|key|p12|pfx)\b")


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool, and the subcommands with which it only reads.

    `reads` names them: `pr(list view)` is `pr list` and `pr view`, `a|b` are two names of one, and `.` among others
    says that what stands before the bracket reads also when nothing follows.
    """

    reads: str
    valued: str = ""
    """Options that take a value and may stand before the subcommand."""
    refused: str = ""
    """Options with which nothing counts as reading: letters for `-o`, words for `--output`."""
    paths: bool = True
    """Whether operands and values that look like paths are files that it reads."""
    code: str = ""
    """What is read of those files, as effects say it."""
    dry: str = ""
    """An option with which it only says what it would do."""
    interpreter: str = ""
    """Options whose value is an interpreter that it starts."""
    flags: str = ""
    """Options that, as the first word, are what it is asked to tell."""


Tree = Mapping[str, "Tree"]


def names(text: str) -> frozenset[str]:
    """The words of a list."""
    return frozenset(text.split())


@lru_cache(maxsize=512)
def tree_of(reads: str) -> Tree:
    """The subcommands as a tree."""
    root: dict[str, Tree] = {}
    stack: list[list[dict[str, Tree]]] = [[root]]
    for name, opens, closes in _ENTRY.findall(reads):
        if closes:
            stack.pop()
            continue
        children: dict[str, Tree] = {}
        for parent in stack[-1]:
            for one in name.split("|"):
                # Under two names it is one tree.
                parent[one] = children
        if opens:
            stack.append([children])
    return root


def judge_tool(invocation: Invocation, tool: Tool, otherwise: str) -> Iterator[Finding]:
    """What one call of a tool does; `otherwise` is the rule of whatever is not known to read."""
    words = [arg.constant for arg in invocation.args]
    if invocation.name == "gh" and words[:1] == ["api"]:
        yield invocation.runs() if _only_gets(words) else invocation.rule(otherwise, "gh api")
        return
    flagged = bool(words) and words[0] in tool.flags.split()
    flagged = flagged or (
        bool(tool.dry)
        and any((word or "").partition("=")[0] == tool.dry and word != f"{tool.dry}=none" for word in words)
    )
    script = invocation.name in _SCRIPTS and len(words) > 1 and words[0] not in tree_of(tool.reads)
    if asks_for_help(words) and not script:
        yield invocation.runs()
        return
    operands, unclear = _operands(invocation, tool)
    if unclear is not None and _may_be_option(unclear, tool):
        yield invocation.refuse(unclear)
        return
    refused = next((arg for arg in invocation.args if _is_refused(arg.text or "", tool.refused)), None)
    refused = refused or _other_interpreter(invocation, tool, operands)
    if refused is not None:
        yield invocation.rule(otherwise, _shown(invocation, operands), refused)
    elif not flagged and not _reads(operands, tree_of(tool.reads)):
        yield invocation.rule(otherwise, _shown(invocation, operands))
    else:
        yield invocation.runs()
        if operands[:1] == ["getenv"] and not all(is_harmless_to_show(one or "") for one in operands[1:]):
            yield invocation.rule("reads-environment", _shown(invocation, operands))
        if invocation.name == "openssl" and operands[:1] == ["s_client"]:
            for host in dict.fromkeys(server_hosts(invocation.args)):
                yield Effect(EffectKind.NETWORK, host, invocation.start, invocation.end, WEB_READ)
        if tool.paths:
            yield from named_files(invocation, tool.code)


def _only_gets(words: list[str | None]) -> bool:
    """Whether `gh api` asks and sends nothing: fields make it a POST."""
    method = "GET"
    for at, word in enumerate(words):
        if word is None:
            return False
        if word in {"-X", "--method"}:
            method = (words[at + 1] if at + 1 < len(words) else "") or ""
        elif found := re.match(r"-X=?(.+)|--method=(.+)", word):
            method = found.group(1) or found.group(2)
        elif re.match(r"-[fFH]|--(?:field|raw-field|input|header|hostname|verbose)", word) or word == "graphql":
            return False
    secret = re.search(r"secret|token|keys|actions/runners|installations", " ".join(word or "" for word in words))
    return method.upper() in {"GET", "HEAD"} and not secret


def asks_for_help(words: Sequence[str | None]) -> bool:
    """`tool help x`, `tool x --help`: it tells how it is used and does nothing else."""
    if not words or None in words:
        return False
    first, *others = (word or "" for word in words)
    if not others:
        return first in _ALONE
    words_only = all(_PLAIN_WORD.fullmatch(word) and word not in _RUNNING for word in others)
    # What stands behind `--version` nobody has said that the tool leaves alone.
    if first in _HELP and first != "--version":
        return words_only
    if first == "help" and all(_PLAIN_WORD.fullmatch(word) for word in others):
        return True
    named = [first, *others[:-1]]
    plain = all(_PLAIN_WORD.fullmatch(word) and word not in _RUNNING for word in named)
    return others[-1] in {"--help", "-h"} and plain and len(named) <= 3


def _operands(invocation: Invocation, tool: Tool) -> tuple[list[str | None], Value | None]:
    """The words that are no options, and the first that may turn out to be one."""
    valued = tool.valued.split()
    found: list[str | None] = []
    unclear: Value | None = None
    skip = plain = False
    for arg in invocation.args:
        text = arg.constant
        if skip:
            skip = False
        elif text is None:
            unclear = unclear or (arg if arg.text is None or arg.text[:1] in {"*", "?", "[", "-"} else None)
            found.append(None)
        elif text == "--" and not plain:
            plain = True
        elif len(text) > 1 and text.startswith("-") and not plain:
            name = text.lstrip("-")
            skip = "=" not in text and (name in valued) and (len(name) == 1 or text.startswith("--") or len(valued) > 0)
        else:
            found.append(text)
    return found, unclear


def _may_be_option(word: Value, tool: Tool) -> bool:
    return bool(tool.refused) or word.many


def _is_refused(text: str, refused: str) -> bool:
    if len(text) < 2 or not text.startswith("-"):
        return False
    name = text.lstrip("-").partition("=")[0]
    names = refused.split()
    if name in names:
        return True
    if text.startswith("--"):
        # Some tools take an abbreviation for the whole.
        return len(name) > 1 and any(one.startswith(name) for one in names if len(one) > 1)
    return any(len(one) == 1 and one in name for one in names)


_INTERPRETER = re.compile(r"(?:\w+@)?[\d.]+|(?:c?python|pypy)[\d.]*|(?:\./)?\.?venv(?:/bin/python[\d.]*)?")


def _other_interpreter(invocation: Invocation, tool: Tool, operands: list[str | None]) -> Value | None:
    """The word that may make it start a program of any name as its interpreter."""
    names = tool.interpreter.split()
    if invocation.name == "uv" and operands[:2] == ["python", "find"]:
        names.append("find")
    before = ""
    for arg in invocation.args:
        text = arg.constant
        option, equals, value = (text or "").partition("=")
        name = option.lstrip("-")
        if before or (equals and option[:1] == "-" and _is_one(option, names)):
            if not _INTERPRETER.fullmatch(text if before and text is not None else value):
                return arg
            before = ""
        elif option[:1] == "-" and option[:2] != "--" and name[:1] in names and len(name) > 1:
            if not _INTERPRETER.fullmatch(name[1:]):
                return arg
        elif _is_one(option, names) and (option[:1] == "-" or option == "find"):
            before = option
    return None


def _is_one(option: str, names: list[str]) -> bool:
    name = option.lstrip("-")
    # Some tools take an abbreviation for the whole.
    return name in names or (option[:2] == "--" and len(name) > 1 and any(one.startswith(name) for one in names))


def _reads(operands: list[str | None], tree: Tree) -> bool:
    node = tree
    for number, operand in enumerate(operands):
        if operand is None:
            return number > 0 and not node
        if not node and number > 0:
            return True
        if operand not in node or operand == ".":
            return "*" in node
        node = node[operand]
    return "." in node or (not node and bool(operands))


def _shown(invocation: Invocation, operands: list[str | None]) -> str:
    return " ".join([invocation.name, *(operand or "…" for operand in operands[:2])])


def named_files(invocation: Invocation, code: str = "") -> Iterator[Finding]:
    """Reads of whatever among the words looks like a path, alone or as an option's value."""
    for arg in invocation.args:
        text = arg.text
        if not text or _URL.match(text):
            continue
        value = text
        if text.startswith("-"):
            _, equals, value = text.partition("=")
            if not equals:
                continue
        value = value.removeprefix("@")
        if value and not _URL.match(value) and _PATHLIKE.match(value):
            yield from read(Value(value, arg.start, arg.end, glob=arg.glob), code)
