import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.policy.knowledge.sql import statements
from companion.policy.knowledge.sql.statements import LONGEST, Does, bounded, is_read, understand
from companion.policy.shell.read import read_command

READS = [
    ("postgres", "SELECT a, count(*) FROM t WHERE b = 1 GROUP BY a ORDER BY 2 LIMIT 3"),
    ("postgres", "SELECT now(), version(), pg_size_pretty(pg_database_size('x'))"),
    ("postgres", "WITH x AS (SELECT 1) SELECT * FROM x UNION ALL SELECT 2"),
    ("postgres", "EXPLAIN (ANALYZE, BUFFERS) SELECT 1"),
    ("postgres", "EXPLAIN SELECT 1"),
    ("postgres", "TABLE x"),
    ("postgres", "VALUES (1)"),
    ("postgres", "SHOW search_path"),
    ("postgres", "SELECT 1; SELECT 2;"),
    ("mysql", "SHOW TABLES"),
    ("mysql", "DESCRIBE users"),
    ("mysql", "EXPLAIN SELECT * FROM users"),
    ("mysql", "SELECT * FROM `drop`"),
    ("sqlite", "PRAGMA table_info(x)"),
    ("sqlite", "PRAGMA journal_mode"),
    ("sqlite", "EXPLAIN QUERY PLAN SELECT 1"),
    ("tsql", "SELECT @@VERSION"),
    ("duckdb", "SUMMARIZE x"),
    ("postgres", "SELECT 'DROP TABLE x; DELETE FROM y' -- DROP TABLE z"),
]

REST = [
    ("postgres", "DROP TABLE x", Does.DESTROY),
    ("postgres", "TRUNCATE x", Does.DESTROY),
    ("postgres", "DELETE FROM x", Does.DESTROY),
    ("postgres", "UPDATE x SET a = 1", Does.DESTROY),
    ("postgres", "ALTER TABLE x DROP COLUMN y", Does.DESTROY),
    ("postgres", "DELETE FROM x WHERE a = 1", Does.WRITE),
    ("postgres", "UPDATE x SET a = 1 WHERE b = 2", Does.WRITE),
    ("postgres", "INSERT INTO x VALUES (1)", Does.WRITE),
    ("postgres", "CREATE TABLE x AS SELECT 1", Does.WRITE),
    ("postgres", "SELECT * INTO x FROM y", Does.WRITE),
    ("postgres", "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", Does.DESTROY),
    ("postgres", "EXPLAIN ANALYZE DELETE FROM x", Does.DESTROY),
    ("postgres", "SELECT 1; DROP TABLE x", Does.DESTROY),
    ("postgres", "GRANT ALL ON x TO y", Does.PERMISSIONS),
    ("postgres", "COPY t TO PROGRAM 'sh'", Does.RUNS),
    ("postgres", "COPY (SELECT 1) TO '/tmp/x'", Does.FILE),
    ("postgres", "DO $$ BEGIN END $$", Does.RUNS),
    ("postgres", "CALL f()", Does.RUNS),
    ("postgres", "CREATE FUNCTION f() RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql", Does.RUNS),
    ("postgres", "SELECT pg_read_file('/etc/passwd')", Does.FILE),
    ("postgres", "SELECT pg_catalog.pg_read_file('/etc/passwd')", Does.FILE),
    ("postgres", "SELECT lo_export(1, '/tmp/x')", Does.FILE),
    ("postgres", "SELECT dblink('x', 'DROP TABLE y')", Does.RUNS),
    ("postgres", "SELECT query_to_xml('DELETE FROM x', true, true, '')", Does.RUNS),
    ("postgres", "SELECT my_own_function()", Does.UNKNOWN),
    ("postgres", "SET ROLE admin", Does.UNKNOWN),
    ("postgres", "BEGIN; SELECT 1; COMMIT", Does.SESSION),
    ("postgres", "SET search_path TO x", Does.SESSION),
    ("postgres", "VACUUM", Does.WRITE),
    ("mysql", "SELECT 1 INTO OUTFILE '/tmp/x'", Does.UNKNOWN),
    ("mysql", "SELECT load_file('/etc/passwd')", Does.FILE),
    ("mysql", "SELECT /*!50000 1 */", Does.UNKNOWN),
    ("mysql", "SELECT /* /* */ 1; DROP TABLE x -- */", Does.UNKNOWN),
    ("mysql", "SELECT 1 --1; DROP TABLE x", Does.UNKNOWN),
    ("mysql", "SELECT 'a\\'; DROP TABLE x; -- '", Does.UNKNOWN),
    ("mysql", "SET GLOBAL x = 1", Does.WRITE),
    ("mysql", "REPLACE INTO x VALUES (1)", Does.WRITE),
    ("sqlite", "ATTACH 'x' AS y", Does.FILE),
    ("sqlite", "VACUUM INTO 'x'", Does.FILE),
    ("sqlite", "SELECT load_extension('x')", Does.RUNS),
    ("sqlite", "SELECT writefile('x', 'y')", Does.FILE),
    ("sqlite", "PRAGMA writable_schema = 1", Does.WRITE),
    ("sqlite", "PRAGMA user_version(3)", Does.WRITE),
    ("tsql", "EXEC xp_cmdshell 'dir'", Does.RUNS),
    ("duckdb", "SELECT * FROM read_csv('x.csv')", Does.FILE),
    ("duckdb", "INSTALL httpfs", Does.RUNS),
    ("duckdb", "COPY x TO 'y'", Does.FILE),
    ("", "not sql at all, is it", Does.UNKNOWN),
    ("", "", Does.UNKNOWN),
    ("", "system ls", Does.UNKNOWN),
]


