"""`gh` and `glab`, beyond what their tables say: `api` calls anything, as its method and its fields say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.model.facts import Access, CloudCall, EffectKind
from companion.policy.knowledge.argv import Parsed, parse
from companion.policy.knowledge.finding import NO_INPUT, Fact, Found, Input, Words
from companion.policy.knowledge.tables import tool
from companion.policy.knowledge.tools import cloud, files, judge_tool, refused

_API = (
    "X= method= f= raw-field= F= field= H= header= input< hostname= i include p= preview= q= jq= t= template= "
    "paginate slurp "
    "cache= silent verbose R= repo= h? help? form= output= ndjson"
)
_FIELDS = ("f", "raw-field", "F", "field", "input", "form")
_MUTATION = re.compile(r"\bmutation\b|\bsubscription\b", re.IGNORECASE)
_QUERY = re.compile(r"query=\s*(?:\{|query\b)", re.IGNORECASE)


def judge(program: str, words: Words, _feed: Input = NO_INPUT) -> Iterator[Found]:
    """The findings of `gh` or `glab`."""
    known = tool(program)
    if known is None:
        raise LookupError(f"no table knows {program}")
    if words[:1] == ["api"]:
        yield from _api(known.service, words)
    else:
        yield from judge_tool(known, words)


def _api(service: str, words: Words) -> Iterator[Found]:
    parsed = parse(words[1:], _API)
    if parsed.shows:
        yield Fact(EffectKind.RUN, service)
        return
    paths = [words[1 + at] or "" for at in parsed.operands]
    path = paths[0] if paths else ""
    method = (parsed.value("X", "method") or ("POST" if parsed.has(*_FIELDS) else "GET")).upper()
    access = (
        Access.READ if method in {"GET", "HEAD", "OPTIONS"} else Access.DELETE if method == "DELETE" else Access.WRITE
    )
    if path.strip("/") == "graphql" and _only_queries(parsed):
        access = Access.READ
    account = parsed.value("hostname") or parsed.value("R", "repo")
    yield cloud(CloudCall(service, f"api {method} {path}".strip(), access, account))
    if any(re.search(r"\benv\b|\$ENV", value or "") for value, _ in parsed.values("q", "jq")):
        yield Fact(EffectKind.UNKNOWN, "this jq program", "reads-environment")
    if len(paths) != 1:
        yield Fact(EffectKind.UNKNOWN, "this address", "unknown-word")
    if "://" in path:
        yield Fact(EffectKind.NETWORK, path, "network")
    if parsed.unknown is not None:
        yield refused(words, 1 + parsed.unknown)
    for fact in files(parsed):
        yield Fact(fact.kind, fact.target or words[1 + fact.at] or "", fact.code, 1 + fact.at)
    for value, at in parsed.values("F", "field"):
        # The file behind an @ is sent.
        source = (value or "").partition("=")[2]
        if source.startswith("@") and source != "@-":
            yield Fact(EffectKind.READ, source[1:], "", 1 + at)


def _only_queries(parsed: Parsed) -> bool:
    fields = [value or "" for value, _ in parsed.values(*_FIELDS)]
    if parsed.has("input", "form") or any(_MUTATION.search(value) for value in fields):
        return False
    return any(_QUERY.match(value) for value in fields) and not any("=@" in value for value in fields)
