"""A variable in front of a program runs by itself with the values that are known, and asks with any other."""

from __future__ import annotations

import pytest

from companion.policy.shell.effects import PLACE
from companion.policy.shell.read import read_command
from companion.policy.shell.settings import is_known_setting
from tests.support.shell import codes


def places(command: str, cwd: str = "/ws") -> list[str]:
    """The folders whose code runs."""
    return [effect.target for effect in read_command(command, cwd) if effect.code == PLACE]


KNOWN = """
PAGER=cat
PAGER=
GIT_PAGER=cat
GIT_OPTIONAL_LOCKS=0
PYTHONWARNINGS=ignore
PYTHONWARNINGS=error,ignore::DeprecationWarning
PYTHONUTF8=1
PYTHONBREAKPOINT=0
PYTHONIOENCODING=utf-8
PYTHONIOENCODING=UTF8:replace
NODE_OPTIONS=--max-old-space-size=4096
NODE_OPTIONS=--max_old_space_size=8192
NODE_OPTIONS='--experimental-vm-modules --no-warnings'
NEXT_TELEMETRY_DISABLED=1
APP_ENV=test
RAILS_ENV=test
TESTING=1
LOG_LEVEL=debug
LOG_LEVEL=INFO
DATABASE_URL=sqlite://
DATABASE_URL=sqlite:///:memory:
DATABASE_URL=sqlite+aiosqlite:///:memory:
CGO_ENABLED=0
GO111MODULE=on
GOFLAGS=-mod=mod
GOOS=linux
GOARCH=arm64
GOMAXPROCS=4
RUSTFLAGS='-D warnings'
RUSTFLAGS='-Dwarnings -A clippy::all'
CARGO_INCREMENTAL=0
PIP_NO_INPUT=1
"""


@pytest.mark.parametrize("setting", KNOWN.strip().splitlines())
def test_values_that_are_known(setting: str):
    assert codes(f"{setting} git log") == set()
    assert codes(f"{setting}; git log") == set()
    assert codes(f"export {setting} && git log") == set()
    assert codes(f"env {setting} git log") == set()


OTHERS = """
PAGER=less
PAGER=./cat
PAGER='cat;x'
PAGER=$x
GIT_PAGER='sh -c x'
GIT_PAGER=$(echo cat)x
GIT_OPTIONAL_LOCKS=x
GIT_DIR=x
GIT_WORK_TREE=x
GIT_SSH_COMMAND=x
GIT_EXTERNAL_DIFF=x
GIT_CONFIG_COUNT=1
GIT_CONFIG_GLOBAL=x
GIT_EXEC_PATH=x
GIT_EDITOR=x
GIT_ASKPASS=x
LD_PRELOAD=./x.so
LD_LIBRARY_PATH=.
DYLD_INSERT_LIBRARIES=x
PATH=.
PATH=/tmp/x:$PATH
BASH_ENV=x
ENV=test
PROMPT_COMMAND=x
HOME=/tmp
TMPDIR=x
PYTHONSTARTUP=x.py
PYTHONHOME=src
PYTHONUSERBASE=x
PYTHONINSPECT=1
PYTHONBREAKPOINT=x.y
PYTHONCASEOK=1
PYTHONEXECUTABLE=x
PYTHONPYCACHEPREFIX=x
PYTHONPLATLIBDIR=x
PYTHONIOENCODING=x
PYTHONWARNINGS=ignore::x.YWarning
PYTHONWARNINGS=ignore:x:Warning:x
PYTHONWARNINGS=ignore,default::x.Warning
NODE_OPTIONS='--require ./x'
NODE_OPTIONS=--require=./x
NODE_OPTIONS='-r ./x'
NODE_OPTIONS=--import=./x
NODE_OPTIONS='--no-warnings --require ./x'
NODE_OPTIONS='--no-warnings  --loader=x'
NODE_OPTIONS=--experimental-loader=./x
NODE_OPTIONS=--inspect-brk=0.0.0.0
NODE_OPTIONS=--env-file=.env
NODE_OPTIONS=--openssl-config=x
NODE_OPTIONS=--conditions=x
NODE_OPTIONS=--redirect-warnings=x
NODE_OPTIONS=--diagnostic-dir=x
NODE_OPTIONS=--heapsnapshot-signal=SIGUSR2
NODE_PATH=src
NODE_EXTRA_CA_CERTS=x
NODE_TLS_REJECT_UNAUTHORIZED=0
APP_ENV=production
RAILS_ENV=development
RAILS_ENV=production
TESTING=0
LOG_LEVEL=x
DATABASE_URL=postgres://x/y
DATABASE_URL=sqlite:///dev.db
DATABASE_URL=sqlite+x:///:memory:
CGO_ENABLED=x
CGO_CFLAGS=x
GO111MODULE=off
GOFLAGS=-toolexec=./x
GOFLAGS='-mod=mod -toolexec=./x'
GOFLAGS=-modfile=x
GOFLAGS=-overlay=x
GOTOOLCHAIN=go1.99
GOPROXY=https://x
GOPATH=x
GOROOT=x
GOOS=x
RUSTFLAGS='-C linker=./x'
RUSTFLAGS='-D warnings -C linker=./x'
RUSTFLAGS='-L x'
RUSTC_WRAPPER=./x
RUSTC=./x
CARGO_HOME=x
CARGO_TARGET_DIR=x
CARGO_BUILD_RUSTC=x
PIP_INDEX_URL=https://x
PIP_CONFIG_FILE=x
CC=./x
MAKEFLAGS=x
SHELL=./x
EDITOR=./x
BROWSER=./x
HUSKY=0
SKIP=x
PYTEST_ADDOPTS='-p x'
PYTEST_PLUGINS=x
COVERAGE_PROCESS_START=x
npm_config_script_shell=./x
JAVA_TOOL_OPTIONS=-javaagent:x
RUBYOPT=-rx
PERL5LIB=x
DOCKER_HOST=x
KUBECONFIG=x
AWS_PROFILE=x
http_proxy=x
HTTPS_PROXY=x
"""


