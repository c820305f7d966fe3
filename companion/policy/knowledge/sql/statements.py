"""What a text in SQL does, statement by statement. What cannot be parsed, or calls what is not known, is unknown.

sqlglot parses. It is imported when the first text is met: its import takes a fifth of a second.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from companion.policy.knowledge.names import names

if TYPE_CHECKING:
    from sqlglot.expressions import Expr


class Does(IntEnum):
    """What a statement does; the higher, the worse."""

    READ = 0
    SESSION = 1
    """Sets something that ends with the session: a transaction, a search path."""
    WRITE = 2
    FILE = 3
    """Reads or writes files of the server or the client, or attaches another database."""
    PERMISSIONS = 4
    DESTROY = 5
    """Drops, truncates, or deletes and updates without a condition."""
    RUNS = 6
    """Runs code or programs: COPY … PROGRAM, CALL, DO, a new function."""
    UNKNOWN = 7


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a whole text does: the worst of its statements, and the files that it reads as tables."""

    does: Does
    what: str = ""
    """The word that told, for showing."""
    files: tuple[str, ...] = ()


LONGEST = 2000
MOST_WORDS = 400
"""Words and marks of all texts of one command. Parsing takes some 40 µs for each."""
_MOST_STEPS = 600
"""Of the parser, forth and back; some 20 µs each. A plain query takes about one for each word."""
_MOST_BRACKETS = 60
# The time that these take is a power of how many follow each other.
_MOST_SQUARE = 8
_WORDS = re.compile(r"\w+|[^\w\s]")

# Not comments to every database: MySQL runs what stands in /*!, nests none, and wants a blank behind --.
_UNCLEAR_COMMENT = re.compile(r"/\*[!M+]|/\*(?:(?!\*/).)*/\*|--[^\s-]", re.DOTALL)
# An end of the string to some, a quote inside of it to others.
_ESCAPED_QUOTE = re.compile(r"\\['\"]")
_EXPLAIN = re.compile(
    r"\s*(?P<analyze>ANALY[SZ]E\b|PLAN\b|QUERY\s+PLAN\b|VERBOSE\b|\([^()]*\)|FORMAT\s*=\s*\w+)", re.IGNORECASE
)
# Whether the argument stands in brackets or behind an equals sign is the same.
_PRAGMA = re.compile(r"PRAGMA\s+(?:\w+\.)?(\w+)\s*([(=][\w\s.'\"]*\)?)?", re.IGNORECASE)
_SHOW = re.compile(r"[\s\w.'\"`%@=<>-]*", re.ASCII)
_FIRST_WORD = re.compile(r"\s*(\w+)")

_READS = frozenset({"Select", "Union", "Intersect", "Except", "Subquery", "Values", "Show", "Describe", "Summarize"})
_SESSIONS = frozenset({"Transaction", "Commit", "Rollback", "Use"})
_NODES = {
    "Insert": Does.WRITE, "Merge": Does.WRITE, "Create": Does.WRITE, "Comment": Does.WRITE, "Analyze": Does.WRITE,
    "Cache": Does.WRITE, "Refresh": Does.WRITE, "AlterSession": Does.SESSION, "Into": Does.WRITE,
    "Drop": Does.DESTROY, "TruncateTable": Does.DESTROY, "Alter": Does.DESTROY, "Uncache": Does.DESTROY,
    "Grant": Does.PERMISSIONS, "Revoke": Does.PERMISSIONS, "Copy": Does.FILE, "LoadData": Does.FILE,
    "Attach": Does.FILE, "Detach": Does.FILE, "Export": Does.FILE, "Install": Does.RUNS, "Command": Does.UNKNOWN,
    "Execute": Does.RUNS, "Kill": Does.RUNS, "Set": Does.SESSION,
}  # fmt: skip
"""Kinds of nodes that say more than that something is read, wherever they stand in a statement."""

_COMMANDS = {
    "CALL": Does.RUNS, "DO": Does.RUNS, "EXEC": Does.RUNS, "EXECUTE": Does.RUNS, "LOAD": Does.RUNS,
    "PREPARE": Does.RUNS, "INSTALL": Does.RUNS, "VACUUM": Does.WRITE, "REINDEX": Does.WRITE, "REPLACE": Does.WRITE,
    "MSCK REPAIR": Does.WRITE, "OPTIMIZE": Does.WRITE, "CLUSTER": Does.WRITE, "REFRESH": Does.WRITE,
    "CHECKPOINT": Does.WRITE, "RENAME": Does.DESTROY, "FLUSH": Does.WRITE, "PURGE": Does.DESTROY,
    "DROP": Does.DESTROY, "ALTER": Does.DESTROY, "TRUNCATE": Does.DESTROY, "CREATE": Does.WRITE,
    "GRANT": Does.PERMISSIONS, "REVOKE": Does.PERMISSIONS, "REASSIGN": Does.PERMISSIONS, "BACKUP": Does.FILE,
    "RESTORE": Does.DESTROY, "IMPORT": Does.FILE, "EXPORT": Does.FILE, "UNLOAD": Does.FILE,
}  # fmt: skip
"""Statements that sqlglot does not take apart, by their first words."""

