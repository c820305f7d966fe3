"""Where Claude Code keeps its settings, and what it is told."""

from pathlib import Path

import pytest

from companion.cli.agents import claude
from companion.cli.agents.agent import Wanted
from tests.cli.agents.fake_daemon import NAMED, OPEN

HOME = Path("/home/ada")


@pytest.mark.parametrize(
    ("environ", "folder", "path"),
    [
        ({}, None, "/home/ada/.claude/settings.json"),
        ({"CLAUDE_CONFIG_DIR": "/c"}, None, "/c/settings.json"),
        ({"CLAUDE_CONFIG_DIR": "/c"}, Path("/f"), "/f/settings.json"),
    ],
)
def test_the_settings_file(environ, folder, path):
    assert claude.settings(environ, HOME, folder) == Path(path)


def entries(tiers, document=None, model=""):
    changes = claude.changes(document or {}, Wanted("http://127.0.0.1:1", "k", tiers, "now", model))
    return {change.path[-1]: change.value for change in changes}


def test_every_tier_that_names_a_model_is_asked_for_by_its_alias():
    assert entries(NAMED) == {
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:1",
        "ANTHROPIC_AUTH_TOKEN": "k",
        "ANTHROPIC_CUSTOM_HEADERS": "x-companion-client: claude",
        "CLAUDE_STREAM_IDLE_TIMEOUT_MS": "1800000",
        "ANTHROPIC_DEFAULT_OPUS_MODEL": "companion/plan",
        "ANTHROPIC_DEFAULT_SONNET_MODEL": "companion/act",
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": "companion/small",
        "model": "opusplan",
    }


@pytest.mark.parametrize(
    ("tiers", "model", "expected"),
    [(OPEN, "", None), (OPEN | {"act": "up/m"}, "", None), (OPEN, "x", "x"), (NAMED, "x", "x")],
)
def test_the_model_is_set_when_both_modes_have_one(tiers, model, expected):
    assert entries(tiers, model=model).get("model") == expected


def test_an_open_tier_has_no_alias():
    assert not any(name.startswith("ANTHROPIC_DEFAULT") for name in entries(OPEN))


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ("", "x-companion-client: claude"),
        ("x-a: b", "x-a: b\nx-companion-client: claude"),
        ("X-Companion-Client: other\nx-a: b", "x-a: b\nx-companion-client: claude"),
        ("x-companion-client: claude", "x-companion-client: claude"),
    ],
)
def test_headers_of_the_user_stay(present, expected):
    document = {"env": {"ANTHROPIC_CUSTOM_HEADERS": present}}
    assert entries(OPEN, document)["ANTHROPIC_CUSTOM_HEADERS"] == expected


@pytest.mark.parametrize(
    ("document", "environ", "detours"),
    [
        ({}, {}, 0),
        ({}, {"CLAUDE_CODE_USE_BEDROCK": "1"}, 1),
        ({"env": {"CLAUDE_CODE_USE_VERTEX": "true"}}, {}, 1),
        ({"env": {"CLAUDE_CODE_USE_VERTEX": "0"}}, {}, 0),
    ],
)
def test_other_providers_lead_round_the_gateway(document, environ, detours):
    assert len(claude.detours(document, environ)) == detours
