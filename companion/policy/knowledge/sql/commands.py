"""Commands of the clients themselves, which stand among the statements, as sqlite's `.tables` does."""

from __future__ import annotations

import re
from collections.abc import Callable

from companion.policy.knowledge.names import names
from companion.policy.knowledge.sql.statements import LONGEST, Does, Meaning, understand

_PLAIN = r"(?:[ \t]+[\w.*+?$\"%-]+)*[ \t]*"
_PSQL = re.compile(
    r"\\(?:d\w*[S+]*|l\+?|du\+?|dt\+?|conninfo|sf\+?|sv\+?|z|x|timing|a|t|q|h|\?|copyright|encoding|errverbose|"
    rf"pset (?:format|border|null|expanded|tuples_only|footer)|echo|qecho|warn){_PLAIN}"
)
_PSQL_RUNS = re.compile(r"\\(?:!|gexec\b|gx?\b.*\||copy\b.*\bprogram\b|o\s*\||w\s*\||i[r]?\b|include)", re.IGNORECASE)
_PSQL_FILES = re.compile(r"\\(?:copy|o|out|w|write|g|s|lo_\w+|cd)\b", re.IGNORECASE)

_DOT_READS = names(
    "tables schema databases indexes indices headers header mode width nullvalue show stats timer explain echo quit "
    "exit "
    "help fullschema dump separator changes version eqp dbinfo sha3sum lint limit bail binary print prompt columns "
    "rows maxrows maxwidth scanstats timeout dbconfig"
)
_DOT_RUNS = names("shell system load excel www edit")
_DOT = re.compile(r"\.(\w+)(.*)")
_STRINGS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(\w*)\$.*?\$\1\$", re.DOTALL)
_MYSQL_WORDS = re.compile(
    r"\s*(?:system|source|tee|pager|edit|delimiter|nopager|notee|resetconnection)\b", re.IGNORECASE
)


def understand_psql(text: str) -> Meaning:
    """What psql does with a text: one command of its own, statements, or lines of both."""
    return _by_lines(text, "postgres", _psql)


def understand_sqlite(text: str, dialect: str = "sqlite") -> Meaning:
    """What sqlite3 or duckdb does with a text; a command of its own is a line that begins with a dot."""
    return _by_lines(text, dialect, _dot)


def understand_mysql(text: str) -> Meaning:
    """What mysql does with a text. Its own commands are words of a statement, or letters behind a backslash."""
    if len(text) > LONGEST:
        return Meaning(Does.UNKNOWN)
    outside = _STRINGS.sub("''", text)
    if "\\!" in outside or re.match(r"\s*system\b", text, re.IGNORECASE):
        return Meaning(Does.RUNS, "\\!")
    if "\\" in outside or any(map(_MYSQL_WORDS.match, text.splitlines())):
        return Meaning(Does.UNKNOWN)
    return understand(text, "mysql")


def understand_sqlcmd(text: str) -> Meaning:
    """What sqlcmd does with a text; its own commands begin with a colon, `!!` runs a program, `$(x)` is a variable."""
    if any(re.match(r"\s*(?::|!!|GO\b)", line, re.IGNORECASE) for line in text.splitlines()) or "$(" in text:
        return Meaning(Does.RUNS if "!!" in text else Does.UNKNOWN)
    return understand(text, "tsql")


def _by_lines(text: str, dialect: str, own: Callable[[str], Meaning | None]) -> Meaning:
    if len(text) > LONGEST:
        return Meaning(Does.UNKNOWN)
    worst, statements = Meaning(Does.READ), list[str]()
    files: tuple[str, ...] = ()
    seen = False
    for line in text.splitlines():
        meaning = own(line.strip())
        if meaning is None:
            statements.append(line)
            continue
        seen = True
        worst = max(worst, meaning, key=lambda each: each.does)
    rest = "\n".join(statements)
    if rest.strip():
        outside = _STRINGS.sub("''", rest)
        if dialect == "postgres" and "\\" in outside:
            does = Does.RUNS if _PSQL_RUNS.search(outside) else Does.UNKNOWN
            return Meaning(does, "\\")
        meaning = understand(rest, dialect)
        files = meaning.files
        worst = max(worst, meaning, key=lambda each: each.does)
    elif not seen:
        return Meaning(Does.UNKNOWN)
    return Meaning(worst.does, worst.what, files)


def _psql(line: str) -> Meaning | None:
    if not line.startswith("\\"):
        return None
    if _PSQL.fullmatch(line):
        return Meaning(Does.READ)
    if _PSQL_RUNS.match(line) or "`" in line:
        return Meaning(Does.RUNS, line[:20])
    return Meaning(Does.FILE if _PSQL_FILES.match(line) else Does.UNKNOWN, line[:20])


def _dot(line: str) -> Meaning | None:
    found = _DOT.match(line)
    if found is None:
        return None
    name, rest = found.groups()
    if name in _DOT_READS and "|" not in rest and ";" not in rest:
        return Meaning(Does.READ)
    return Meaning(Does.RUNS if name in _DOT_RUNS or "|" in rest else Does.FILE, f".{name}")