_DANGEROUS = {
    **dict.fromkeys(
        names(
            "pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file pg_ls_logdir pg_ls_waldir pg_ls_tmpdir "
            "pg_current_logfile "
        "lo_import lo_export lo_put lo_from_bytea pg_file_write pg_file_unlink pg_file_rename load_file readfile "
        "writefile "
        "fileio_ls lsdir fsdir read_csv read_csv_auto read_text read_blob read_json read_json_auto read_parquet "
        "parquet_scan "
        "sniff_csv glob read_ndjson file url s3 hdfs remote mysql postgresql openrowset opendatasource utl_file "
        "bfilename"
        ),
        Does.FILE,
    ),
    **dict.fromkeys(
        names(
            "dblink dblink_exec dblink_connect dblink_send_query query_to_xml query_to_xml_and_xmlschema cursor_to_xml "
        "database_to_xml schema_to_xml table_to_xml load_extension xp_cmdshell sys_exec sys_eval sys_get edit eval "
        "pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile pg_promote pg_switch_wal executable "
        "pg_backup_start pg_backup_stop pg_create_restore_point fts3_tokenizer set_config nextval setval"
        ),
        Does.RUNS,
    ),
}  # fmt: skip
"""Functions that a plain SELECT can call and that do more than compute."""

_HARMLESS = names(
    "version database schema connection_id last_insert_id found_rows row_count user system_user inet_aton inet_ntoa "
    "pg_size_pretty pg_relation_size pg_total_relation_size pg_table_size pg_indexes_size pg_database_size pg_typeof "
    "pg_get_viewdef pg_get_functiondef pg_get_indexdef pg_get_constraintdef pg_get_expr pg_get_userbyid "
    "pg_is_in_recovery "
    "pg_get_serial_sequence pg_get_triggerdef pg_encoding_to_char pg_postmaster_start_time pg_backend_pid pg_sleep "
    "sleep "
    "pg_column_size pg_table_is_visible pg_function_is_visible pg_stat_get_live_tuples pg_blocking_pids pg_lsn_diff "
    "pg_current_wal_lsn pg_last_wal_replay_lsn pg_wal_lsn_diff pg_conf_load_time obj_description col_description "
    "shobj_description format_type has_table_privilege has_schema_privilege has_database_privilege to_regclass "
    "to_regtype "
    "current_setting current_schemas inet_server_addr inet_server_port txid_current age clock_timestamp "
    "statement_timestamp "
    "transaction_timestamp timeofday quote_ident quote_literal json_build_object jsonb_build_object json_agg jsonb_agg "
    "json_build_array jsonb_build_array json_object_agg jsonb_object_agg jsonb_pretty jsonb_set jsonb_array_elements "
    "json_array_elements jsonb_array_elements_text json_array_elements_text jsonb_each jsonb_each_text json_each "
    "jsonb_object_keys "
    "json_object_keys jsonb_typeof json_typeof jsonb_array_length json_array_length to_json to_jsonb row_to_json "
    "jsonb_path_query "
    "json_valid json_keys json_tree json_type json_length json_pretty json_unquote json_object json_quote "
    "regexp_matches regexp_match "
    "regexp_split_to_table string_to_table unnest array_length array_position cardinality width_bucket percent_rank "
    "setseed "
    "sqlite_version sqlite_source_id changes total_changes last_insert_rowid typeof unicode likelihood likely "
    "unlikely printf format "
    "iif instr julianday unixepoch strftime datetime quote zeroblob randomblob hex total group_concat "
    "pragma_table_info "
    "pragma_index_list pragma_index_info pragma_foreign_key_list pragma_table_list pragma_database_list "
    "pragma_compile_options "
    "bit_count crc32 md5 sha sha1 sha2 uuid uuid_generate_v4 gen_random_uuid benchmark convert_tz makedate maketime "
    "period_add "
    "period_diff sec_to_time time_to_sec timediff timestampadd from_days to_days subdate adddate elt field make_set "
    "export_set soundex "
    "strcmp space truncate to_timestamp to_char to_number to_date date_part isfinite justify_days overlay btrim "
    "initcap lpad rpad "
    "ascii chr octet_length bit_length host masklen network broadcast netmask duckdb_tables duckdb_columns "
    "duckdb_schemas duckdb_views "
    "duckdb_settings duckdb_extensions duckdb_functions duckdb_databases current_catalog range list_value "
    "struct_pack summarize "
    "object_id object_name db_name db_id schema_name serverproperty databasepropertyex getdate getutcdate "
    "sysdatetime newid isnull "
    "suser_name suser_sname user_name host_name app_name scope_identity col_name type_name datalength charindex "
    "patindex stuff "
    "formatmessage count_big string_agg checksum binary_checksum rowcount_big error_number hashbytes"
)
"""Functions that sqlglot has no name for and that only compute or look up."""

