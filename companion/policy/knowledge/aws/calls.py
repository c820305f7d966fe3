"""What one `aws` command does: which call it makes, for whom and where, and which files it reads and writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from companion.model.facts import Access, CloudCall, EffectKind
from companion.policy.knowledge.argv import Parser, table
from companion.policy.knowledge.aws.commands import COMMANDS, LOCAL_HOST, judge_command
from companion.policy.knowledge.aws.table import Operation, operations
from companion.policy.knowledge.finding import NO_INPUT, Fact, Found, Input, Words
from companion.policy.knowledge.sql.statements import is_read
from companion.policy.knowledge.tools import cloud, refused

GLOBAL = (
    "endpoint-url= output= query= profile= region= color= ca-bundle< cli-read-timeout= cli-connect-timeout= "
    "cli-binary-format= cli-error-format= debug no-verify-ssl no-paginate no-sign-request no-cli-pager "
    "no-cli-auto-prompt version? help?"
)
_VALUED = frozenset(name[:-1] for name in GLOBAL.split() if name[-1] in "=<")
_TELLING = ("endpoint-url", "cli-input-json", "cli-input-yaml", "with-decryption", "generate-cli-skeleton")
# What holds a blank is a value, however it begins.
_BLANK = re.compile(r"\s")
_FILE = re.compile(r"fileb?://(.+)", re.DOTALL)
_HOST = re.compile(r"\w+://([^/:?#]+)")

_BODIES = {("s3api", "put-object"): "body", ("s3api", "upload-part"): "body", ("glacier", "upload-archive"): "body"}
"""Options whose value is a file without file:// in front of it."""

_STATEMENTS = {
    ("athena", "start-query-execution"): ("query-string", "athena"),
    ("redshift-data", "execute-statement"): ("sql", "redshift"),
    ("rds-data", "execute-statement"): ("sql", "postgres"),
    ("dynamodb", "execute-statement"): ("statement", ""),
    ("timestream-query", "query"): ("query-string", ""),
}
"""Operations that do what a text in SQL says: the option that holds it, and the dialect."""


@dataclass(slots=True)
class _Given:
    """The options of one call."""

    values: dict[str, list[tuple[str | None, int]]] = field(default_factory=dict[str, list[tuple[str | None, int]]])
    loose: list[int] = field(default_factory=list[int])
    """Words that no option without a list of values would take."""
    unknown: int | None = None

    def refuse(self, at: int) -> None:
        if self.unknown is None:
            self.unknown = at

    def value(self, name: str) -> str:
        values = self.values.get(name)
        return (values[0][0] or "") if values else ""


def judge(_program: str, words: Words, _feed: Input = NO_INPUT) -> Iterator[Found]:
    """The findings of `aws` with these arguments."""
    parser = Parser(words, table(GLOBAL))
    service_at = parser.operand()
    operation_at = parser.operand() if service_at is not None else None
    parsed = parser.parsed
    if parsed.unknown is not None:
        yield refused(words, parsed.unknown)
    service = "" if service_at is None else words[service_at] or ""
    operation = "" if operation_at is None else words[operation_at] or ""
    if parsed.shows or "help" in {service, operation} or words[-1:] == ["help"]:
        yield Fact(EffectKind.RUN, "aws")
        return
    given = _Given()
    for name, value, place in parsed.given:
        given.values.setdefault(name, []).append((value, place))
    if service in COMMANDS and operation in COMMANDS[service]:
        call = CloudCall(service, operation, COMMANDS[service][operation], *_whose(given))
        yield from judge_command(call, words, parser.rest)
        return
    _read_options(words, parser.rest, given)
    known = operations(service).get(operation)
    call = CloudCall(service, operation, Access.UNKNOWN, *_whose(given))
    if operation == "wait":
        yield cloud(replace(call, access=Access.READ))
    elif known is None:
        at = operation_at if operation_at is not None else service_at
        name = f"aws {service} {operation}".strip()
        yield Fact(EffectKind.UNKNOWN, name, "unknown-command", -1 if at is None else at, call)
    else:
        yield from _operation(call, known, words, given)
    if given.unknown is not None:
        yield refused(words, given.unknown)
    yield from _surroundings(given)


def _whose(given: _Given) -> tuple[str, str, str]:
    return given.value("profile"), given.value("region"), given.value("endpoint-url")


def _read_options(words: Words, start: int, given: _Given) -> None:
    """Every option of an operation is a parameter of the API, and takes as many values as it likes."""
    name = ""
    for at in range(start, len(words)):
        word = words[at]
        if word is None:
            given.refuse(at)
        elif word.startswith("--") and not _BLANK.search(word):
            name, equals, value = word[2:].partition("=")
            given.values.setdefault(name, [])
            if equals:
                given.values[name].append((value, at))
            if name not in _TELLING and len(name) > 2 and any(option.startswith(name) for option in _TELLING):
                given.refuse(at)
        else:
            if not name or given.values[name]:
                given.loose.append(at)
            if name:
                given.values[name].append((word, at))


def _operation(call: CloudCall, known: Operation, words: Words, given: _Given) -> Iterator[Fact]:
    access, at = known.access, None
    service, operation = call.service, call.operation
    statement = _STATEMENTS.get((service, operation))
    if "generate-cli-skeleton" in given.values:
        yield Fact(EffectKind.RUN, "aws")
        return
    if (access is Access.READ and "with-decryption" in given.values) or (
        (service, operation) == ("ec2", "describe-instance-attribute") and given.value("attribute") == "userData"
    ):
        access = Access.SECRET
    elif statement is not None and is_read(given.value(statement[0]), statement[1]):
        access = Access.READ
    elif service == "ec2" and "dry-run" in given.values and "no-dry-run" not in given.values:
        access = Access.READ if access is not Access.SECRET else access
    yield cloud(replace(call, access=access), at)
    body = _BODIES.get((service, operation))
    for value, place in given.values.get(body, []) if body else []:
        if value and not _FILE.match(value):
            yield Fact(EffectKind.READ, value, "", place)
    if known.to_file:
        places = given.loose or [len(words) - 1]
        yield from (Fact(EffectKind.WRITE, "", "", place) for place in places if words[place] != "-")


def _surroundings(given: _Given) -> Iterator[Fact]:
    """Files that values name, and an address of the caller's own."""
    for name, values in given.values.items():
        for value, at in values:
            if value is None:
                continue
            if found := _FILE.search(value):
                yield Fact(EffectKind.READ, found.group(1), "", at)
            elif name == "ca-bundle":
                yield Fact(EffectKind.READ, value, "", at)
            elif name == "endpoint-url" and not LOCAL_HOST.match(value):
                host = _HOST.match(value)
                yield Fact(EffectKind.NETWORK, host.group(1) if host else value, "network", at)
