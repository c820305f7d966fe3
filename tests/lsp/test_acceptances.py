from __future__ import annotations

import ast
import asyncio
from typing import Any

import pytest
from lsprotocol import types

from companion.contract.types import AcceptRequest
from companion_lsp.acceptances import COMMAND, offers
from tests.lsp.conftest import Person
from tests.lsp.fake_control import FakeDaemon, until

URI = "file:///home/ada/shop/deploy.env"
PATH = "/home/ada/shop/deploy.env"
FINGERPRINT = "0a1b2c3d" * 4
CALLED = "SECRET_ACME_0A1B2C3D"
DATA = {"secret": FINGERPRINT, "called": CALLED, "rule": "acme-key"}


async def actions(person: Person, daemon: FakeDaemon) -> list[types.CodeAction]:
    await daemon.start()
    await until(lambda: person.logged("is running"))
    person.open(URI, "A = key-1234")
    await until(lambda: person.shown(URI))
    shown = person.shown(URI)
    params = types.CodeActionParams(
        types.TextDocumentIdentifier(URI), shown[0].range, types.CodeActionContext(diagnostics=shown)
    )
    return await person.client.text_document_code_action_async(params)


async def run(person: Person, action: Any) -> None:
    # The test's client takes every action for a command, and what is inside for its name.
    command = ast.literal_eval(action.command)
    assert command["command"] == COMMAND
    params = types.ExecuteCommandParams(command["command"], command["arguments"])
    await person.client.workspace_execute_command_async(params)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, AcceptRequest(secret=FINGERPRINT, called=CALLED, by="editor")),
        (1, AcceptRequest(called="", rule="acme-key", scope=PATH, by="editor")),
        (2, AcceptRequest(called="", rule="acme-key", scope="/home/ada/shop", by="editor")),
    ],
    ids=["the value", "the rule in the file", "the rule in the workspace"],
)
async def test_a_chosen_action_asks_for_how_long_and_accepts(
    daemon: FakeDaemon, person: Person, number: int, expected: AcceptRequest
) -> None:
    offered = await actions(person, daemon)
    assert len(offered) == 3, offered
    daemon.warning = ".env keeps this value"
    running = asyncio.ensure_future(run(person, offered[number]))
    question = await person.question()
    assert [choice.title for choice in question.actions] == ["For 1 day", "For 30 days", "For good", "Cancel"]
    assert (CALLED if not number else "acme-key") in question.message
    assert not daemon.accepted
    person.press("For good")
    await running
    assert daemon.accepted == [expected]
    await until(lambda: not person.shown(URI))


async def test_law_the_command_alone_accepts_nothing(daemon: FakeDaemon, person: Person) -> None:
    offered = await actions(person, daemon)
    for number, title in enumerate(["Cancel", "For ever and ever"]):
        running = asyncio.ensure_future(run(person, offered[0]))
        await person.question(number)
        person.press(title, number)
        await running
    assert daemon.accepted == []
    assert person.shown(URI)


@pytest.mark.parametrize(
    "arguments",
    [[], [1], ["x"], [{}], [{"secret": "a", "rule": "b"}], [{"secret": ["a"]}], [{"secret": "a\nb"}]],
    ids=repr,
)
async def test_a_command_that_no_action_made_asks_nothing(
    daemon: FakeDaemon, person: Person, arguments: list[Any]
) -> None:
    await daemon.start()
    await person.client.workspace_execute_command_async(types.ExecuteCommandParams(COMMAND, arguments))
    assert person.questions == []
    await until(lambda: person.logged("nothing was accepted"))


async def test_a_name_that_is_not_the_secrets_own_is_not_shown(daemon: FakeDaemon, person: Person) -> None:
    await daemon.start()
    other = [{"secret": "f" * 32, "called": CALLED}]
    asked = person.client.workspace_execute_command_async(types.ExecuteCommandParams(COMMAND, other))
    running = asyncio.ensure_future(asked)
    question = await person.question()
    assert CALLED not in question.message
    assert "f" * 32 in question.message
    person.press("Cancel")
    await running


@pytest.mark.parametrize(
    ("data", "count"),
    [(DATA, 3), ({**DATA, "secret": ""}, 2), ({**DATA, "rule": 7}, 1), (None, 0), ("x", 0), ({}, 0)],
    ids=["all", "no fingerprint", "no rule", "none", "text", "empty"],
)
def test_what_is_offered_follows_from_the_finding(data: object, count: int) -> None:
    assert len(offers(data, PATH, "/home/ada/shop")) == count


def test_a_place_that_nobody_knows_is_not_offered() -> None:
    assert [one.asked.rule for one in offers(DATA, "", "")] == [""]
