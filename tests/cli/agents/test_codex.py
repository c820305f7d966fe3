"""Where Codex keeps its settings, and what it is told."""

from pathlib import Path

import pytest

from companion.cli.agents import codex
from companion.cli.agents.agent import Link, Wanted
from companion.cli.agents.changes import apply
from tests.cli.agents.fake_daemon import NAMED

HOME = Path("/home/ada")


@pytest.mark.parametrize(
    ("environ", "folder", "path"),
    [
        ({}, None, "/home/ada/.codex/config.toml"),
        ({"CODEX_HOME": "/c"}, None, "/c/config.toml"),
        ({"CODEX_HOME": "/c"}, Path("/f"), "/f/config.toml"),
    ],
)
def test_the_settings_file(environ, folder, path):
    assert codex.settings(environ, HOME, folder) == Path(path)


@pytest.mark.parametrize("model", ["", "mine"])
def test_the_key_goes_into_a_header_and_the_model_stays(model):
    wanted = Wanted("http://127.0.0.1:1", "k", NAMED, "now", model)
    found = codex.SYNTAX.parse(apply(codex.SYNTAX, 'model = "gpt-5.4"\n', codex.changes({}, wanted)))
    assert found == {
        "model": model or "gpt-5.4",
        "model_provider": "companion",
        "model_providers": {
            "companion": {
                "name": "companion",
                "base_url": "http://127.0.0.1:1/v1",
                "wire_api": "responses",
                "stream_idle_timeout_ms": 1_800_000,
                "http_headers": {"x-companion-client": "codex", "Authorization": "Bearer k"},
            }
        },
    }
    assert codex.link(found) == Link("http://127.0.0.1:1", "k")
    assert codex.detours(found, {}) == []


def test_what_leads_round_the_gateway():
    assert codex.link({"model_provider": "openai"}) == Link()
    assert "openai" in codex.detours({"model_provider": "openai"}, {})[0]
    profiled = {"model_provider": "companion", "profile": "w", "profiles": {"w": {"model_provider": "openai"}}}
    assert "profile w" in codex.detours(profiled, {})[0]