@pytest.mark.parametrize("setting", OTHERS.strip().splitlines())
def test_any_other_asks(setting: str):
    assert "sets-environment" in codes(f"{setting} git log")
    assert "sets-environment" in codes(f"{setting} pytest")
    assert "sets-environment" in codes(f"export {setting}; git log")
    assert not {"sets-environment", "unknown-word"}.isdisjoint(codes(f"env {setting} git log"))


@pytest.mark.parametrize(
    "command",
    [
        "PAGER+=cat git log",
        "PAGER=c PAGER+=at git log",
        "PAGER=(cat x) git log",
        "PAGER=cat GIT_DIR=x git log",
        "x=cat; read x; PAGER=$x git log",
        "for x in cat ./y; do PAGER=$x git log; done",
        "x=cat; while true; do export PAGER=$x; git log; x=./y; done",
        "x=cat; if a; then x=./y; fi; PAGER=$x git log",
        "export -n PAGER=./x",
        "export PAGER+=x",
        "env PAGER=* git log",
        "env PAGER=cat GIT_DIR=x git log",
    ],
)
def test_a_value_is_known_only_where_it_is_spelled_out(command: str):
    assert "sets-environment" in codes(command)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("PYTHONPATH=src pytest", ["src", "."]),
        ("PYTHONPATH=. pytest -q tests/test_a.py", [".", "."]),
        ("PYTHONPATH= pytest", [".", "."]),
        ("PYTHONPATH=./src/app/ py.test", ["./src/app", "."]),
        ("PYTHONPATH=src:tests python -m pytest", ["src", "tests", "."]),
        ("PYTHONPATH=src: python3.12 -m unittest", ["src", ".", "."]),
        ("PYTHONPATH=$PWD/src pytest", ["/ws/src", "."]),
        ("PYTHONPATH=$(pwd) pytest", ["/ws", "."]),
        ("PYTHONPATH=/ws/src pytest", ["/ws/src", "."]),
        ("cd a && PYTHONPATH=src pytest", ["a/src", "a"]),
        ("PYTHONPATH=src timeout 60 pytest", ["src", "."]),
        ("PYTHONPATH=src uv run pytest", ["src", ".", "."]),
        ("DJANGO_SETTINGS_MODULE=app.settings.test pytest", ["."]),
        ("DJANGO_SETTINGS_MODULE=app.test_settings pytest", ["."]),
    ],
)
def test_folders_of_the_project_in_front_of_its_tests(command: str, expected: list[str]):
    assert codes(command, "/ws") == {"project-run"}
    assert places(command) == expected


ELSEWHERE = r"""
/tmp/x
..
../x
src/../..
src/../../x
a/../b
~/x
src:~/x
src:/tmp/x
$X
src:$X
$HOME
$PWD/../x
$(cat<x)
.git
src/.hidden
.venv/lib/python3/site-packages
/ws/.git
/wsx
/ws/../x
//ws/src
/
*
{src,/tmp/x}
src,x
src\:/tmp
'src;x'
'a b'
$'a\nb'
"""


@pytest.mark.parametrize("value", ELSEWHERE.split("\n")[1:-1])
def test_folders_that_lie_elsewhere_or_may(value: str):
    assert "sets-environment" in codes(f"PYTHONPATH={value} pytest", "/ws")


@pytest.mark.parametrize(
    "command",
    [
        "PYTHONPATH=src python -c 'import json'",
        "PYTHONPATH=src python - <<'END'\nimport json\nEND",
        "PYTHONPATH=src python x.py",
        "PYTHONPATH=src python -m json.tool a.json",
        "PYTHONPATH=src python -im pytest",
        "PYTHONPATH=src python",
        "PYTHONPATH=src ls",
        "PYTHONPATH=src git status",
        "PYTHONPATH=src npm test",
        "PYTHONPATH=src ./pytest",
        "PYTHONPATH=src /tmp/pytest",
        "PYTHONPATH=src ../.venv/bin/pytest",
        "PYTHONPATH=src $x",
        "PYTHONPATH=src timeout -s 9 60 pytest",
        "PYTHONPATH=src uv run --with x pytest",
        "PYTHONPATH=src; python -c 'import json'",
        "export PYTHONPATH=src; pytest",
        "env PYTHONPATH=src python -c 'import json'",
        "f() { python -c 'import json'; }; PYTHONPATH=src f",
        "DJANGO_SETTINGS_MODULE=app.settings.production pytest",
        "DJANGO_SETTINGS_MODULE=os pytest",
        "DJANGO_SETTINGS_MODULE=app.settings.test python x.py",
    ],
)
def test_in_front_of_what_else_they_ask(command: str):
    assert "sets-environment" in codes(command, "/ws")


def test_a_function_that_is_called_like_a_test_asks():
    assert "defines-function" in codes("pytest() { python -c 'import json'; }; PYTHONPATH=src pytest")


@pytest.mark.parametrize("command", ["cd $x && PYTHONPATH=src pytest", "cd - ; PYTHONPATH=src pytest"])
def test_where_the_folder_is_not_known(command: str):
    assert "unknown-path" in codes(command, "/ws")


def test_nothing_is_known_of_a_name_that_is_not_in_the_table():
    assert not is_known_setting("FOO", "1")
    assert not is_known_setting("PAGER", None)
    assert not is_known_setting("PAGER", "cat\n")
    assert not is_known_setting("GOMAXPROCS", "\u0661")
