import pytest

from companion.policy.knowledge.sql.commands import (
    understand_mysql,
    understand_psql,
    understand_sqlcmd,
    understand_sqlite,
)
from companion.policy.knowledge.sql.statements import Does


@pytest.mark.parametrize(
    ("text", "does"),
    [
        (r"\d", Does.READ),
        (r"\d+ users", Does.READ),
        (r"\dt *.*", Does.READ),
        (r"\l", Does.READ),
        (r"\x", Does.READ),
        ("\\x\nSELECT 1;\n\\d users", Does.READ),
        ("SELECT 'a\\d'", Does.READ),
        (r"\! ls", Does.RUNS),
        (r"\copy x to program 'sh'", Does.RUNS),
        (r"\copy x to 'f'", Does.FILE),
        (r"\o |sh", Does.RUNS),
        (r"\o f", Does.FILE),
        (r"\i f.sql", Does.RUNS),
        (r"\echo `ls`", Does.RUNS),
        (r"\set x `ls`", Does.RUNS),
        (r"\setenv PAGER x", Does.UNKNOWN),
        (r"\connect other", Does.UNKNOWN),
        (r"SELECT 1 \g |sh", Does.RUNS),
        (r"SELECT 'drop table x' \gexec", Does.RUNS),
        ("\\x\nDROP TABLE y", Does.DESTROY),
    ],
)
def test_psql(text, does):
    assert understand_psql(text).does is does


@pytest.mark.parametrize(
    ("text", "does"),
    [
        (".tables", Does.READ),
        (".schema users\nSELECT 1;", Does.READ),
        (".mode csv", Does.READ),
        (".shell ls", Does.RUNS),
        (".system ls", Does.RUNS),
        (".load x", Does.RUNS),
        (".output x", Does.FILE),
        (".once |sh", Does.RUNS),
        (".import x y", Does.FILE),
        (".read x", Does.FILE),
        (".tables\nDROP TABLE x", Does.DESTROY),
    ],
)
def test_sqlite(text, does):
    assert understand_sqlite(text).does is does


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("SELECT 'a\\n'", Does.READ),
        (r"\! ls", Does.RUNS),
        (r"SELECT 1; \! ls", Does.RUNS),
        ("system ls", Does.RUNS),
        ("source x.sql", Does.UNKNOWN),
        (r"\. x.sql", Does.UNKNOWN),
        ("SELECT 1\ntee x", Does.UNKNOWN),
    ],
)
def test_mysql(text, does):
    assert understand_mysql(text).does is does


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("SELECT 1", Does.READ),
        (":!! dir", Does.RUNS),
        ("!! dir", Does.RUNS),
        (":r x.sql", Does.UNKNOWN),
        ("SELECT '$(x)'", Does.UNKNOWN),
        ("SELECT 1\nGO", Does.UNKNOWN),
    ],
)
def test_sqlcmd(text, does):
    assert understand_sqlcmd(text).does is does


def test_nothing_is_not_understood():
    assert understand_psql("").does is Does.UNKNOWN
    assert understand_sqlite("\n").does is Does.UNKNOWN
