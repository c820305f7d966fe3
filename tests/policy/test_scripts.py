"""Which files a command runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.policy.scripts import scripts_of

TABLE = [
    ("bash build.sh", "build.sh"),
    ("bash -x ./build.sh all", "./build.sh"),
    ("python tool.py --fast", "tool.py"),
    ("python3.11 -u tool.py", "tool.py"),
    ("./x --y", "./x"),
    ("/opt/tool/run now", "/opt/tool/run"),
    ("source env.sh && ls", "env.sh"),
    (". ./env.sh", "./env.sh"),
    ("sudo bash /tmp/x.sh", "/tmp/x.sh"),
    ("env A=1 ./x", "./x"),
    ("A=1 ./x", "./x"),
    ("timeout 5 python slow.py", "slow.py"),
    ("ls; node server.js", "server.js"),
    ("cat a | python filter.py", "filter.py"),
    ("bash < setup.sh", "setup.sh"),
    ("bash -c './inner.sh a'", "./inner.sh"),
    ("cd sub && ./x.sh", "sub/./x.sh"),
    ("make all", "Makefile"),
    ("make -f other.mk all", "other.mk"),
    ("make -C lib", "lib/Makefile"),
    ("npm test", "package.json"),
    ("npm --prefix web run build", "web/package.json"),
    ("b\\\nash build.sh", "build.sh"),
    ("echo $(python x.py)", "x.py"),
]


@pytest.mark.parametrize(("command", "script"), TABLE, ids=[command for command, _ in TABLE])
def test_the_script_is_among_those_that_are_found(command, script):
    assert script in scripts_of(command)


@pytest.mark.parametrize(
    "command", ["ls -l", "git status", "rm -rf build", "python -c 'print(1)'", "python -m pytest", ""]
)
def test_what_runs_no_file_has_none(command):
    assert scripts_of(command) == ()


@given(st.text(max_size=200))
def test_no_text_is_too_odd(command):
    found = scripts_of(command)
    assert len(set(found)) == len(found) <= 64
