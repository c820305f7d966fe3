"""What the command lines of databases do: psql, mysql, sqlite3, duckdb, sqlcmd and their kin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from companion.model.facts import EffectKind
from companion.policy.knowledge.argv import Parsed, parse
from companion.policy.knowledge.finding import NO_INPUT, Fact, Found, Input, Words
from companion.policy.knowledge.sql.commands import (
    understand_mysql,
    understand_psql,
    understand_sqlcmd,
    understand_sqlite,
)
from companion.policy.knowledge.sql.statements import Does, Meaning, understand
from companion.policy.knowledge.tools import files, refused

_CODES = {
    Does.SESSION: (EffectKind.CHANGE, "database"),
    Does.WRITE: (EffectKind.CHANGE, "sql-write"),
    Does.FILE: (EffectKind.CHANGE, "sql-file"),
    Does.PERMISSIONS: (EffectKind.CHANGE, "sql-permissions"),
    Does.DESTROY: (EffectKind.CHANGE, "sql-destroy"),
    Does.RUNS: (EffectKind.UNKNOWN, "sql-runs"),
    Does.UNKNOWN: (EffectKind.UNKNOWN, "sql-unknown"),
}


@dataclass(frozen=True, slots=True)
class _Client:
    """One client: its options, which of them hold statements, and how its texts are read."""

    options: str
    understand: Callable[[str], Meaning]
    texts: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    go: bool = False
    most: int = 2
    """How many operands it takes that are names of a database and its user."""
    file: bool = False
    """Whether its first operand is the database's file, and those behind it are statements."""


_PSQL = (
    "c= command= f< file< d= dbname= l list A no-align F= field-separator= H html P= pset= R= record-separator= t "
    "tuples-only T= table-attr= x expanded z 0 csv h= host= p= port= U= username= w no-password W password a "
    "echo-all b e "
    "echo-queries E echo-hidden n no-readline q quiet s S 1 single-transaction X no-psqlrc V? ??"
)
_MYSQL = (
    "e= execute= h= host= P= port= u= user= p~ password~ D= database= B batch s silent N skip-column-names t table v "
    "verbose E vertical H html X xml r raw n f force S= socket= protocol= ssl-mode= ssl-ca< ssl column-names "
    "no-auto-rehash A default-character-set= connect-timeout= skip-pager b no-beep I? V? column-type-info"
)
_SQLITE = (
    "readonly safe csv json table list line markdown box column html quote tabs ascii header noheader batch bail echo "
    "separator= newline= nullvalue= cmd= init< version? help? memtrace stats nofollow deserialize interactive mmap= "
    "c= s= f< unsigned no-stdin jsonlines ui! storage-version= noinit"
)
_SQLCMD = (
    "query= text= q= Q= i< o> S= server= d= database= database-name= U= user-name= P= E G C N~ l= t= h= s= w= W b e m= "
    "u I a= K= M y= Y= k~ r~ V= name= f= x X~ ??"
)
_CLICKHOUSE = (
    "q= query= h= host= port= u= user= password= d= database= f= format= m multiline n multiquery t time vertical E "
    "s secure stacktrace readonly="
)

_CLIENTS = {
    **dict.fromkeys(("psql", "pgcli"), _Client(_PSQL, understand_psql, ("c", "command"), ("f", "file"))),
    **dict.fromkeys(("mysql", "mariadb", "mycli"), _Client(_MYSQL, understand_mysql, ("e", "execute"), most=1)),
    **dict.fromkeys(
        ("sqlite3", "sqlite"), _Client(_SQLITE, understand_sqlite, ("cmd",), ("init",), go=True, most=1, file=True)
    ),
    "duckdb": _Client(
        _SQLITE,
        lambda text: understand_sqlite(text, "duckdb"),
        ("cmd", "c", "s"),
        ("init", "f"),
        go=True,
        most=1,
        file=True,
    ),
    "sqlcmd": _Client(_SQLCMD, understand_sqlcmd, ("q", "Q", "query", "text"), ("i",), most=0),
    **dict.fromkeys(
        ("clickhouse-client", "clickhouse"),
        _Client(_CLICKHOUSE, lambda text: understand(text, "clickhouse"), ("q", "query"), most=0),
    ),
}

CLIENTS = frozenset(_CLIENTS)
"""Every program that is told of here."""


def judge(name: str, words: Words, feed: Input = NO_INPUT) -> Iterator[Found]:
    """The findings of a database's client."""
    client = _CLIENTS[name]
    subcommand = name == "sqlcmd" and words[:1] == ["query"]
    parsed = parse(words, f"{client.options} help? version?", go=client.go)
    operands = parsed.operands[1:] if subcommand else parsed.operands
    if parsed.unknown is not None:
        yield Fact(EffectKind.CHANGE, name, "database")
        yield refused(words, parsed.unknown)
    yield from files(parsed)
    if parsed.shows:
        yield Fact(EffectKind.RUN, name)
        return
    texts: list[tuple[str | None, int]] = parsed.values(*client.texts)
    limit = 1 if client.file else 0 if subcommand else client.most
    texts += [(words[at], at) for at in operands[limit:]] if client.file or subcommand else []
    if not client.file and not subcommand and len(operands) > limit:
        yield Fact(EffectKind.UNKNOWN, "this operand", "unknown-option", operands[limit])
    for name_, at in parsed.values(*client.scripts):
        yield Fact(EffectKind.UNKNOWN, name_ or name, "runs-script", at)
    if feed.text is not None:
        texts.append((feed.text, -1))
    elif feed.piped and not texts:
        yield Fact(EffectKind.UNKNOWN, name, "pipe-to-shell")
    read_only = client.file and (parsed.has("readonly") or (parsed.has("safe") and not texts))
    yield from _judge(name, client, texts, read_only=read_only, only_lists=_only_lists(parsed))
    if client.file and operands and words[operands[0]] not in {":memory:", ""}:
        yield Fact(EffectKind.READ, "", "", operands[0])


def _only_lists(parsed: Parsed) -> bool:
    return parsed.has("l", "list") and not parsed.has("c", "command", "f", "file")


def _judge(
    name: str, client: _Client, texts: list[tuple[str | None, int]], *, read_only: bool, only_lists: bool
) -> Iterator[Fact]:
    if not texts:
        quiet = read_only or (only_lists and client.understand is understand_psql)
        yield Fact(EffectKind.RUN, name) if quiet else Fact(EffectKind.CHANGE, name, "database")
    for text, at in texts:
        meaning = client.understand(text or "")
        does = meaning.does
        # A file that is opened for reading only keeps what it has, whatever a statement says.
        if does is Does.READ or (read_only and does in {Does.SESSION, Does.WRITE, Does.DESTROY}):
            yield Fact(EffectKind.RUN, name, at=at)
        else:
            kind, code = _CODES[does]
            yield Fact(kind, f"{name}: {meaning.what}" if meaning.what else name, code, at)
        for path in meaning.files:
            yield Fact(EffectKind.READ, path, "", at)
