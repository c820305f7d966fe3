"""Each key says what holds, who said it and what it overrode."""

import pytest

from companion.config.complaints import ConfigError
from companion.config.explain import as_text, explain, keys
from companion.config.load import load
from companion.config.provenance import Layer
from companion.config.workspace import FILE_NAME
from companion.places import Places


@pytest.fixture
def loaded(tmp_path):
    (tmp_path / "companion.toml").write_text('[policy]\nsecrets = "deny"\n[gateway]\nport = 5\n')
    return load(Places(tmp_path, tmp_path, tmp_path, tmp_path), {"gateway.port": 6}, {})


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    text = '[policy]\nsecrets = "redact"\ncommands = "strict"\nignore_files = [".x"]\n'
    (folder / FILE_NAME).write_text(text)
    return folder


def test_every_key_explains_itself(loaded, workspace):
    for key in keys(loaded):
        for where in (None, str(workspace)):
            explanation = explain(loaded, key, where)
            assert explanation.key == key
            assert explanation.expected
    assert keys(loaded, "gateway") == ("gateway.host", "gateway.port")
    assert keys(loaded, "gate") == ()


def test_what_overrode_what(loaded):
    port = explain(loaded, "gateway.port")
    assert (port.value, port.origin.layer) == (6, Layer.COMMAND_LINE)
    assert [(one.value, one.origin.line) for one in port.overrode] == [(5, 4), (4141, 0)]


def test_a_budget_of_a_name(tmp_path):
    text = '[budgets.model."claude-3.5"]\nday = "1.50"\n[limits.key."*"]\nparallel = 2\n[cache]\nenabled = true\n'
    (tmp_path / "companion.toml").write_text(text)
    loaded = load(Places(tmp_path, tmp_path, tmp_path, tmp_path), {}, {})
    assert keys(loaded, "budgets.model") == ('budgets.model."claude-3.5".day',)
    assert keys(loaded, "limits")[-1] == 'limits.key."*".parallel'
    explanation = explain(loaded, 'budgets.model."claude-3.5".day')
    assert (as_text(explanation.value), explanation.origin.line) == ("1.50", 2)
    assert explanation.expected.startswith("US dollars above 0")
    assert as_text(explain(loaded, "cache.enabled").value) == "true"
    with pytest.raises(ConfigError, match=r'did you mean "budgets\.model\.'):
        explain(loaded, "budgets.model.claude-3.5.day")


def test_a_workspace_that_tightens(loaded, workspace):
    commands = explain(loaded, "policy.commands", str(workspace))
    assert (commands.value, str(commands.origin)) == ("strict", f"{workspace / FILE_NAME}:3")
    assert [one.value for one in commands.overrode] == ["standard"]
    names = explain(loaded, "policy.ignore_files", str(workspace))
    assert names.value == (".clineignore", ".companionignore", ".x")


def test_a_workspace_that_would_loosen(loaded, workspace):
    secrets = explain(loaded, "policy.secrets", str(workspace))
    assert (secrets.value, secrets.origin.line) == ("deny", 2)
    assert "would loosen your policy" in secrets.remarks[0]


def test_a_workspace_file_that_cannot_be_used(loaded, workspace):
    (workspace / FILE_NAME).write_text("[policy")
    commands = explain(loaded, "policy.commands", str(workspace))
    assert (commands.value, commands.origin.layer) == ("strict", Layer.WORKSPACE)
    assert commands.remarks == ("the workspace's file cannot be used, so the strictest holds",)


def test_an_unknown_key(loaded):
    with pytest.raises(ConfigError, match=r'did you mean "policy\.commands"'):
        explain(loaded, "policy.comands")


def test_a_bad_configuration_explains_nothing(tmp_path):
    (tmp_path / "companion.toml").write_text("[gateway]\nport = -1\n")
    with pytest.raises(ConfigError):
        explain(load(Places(tmp_path, tmp_path, tmp_path, tmp_path), {}, {}), "gateway.host")
