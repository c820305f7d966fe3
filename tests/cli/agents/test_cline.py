"""Where Cline keeps its settings, and what it is told to ask for."""

import json
from pathlib import Path

import pytest

from companion.cli.agents import cline
from companion.cli.agents.agent import Link, NeedsModel, Wanted
from companion.cli.agents.changes import apply
from companion.cli.agents.errors import Unfit
from tests.cli.agents.fake_daemon import NAMED, OPEN

HOME = Path("/home/ada")
SET = {
    "version": 1,
    "providers": {"openai-compatible": {"settings": {"provider": "openai-compatible", "model": "mine"}}},
}

LAST = {"version": 1, "lastUsedProvider": "x", "providers": {"x": {"settings": {"provider": "x", "model": "theirs"}}}}
OWN = {"version": 1, "lastUsedProvider": "cline", "providers": {"cline": {"settings": {"model": "theirs"}}}}


@pytest.mark.parametrize(
    ("environ", "folder", "path"),
    [
        ({}, None, "/home/ada/.cline/data/settings/providers.json"),
        ({"CLINE_DIR": "/c"}, None, "/c/data/settings/providers.json"),
        ({"CLINE_DIR": "/c", "CLINE_DATA_DIR": "/d"}, None, "/d/settings/providers.json"),
        ({"CLINE_PROVIDER_SETTINGS_PATH": "/p.json", "CLINE_DATA_DIR": "/d"}, None, "/p.json"),
        ({"CLINE_DIR": " "}, None, "/home/ada/.cline/data/settings/providers.json"),
        ({"CLINE_PROVIDER_SETTINGS_PATH": "/p.json"}, Path("/f"), "/f/data/settings/providers.json"),
    ],
)
def test_the_settings_file(environ, folder, path):
    assert cline.settings(environ, HOME, folder) == Path(path)


@pytest.mark.parametrize(
    ("tiers", "document", "chosen", "model"),
    [
        (NAMED, {}, "", "companion/auto"),
        (NAMED, SET, "", "companion/auto"),
        (NAMED, SET, "other", "other"),
        (OPEN, SET, "", "mine"),
        (OPEN | {"act": "up/middle"}, SET, "", "mine"),
        (OPEN | {"act": "up/org/middle"}, {}, "", "org/middle"),
        (OPEN, {}, "other", "other"),
        ({}, {}, "", None),
        (OPEN, {}, "", None),
        (OPEN, LAST, "", "theirs"),
        (OPEN, OWN, "", None),
    ],
)
def test_the_model(tiers, document, chosen, model):
    wanted = Wanted("http://127.0.0.1:1", "k", tiers, "now", chosen)
    if model is None:
        with pytest.raises(NeedsModel):
            cline.changes(document, wanted)
        return
    text = apply(cline.SYNTAX, json.dumps(document), cline.changes(document, wanted))
    found = cline.SYNTAX.parse(text)
    assert found["providers"]["openai-compatible"]["settings"]["model"] == model
    assert cline.link(found) == Link("http://127.0.0.1:1", "k")
    assert cline.detours(found, {}) == []


def test_another_layout_is_refused():
    with pytest.raises(Unfit, match="version: expected 1, found 2"):
        cline.changes({"version": 2}, Wanted("g", "k", NAMED, "now"))


def test_another_provider_is_a_detour():
    assert cline.link({"lastUsedProvider": "anthropic"}) == Link()
    assert cline.detours({"lastUsedProvider": "anthropic"}, {}) == [
        "Cline's present provider is anthropic, not openai-compatible"
    ]
