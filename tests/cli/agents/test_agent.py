"""What every agent promises: one settings file, entries that lead to the gateway, and a way to run it once."""

from __future__ import annotations

from pathlib import Path

import pytest

from companion.cli.agents.agent import IDLE_MILLISECONDS, Link, NeedsModel, Wanted, text_at
from companion.cli.agents.changes import apply
from companion.cli.agents.known import AGENTS
from companion.model.policy import Policy
from tests.cli.agents.fake_daemon import NAMED, OPEN

HOME = Path("/home/ada")
KEY = "cmp-" + "0" * 43

every_agent = pytest.mark.parametrize("name", AGENTS)


def wanted(tiers=NAMED, model: str = "") -> Wanted:
    return Wanted("http://127.0.0.1:4141", KEY, tiers, "2026-03-14T12:00:00.000Z", model)


def document_of(name: str) -> dict:
    """Settings of an agent that had none, after `connect`."""
    agent = AGENTS[name]
    changes = agent.changes(agent.SYNTAX.parse(agent.SKELETON), wanted())
    return agent.SYNTAX.parse(apply(agent.SYNTAX, agent.SKELETON, changes))


@every_agent
def test_law_what_is_set_leads_to_the_gateway_and_past_nothing(name):
    agent, document = AGENTS[name], document_of(name)
    assert agent.link(document) == Link("http://127.0.0.1:4141", KEY)
    assert agent.detours(document, {}) == []
    assert agent.changes(document, wanted()) != []
    text = apply(agent.SYNTAX, agent.SKELETON, agent.changes({}, wanted()))
    assert apply(agent.SYNTAX, text, agent.changes(document, wanted())) == text, "setting it twice changes nothing"


@every_agent
def test_settings_that_say_nothing_lead_nowhere(name):
    agent = AGENTS[name]
    assert agent.link(agent.SYNTAX.parse(agent.SKELETON)) == Link()


@every_agent
def test_law_the_environment_that_names_a_folder_means_that_folders_file(name, tmp_path):
    agent = AGENTS[name]
    named = agent.settings({}, HOME, tmp_path)
    assert named.is_relative_to(tmp_path)
    assert agent.settings(agent.variables(tmp_path), HOME, None) == named
    assert agent.settings({}, HOME, None).is_relative_to(HOME)


@every_agent
def test_one_run_carries_the_prompt_as_one_argument(name):
    prompt = "--say; it's $HOME"
    assert AGENTS[name].headless(prompt).count(prompt) == 1


@every_agent
def test_no_sentence_for_the_user_shows_the_key(name):
    remarks = AGENTS[name].remarks(document_of(name), wanted(), {})
    assert remarks
    assert all(KEY not in remark for remark in remarks)


@every_agent
def test_a_model_that_the_user_named_is_asked_for(name):
    changes = AGENTS[name].changes({}, wanted(OPEN, model="mine"))
    assert "'mine'" in repr([change.value for change in changes])


def test_without_any_model_cline_says_so_before_anything_is_written():
    with pytest.raises(NeedsModel):
        AGENTS["cline"].changes({}, wanted(OPEN))


@pytest.mark.parametrize(
    ("tiers", "model"), [({}, ""), ({"act": "up/*"}, ""), ({"act": "up/m"}, "m"), ({"act": "up/org/m"}, "org/m")]
)
def test_the_model_that_a_tier_names(tiers, model):
    assert wanted(tiers).named("act") == model


def test_the_openai_dialects_have_their_own_base_url():
    assert wanted().openai == "http://127.0.0.1:4141/v1"


def test_an_agent_waits_longer_than_a_held_action_by_default():
    assert Policy().approval_seconds * 1000 < IDLE_MILLISECONDS


@pytest.mark.parametrize(
    ("document", "text"),
    [({"a": {"b": "x"}}, "x"), ({"a": {"b": 1}}, ""), ({"a": {"b": None}}, ""), ({"a": "x"}, ""), ({}, ""), ([], "")],
)
def test_text_at_a_path(document, text):
    assert text_at(document, "a", "b") == text
