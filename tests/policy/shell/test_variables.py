import pytest

from companion.policy.shell.variables import is_harmless_to_set, is_harmless_to_show, is_private


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
