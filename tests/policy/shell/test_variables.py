import pytest

from companion.policy.shell.variables import is_harmless_to_set, is_harmless_to_show, is_of_no_meaning, is_private
from tests.support.shell import codes


@pytest.mark.parametrize("name", ["HOME", "LC_ALL", "1", "?", "PATH"])
def test_shown(name: str):
    assert is_harmless_to_show(name)


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "DATABASE_URL", "x", "API_KEY"])
def test_not_shown(name: str):
    assert not is_harmless_to_show(name)


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "IFS",
        "LD_PRELOAD",
        "GIT_PAGER",
        "PAGER",
        "http_proxy",
        "npm_config_script_shell",
        "functions",
        "aliases",
        "commands",
    ],
)
def test_live(name: str):
    assert not is_private(name)
    assert not is_harmless_to_set(name)


@pytest.mark.parametrize("name", ["x", "myVar", "LC_ALL", "TZ"])
def test_private(name: str):
    assert is_private(name)


@pytest.mark.parametrize("name", ["FOO", "DEBUG", "VAR", "x", "TARGET", "LOG_LEVEL", "DIR", "FILE", "SRC_DIR"])
def test_names_that_say_nothing_to_the_plainest_programs(name: str):
    assert is_of_no_meaning(name)


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "LD_PRELOAD",
        "DYLD_INSERT_LIBRARIES",
        "GCONV_PATH",
        "IFS",
        "BASH_ENV",
        "ENV",
        "PS4",
        "PROMPT_COMMAND",
        "HOME",
        "TMPDIR",
        "GREP_OPTIONS",
        "TAR_OPTIONS",
        "GIT_DIR",
        "PAGER",
        "http_proxy",
        "path",
        "ARGV0",
        "HISTFILE",
        "COLS",
        "EMAIL",
        "LV",
        "XDG_CACHE_HOME",
        "BASH_DIR",
        "DIRSTACK",
        "TZDIR",
        "a-b",
        "",
    ],
)
def test_names_that_may_say_something(name: str):
    assert not is_of_no_meaning(name)


@pytest.mark.parametrize(
    "command", ["grep x a", "git rev-parse HEAD", "git status", "find . -name a", "sort a", "read -r y"]
)
def test_a_variable_that_is_not_exported_says_nothing_to_those_who_name_theirs(command: str):
    assert codes(f"COUNT=3; {command}") == set()
    assert codes(f"DIR=$({command} | wc -l); echo $DIR") == set()


@pytest.mark.parametrize(
    "command",
    [
        "COUNT=3; git commit -m x",
        "COUNT=3; git -c a.b=c status",
        "COUNT=3; find . -exec python3 {} +",
        "COUNT=3; find . -exec git add {} +",
        "COUNT=3; awk 1 a",
        "JQ_COLORS=3; jq . a",
        "COUNT=3; ls | xargs git gc",
        "COUNT=3; /opt/grep x",
        "export COUNT=3; grep x a",
        "COUNT=3 grep x a",
        "COUNT=3; export COUNT; grep x a",
        "GREP_OPTIONS=-f; grep x a",
        "GIT_DIR=x; git status",
        "EMAIL=x; git log",
        "PATH=x; ls",
    ],
)
def test_to_others_it_may(command: str):
    assert "sets-environment" in codes(command)