_HARMLESS_SETS = re.compile(
    r"(?:(?:session|local)\s+)?(?:search_path|statement_timeout|lock_timeout|timezone|time\s+zone|"
    r"client_encoding|names|datestyle|"
    r"extra_float_digits|work_mem|enable_\w+|transaction\s+read\s+only|nocount|@\w+)\b",
    re.IGNORECASE,
)
_SAFE_PRAGMAS = names(
    "table_info table_xinfo table_list index_list index_info index_xinfo foreign_key_list database_list "
    "compile_options "
    "collation_list function_list module_list pragma_list foreign_key_check integrity_check quick_check stats"
)


def is_read(text: str, dialect: str = "") -> bool:
    """Whether a text only reads, from tables alone."""
    meaning = understand(text, dialect)
    return meaning.does is Does.READ and not meaning.files


@dataclass(slots=True)
class _Allowance:
    words: int = MOST_WORDS
    steps: int = _MOST_STEPS


_left: ContextVar[_Allowance | None] = ContextVar("what SQL may still cost", default=None)


@contextmanager
def bounded() -> Iterator[None]:
    """All texts that are met inside share MOST_WORDS, and the steps of one parse: the rest is not understood."""
    before = _left.set(_Allowance())
    try:
        yield
    finally:
        _left.reset(before)


def understand(text: str, dialect: str = "") -> Meaning:
    """What a text does. Never raises."""
    if len(text) > LONGEST:
        return Meaning(Does.UNKNOWN)
    left = _left.get() or _Allowance()
    left.words -= len(_WORDS.findall(text))
    if left.words < 0 or left.steps <= 0:
        return Meaning(Does.UNKNOWN)
    meaning, steps = _cached(text, dialect)
    # Whether the text was met before must not matter to what is said of the next one.
    left.steps -= steps
    return meaning


@lru_cache(maxsize=256)
def _cached(text: str, dialect: str) -> tuple[Meaning, int]:
    """What a text does, and the steps of its parsing."""
    if (
        _ESCAPED_QUOTE.search(text)
        or text.count("(") > _MOST_BRACKETS
        or text.count("[") + text.count("{") > _MOST_SQUARE
        or _UNCLEAR_COMMENT.search(text)
        or not text.strip(" \t\r\n;")
    ):
        return Meaning(Does.UNKNOWN), 0
    steps = _Steps()
    try:
        return _understand(text, dialect, 0, steps), steps.taken
    except Exception:  # noqa: BLE001 - fail closed: what the parser fails at is not understood
        return Meaning(Does.UNKNOWN), steps.taken


@lru_cache(maxsize=1)
def _sqlglot() -> ModuleType:
    import sqlglot  # noqa: PLC0415 - slow, and most commands hold no SQL

    # It warns of each statement that it does not take apart; such a statement is judged here.
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    return sqlglot


class _TooLong(Exception):  # noqa: N818 - an answer: not understood
    """The parser has gone too many steps."""


@dataclass(slots=True)
class _Steps:
    taken: int = 0

    def take(self) -> None:
        """Raises _TooLong."""
        self.taken += 1
        if self.taken > _MOST_STEPS:
            raise _TooLong


@lru_cache(maxsize=16)
def _parser(dialect: str) -> Callable[[str, _Steps], Sequence[Expr | None]]:
    """A dialect's parser, which gives up: it goes back and tries again, of joins without an end each time twice."""
    known: Any = _sqlglot().Dialect.get_or_raise(dialect or None)
    parser_class: Any = known.parser_class

    class Bounded(parser_class):  # type: ignore[misc]
        steps: _Steps

        def _advance(self, times: int = 1) -> None:
            self.steps.take()
            super()._advance(times)

    def parse(text: str, steps: _Steps) -> Sequence[Expr | None]:
        parser = Bounded(dialect=known)
        parser.steps = steps
        found: Sequence[Expr | None] = parser.parse(known.tokenize(text), text)
        return found

    return parse


