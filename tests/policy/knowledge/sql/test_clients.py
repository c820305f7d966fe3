import pytest

from companion.policy.knowledge.finding import Input
from tests.support.knowledge import files, looks, said


@pytest.mark.parametrize(
    "command",
    [
        "psql -c 'SELECT 1'",
        "psql -h localhost -U me -d app -Atc 'SELECT 1'",
        "psql postgres://u@h/app -c '\\d users'",
        "psql -l",
        "psql --help",
        "psql --version",
        "mysql -u root -e 'SHOW TABLES' app",
        "mysql -pX -h h --execute='SELECT 1'",
        "sqlite3 app.db '.tables'",
        "sqlite3 -header -csv app.db 'SELECT * FROM x'",
        "sqlite3 -readonly app.db 'DROP TABLE x'",
        "sqlite3 -cmd '.mode csv' app.db 'SELECT 1'",
        "duckdb app.db 'FROM x'",
        "duckdb -c 'SELECT 1'",
        "sqlcmd query 'SELECT 1' --database master",
        "sqlcmd -Q 'SELECT 1'",
        "clickhouse-client -q 'SELECT 1'",
    ],
)
def test_what_only_looks(command):
    assert looks(command)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("psql", "database"),
        ("psql -c 'DROP TABLE x'", "sql-destroy"),
        ("psql -c 'SELECT 1' -c 'DELETE FROM x'", "sql-destroy"),
        ("psql -c 'GRANT ALL ON x TO y'", "sql-permissions"),
        ("psql -c '\\! ls'", "sql-runs"),
        ("psql -c 'frobnicate'", "sql-unknown"),
        ("psql -f x.sql", "runs-script"),
        ("psql -v x=1 -c 'SELECT 1'", "unknown-option"),
        ("psql -o out -c 'SELECT 1'", "unknown-option"),
        ("psql -c ?", "unknown-option"),
        ("psql a b c", "unknown-option"),
        ("mysql --init-command=x -e 'SELECT 1'", "unknown-option"),
        ("mysql -e 'UPDATE x SET a = 1'", "sql-destroy"),
        ("sqlite3 app.db", "database"),
        ("sqlite3 app.db 'INSERT INTO x VALUES (1)'", "sql-write"),
        ("sqlite3 -readonly app.db '.shell ls'", "sql-runs"),
        ("sqlite3 -readonly app.db \"ATTACH 'x' AS y\"", "sql-file"),
        ("sqlite3 -cmd '.shell ls' app.db 'SELECT 1'", "sql-runs"),
        ("duckdb app.db 'INSTALL httpfs'", "sql-runs"),
        ("sqlcmd query 'DROP TABLE x'", "sql-destroy"),
        ("sqlcmd -i x.sql", "runs-script"),
    ],
)
def test_what_is_asked_about(command, code):
    assert code in said(command)


def test_files():
    assert files("sqlite3 data/app.db 'SELECT 1'") == [("read", "data/app.db", "")]
    assert files("sqlite3 :memory: 'SELECT 1'") == []
    assert ("read", "x.csv", "") in files("duckdb -c \"SELECT * FROM 'x.csv'\"")
    assert ("read", "x.sql", "") in files("psql -f x.sql")


def test_what_stands_on_the_input():
    assert looks("psql", Input(text="SELECT 1"))
    assert said("psql", Input(text="DROP TABLE x")) == {"sql-destroy"}
    assert "pipe-to-shell" in said("mysql", Input(piped=True))
