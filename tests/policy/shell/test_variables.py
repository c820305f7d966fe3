import pytest

from companion.policy.shell.variables import is_harmless_to_set, is_harmless_to_show, is_of_no_meaning, is_private


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


@pytest.mark.parametrize("name", ["FOO", "DEBUG", "VAR", "x", "TARGET", "LOG_LEVEL"])
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
        "a-b",
        "",
    ],
)
def test_names_that_may_say_something(name: str):
    assert not is_of_no_meaning(name)