def _understand(text: str, dialect: str, depth: int, steps: _Steps) -> Meaning:
    statements = _parser(dialect)(text, steps)
    worst, files = Meaning(Does.READ), list[str]()
    for statement in statements:
        if statement is None:
            continue
        meaning = _statement(statement, dialect, depth, steps)
        files += meaning.files
        worst = max(worst, meaning, key=lambda each: each.does)
    if not any(statement is not None for statement in statements):
        return Meaning(Does.UNKNOWN)
    return Meaning(worst.does, worst.what, tuple(dict.fromkeys(files)))


def _statement(statement: Expr, dialect: str, depth: int, steps: _Steps) -> Meaning:
    kind = type(statement).__name__
    if kind == "Command":
        return _command(statement, dialect, depth, steps)
    if kind == "Pragma":
        return _pragma(statement)
    if kind == "Set":
        return _set(statement)
    known = kind in _READS or kind in _SESSIONS or kind in _NODES or kind in {"Delete", "Update"}
    worst = Meaning(Does.SESSION if kind in _SESSIONS else Does.READ if known else Does.UNKNOWN, kind.upper())
    files: list[str] = []
    for node in statement.walk():
        does = _node(node)
        if does is not None and does > worst.does:
            worst = Meaning(does, _name(node))
        if type(node).__name__ == "Table" and (path := _path(node)):
            files.append(path)
    return Meaning(worst.does, worst.what, tuple(files))


def _node(node: Expr) -> Does | None:
    kind = type(node).__name__
    if kind == "Anonymous":
        name = str(node.this).lower().rpartition(".")[2]
        return _DANGEROUS.get(name, None if name in _HARMLESS else Does.UNKNOWN)
    if kind in {"Delete", "Update"}:
        return Does.WRITE if node.args.get("where") is not None else Does.DESTROY
    if kind == "Create":
        return Does.RUNS if str(node.args.get("kind")).upper() in _CREATES_CODE else Does.WRITE
    if kind == "Copy" and any(word in node.sql().upper() for word in (" PROGRAM", "PROGRAM '")):
        return Does.RUNS
    if kind in {"ReadCSV", "ReadParquet"}:
        return Does.FILE
    return _NODES.get(kind)


_CREATES_CODE = frozenset(
    {"FUNCTION", "PROCEDURE", "TRIGGER", "EXTENSION", "LANGUAGE", "EVENT", "SERVER", "MACRO", "AGGREGATE"}
)


def _name(node: Expr) -> str:
    if type(node).__name__ == "Anonymous":
        return str(node.this)[:40]
    return {"TruncateTable": "TRUNCATE", "LoadData": "LOAD DATA"}.get(type(node).__name__, type(node).__name__.upper())


def _path(table: Expr) -> str:
    """A table whose name is a file: duckdb and clickhouse read it."""
    name = table.name
    return name if "/" in name or re.search(r"\.\w{2,8}$", name) or "\\" in name else ""


def _command(statement: Expr, dialect: str, depth: int, steps: _Steps) -> Meaning:
    """A statement that sqlglot keeps as text."""
    first, rest = str(statement.this).upper(), str(statement.args.get("expression") or "").strip().strip("'")
    if first in {"EXPLAIN", "DESCRIBE", "DESC"} and depth < 3:
        while found := _EXPLAIN.match(rest):
            rest = rest[found.end() :]
        return _understand(rest, dialect, depth + 1, steps)
    if first == "SHOW" and _SHOW.fullmatch(rest):
        return Meaning(Does.READ)
    if first == "VACUUM" and re.match(r"(?:\w+\s+)?INTO\b", rest, re.IGNORECASE):
        return Meaning(Does.FILE, "VACUUM INTO")
    word = _FIRST_WORD.match(f"{first} {rest}")
    does = _COMMANDS.get(first, _COMMANDS.get(word.group(1) if word else "", Does.UNKNOWN))
    return Meaning(does, first)


def _pragma(statement: Expr) -> Meaning:
    found = _PRAGMA.fullmatch(statement.sql())
    if found is None:
        return Meaning(Does.WRITE, "PRAGMA")
    return Meaning(Does.READ if not found[2] or found[1].lower() in _SAFE_PRAGMAS else Does.WRITE, "PRAGMA")


def _set(statement: Expr) -> Meaning:
    text = statement.sql().partition(" ")[2]
    calls = any(type(node).__name__ in {"Anonymous", "Select"} for node in statement.walk())
    harmless = bool(_HARMLESS_SETS.match(text)) and not calls
    return Meaning(Does.SESSION if harmless else Does.WRITE, "SET")
