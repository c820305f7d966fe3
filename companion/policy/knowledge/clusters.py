"""`kubectl`, `docker` and their kin, beyond what their tables say: secrets, and programs that run elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.model.facts import Access, EffectKind
from companion.policy.knowledge.finding import NO_INPUT, Fact, Found, Input, Words
from companion.policy.knowledge.names import names
from companion.policy.knowledge.tables import Tool, tool
from companion.policy.knowledge.tools import call_of, cloud, files, judge_tool, refused, resolve

_KUBECTLS = frozenset({"kubectl", "k", "oc"})
_SECRET = re.compile(r"(?:secrets?|sealedsecrets?|serviceaccounttokens?|all)(?:\.[\w.]+)?(?:/.*)?", re.IGNORECASE)
_SHOWN = frozenset({"", "wide", "name"})

_READERS = names("ls pwd whoami id date hostname uname ps df uptime nproc true head tail cat wc stat nslookup")
_PRIVATE = re.compile(
    r"/run/secrets|/proc|\.env\b|\.ssh|\.aws|/etc/shadow|credential|secret|token|passw|\.(?:pem|key|p12|kdbx)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w./:=,%+@-]*")


def judge(program: str, words: Words, _feed: Input = NO_INPUT) -> Iterator[Found]:
    """The findings of `kubectl`, `docker` or another name of theirs."""
    yield from _kubectl(program, words) if program in _KUBECTLS else _docker(program, words)


def _kubectl(name: str, words: Words) -> Iterator[Found]:
    """A secret's content is printed by an output format, not by the table of names."""
    known = _table(name)
    parser, _, path = resolve(known, words)
    if path == ["exec"]:
        yield from _exec(known, words, path)
        return
    if path == ["get"]:
        parsed = parser.run()
        kinds = [words[at] or "" for at in parsed.operands]
        named = any(_SECRET.fullmatch(kind) for each in kinds for kind in each.split(","))
        if (named or parsed.has("raw")) and (
            parsed.value("o", "output") not in _SHOWN or parsed.has("raw", "template")
        ):
            yield cloud(call_of(known, parsed, " ".join(["get", *kinds]), Access.SECRET))
        for value, at in parsed.values("o", "output"):
            name, equals, path_ = (value or "").partition("=")
            if equals and name.endswith("-file"):
                yield Fact(EffectKind.READ, path_, "", at)
    yield from judge_tool(known, words)


def _docker(name: str, words: Words) -> Iterator[Found]:
    """A program in a container reads the container's files, not these."""
    known = _table(name)
    _, _, path = resolve(known, words)
    if path[-1:] == ["exec"]:
        yield from _exec(known, words, path)
        return
    yield from judge_tool(known, words)


def _table(name: str) -> Tool:
    known = tool(name)
    if known is None:
        raise LookupError(f"no table knows {name}")
    return known


def _exec(known: Tool, words: Words, path: list[str]) -> Iterator[Found]:
    """`exec CONTAINER [--] PROGRAM …`: harmless where the program is one that only reads, on plain words."""
    parser, _, _ = resolve(known, words)
    parser.operand()
    first = parser.operand()
    parsed = parser.parsed
    if parsed.shows:
        yield Fact(EffectKind.RUN, known.name)
        return
    inner = words[first:] if first is not None else []
    plain = all(word is not None and _WORD.fullmatch(word) and not _PRIVATE.search(word) for word in inner)
    reads = bool(inner) and plain and inner[0] in _READERS
    command = " ".join([*path, *(word or "?" for word in inner[:1])])
    if reads:
        yield cloud(call_of(known, parsed, command, Access.READ))
    else:
        yield Fact(
            EffectKind.UNKNOWN,
            f"{known.name} {command}",
            "runs-other",
            call=call_of(known, parsed, command, Access.UNKNOWN),
        )
    if parsed.unknown is not None and (first is None or parsed.unknown < first):
        yield refused(words, parsed.unknown)
    yield from files(parsed)