@pytest.mark.parametrize(("dialect", "text"), READS)
def test_what_reads(dialect, text):
    assert understand(text, dialect).does is Does.READ
    assert is_read(text, dialect)


@pytest.mark.parametrize(("dialect", "text", "does"), REST)
def test_what_does_more(dialect, text, does):
    assert understand(text, dialect).does is does
    assert not is_read(text, dialect)


def test_tables_that_are_files():
    meaning = understand("SELECT * FROM 'data/x.csv' JOIN y", "duckdb")
    assert (meaning.does, meaning.files) == (Does.READ, ("data/x.csv",))
    assert not is_read("SELECT * FROM 'x.csv'", "duckdb")


@given(st.sampled_from(READS), st.sampled_from(REST), st.booleans())
def test_law_the_worst_statement_counts(read, rest, first):
    dialect, text, does = rest
    both = f"{text}; {read[1]}" if first else f"{read[1].split(' -- ')[0]}; {text}"
    if text and does is not Does.UNKNOWN:
        assert understand(both, dialect).does >= does


@given(st.text(max_size=60) | st.text("();'\"-/*$\\ ;", max_size=60))
def test_law_no_text_raises(text):
    assert understand(text).does in set(Does)


def test_a_text_that_costs_too_much_is_not_understood():
    assert understand("SELECT " + "(" * 300 + "1").does is Does.UNKNOWN
    assert understand("SELECT 1 " + "-- x\n" * LONGEST).does is Does.UNKNOWN


SHAPES = [
    "a[1]",
    "[",
    "{",
    "(",
    "+1",
    "not ",
    "case when a then ",
    "union select 1 ",
    ", a",
    "::int",
    "join b on a = b ",
    ";",
]
DIALECTS = ["postgres", "mysql", "sqlite", "tsql", "duckdb", "clickhouse", ""]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_no_text_keeps_the_parser_busy(shape, dialect):
    """Without the bound some of these take longer than anybody lives."""
    for text in ("select 1", "select * from t", "with a as (select 1) select ", ""):
        for times in (12, LONGEST):
            _, steps = statements._cached((text + shape * times)[: LONGEST - 1], dialect)
            assert steps <= statements._MOST_STEPS + 1


def test_joins_without_an_end_are_not_understood():
    assert understand("select * from t join c on a = b join d on a = b", "postgres").does is Does.READ
    assert understand("select * from t" + " join c" * 100, "postgres").does is Does.UNKNOWN


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_long_plain_query_is_understood(dialect):
    joins = " ".join(f"left join t{number} on t{number}.id = a.t{number}_id" for number in range(25))
    assert understand(f"select a.id, count(*) from a {joins} group by 1 order by 2", dialect).does is Does.READ


def test_what_stands_in_many_brackets_is_not_understood():
    assert understand("select a[1][2] from t", "postgres").does is Does.READ
    assert understand("select a" + "[1]" * 9, "postgres").does is Does.UNKNOWN


def test_all_texts_of_a_command_share_an_allowance():
    query = f"select {', '.join('abcdefghij' * 5)} from t"
    with bounded():
        found = [understand(f"{query} where a = {number}", "postgres").does for number in range(6)]
    assert found[:2] == [Does.READ] * 2
    assert found[-1] is Does.UNKNOWN
    # Each command begins anew, and what was parsed before says nothing of what is left.
    with bounded():
        assert understand(f"{query} where a = 0", "postgres").does is Does.READ


def test_a_command_of_many_queries_is_asked_about():
    query = f"psql -c 'select {', '.join('abcdefghij' * 5)} from t'"
    assert "sql-unknown" not in {effect.code for effect in read_command(query)}
    assert "sql-unknown" in {effect.code for effect in read_command("; ".join([query] * 9))}
