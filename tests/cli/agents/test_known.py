"""The agents that can be connected: the same ones everywhere, each with a name and a place of its own."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from companion.cli.agents import known
from companion.cli.agents.agent import Agent
from companion.cli.agents.known import AGENTS
from companion.cli.connect import connect, disconnect
from companion.cli.doctor import doctor
from companion.edges.gateway.agents import client_of
from tests.support.scenes import PATHS

HOME = Path("/home/ada")
PROMISED = [name for name in vars(Agent) if not name.startswith("_")]


@pytest.mark.parametrize("name", AGENTS)
def test_each_has_all_that_an_agent_promises(name: str):
    assert [part for part in PROMISED if getattr(AGENTS[name], part, None) is None] == []
    assert name == AGENTS[name].NAME


@pytest.mark.parametrize("part", ["NAME", "TITLE", "PROGRAM"])
def test_no_two_are_called_the_same(part: str):
    assert len({getattr(agent, part) for agent in AGENTS.values()}) == len(AGENTS)


def test_no_two_share_a_settings_file():
    for folder in (None, HOME / "elsewhere"):
        files = [agent.settings({}, HOME, folder and folder / name) for name, agent in AGENTS.items()]
        assert len(set(files)) == len(AGENTS)


@pytest.mark.parametrize("command", [connect, disconnect, doctor])
def test_every_command_takes_all_of_them(command: click.Command):
    [choice] = [each.type for each in command.params if each.name == "agent"]
    assert isinstance(choice, click.Choice)
    assert list(choice.choices) == list(AGENTS)


@pytest.mark.parametrize("name", AGENTS)
def test_the_gateway_speaks_with_each_and_counts_it_under_its_own_name(name: str):
    assert client_of({"x-companion-client": name}) == name
    assert f"/v1/{AGENTS[name].DIALECT}" in PATHS.values()


def test_nobody_adds_one_while_companion_runs():
    with pytest.raises(TypeError):
        known.AGENTS["other"] = AGENTS["cline"]
