from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from companion.contract.types import Answer
from companion_lsp.approvals import _SHOWN_FIELDS
from tests.lsp.conftest import Person
from tests.lsp.fake_control import ASKED, FakeDaemon, until

ROOT = Path(__file__).parents[2]
OWN = {"companion": {"approval": True}}


async def up(daemon: FakeDaemon) -> None:
    await daemon.start()
    await until(lambda: daemon.listeners)


async def test_the_answer_reaches_the_daemon(daemon: FakeDaemon, person: Person) -> None:
    await up(daemon)
    for number, title in enumerate(["Approve", "Deny"]):
        daemon.open(id=title)
        question = await person.question(number)
        assert question.message.endswith(ASKED.what)
        assert [action.title for action in question.actions] == ["Approve", "Deny", "Later"]
        person.press(title, number)
        await until(lambda number=number: len(daemon.answers) > number)
    assert daemon.answers == [
        ("Approve", Answer(approve=True, by="editor", digest=ASKED.digest)),
        ("Deny", Answer(approve=False, by="editor", digest=ASKED.digest)),
    ]


async def test_no_answer_is_no_answer_and_is_not_asked_again(daemon: FakeDaemon, person: Person) -> None:
    await up(daemon)
    for number, answer in enumerate([None, types.MessageActionItem("Later"), types.MessageActionItem("Allow")]):
        daemon.open(id=f"apr-{number}", what=f"rm {number}")
        assert (await person.question(number)).message.endswith(f"rm {number}")
        person.answer(answer, number)
    daemon.open(id="apr-9", what="rm 9")
    assert (await person.question(3)).message.endswith("rm 9")
    person.press("Deny", 3)
    await until(lambda: daemon.answers)
    assert [name for name, _ in daemon.answers] == ["apr-9"]
    assert len(person.questions) == 4


async def test_what_waited_before_the_editor_came_is_shown_once(daemon: FakeDaemon, person: Person) -> None:
    daemon.open()
    await up(daemon)
    await person.question()
    daemon.open(id="apr-2")
    await person.question(1)
    assert [question.message for question in person.questions] == [person.questions[0].message] * 2


async def test_what_is_not_shown_whole_cannot_be_approved(daemon: FakeDaemon, person: Person) -> None:
    await up(daemon)
    daemon.open(what="echo " + "x" * 2000 + "; rm -rf ~")
    question = await person.question()
    assert question.message.endswith("more characters; see `companion pending`")
    assert [action.title for action in question.actions] == ["Deny", "Later"]
    person.press("Approve")
    daemon.open(id="apr-2")
    await person.question(1)
    assert daemon.answers == []


async def test_answered_elsewhere(daemon: FakeDaemon, person: Person) -> None:
    await up(daemon)
    daemon.open()
    await person.question()
    daemon.close("apr-1")
    await until(person.was_withdrawn)
    assert person.client.messages == []


async def test_answered_elsewhere_at_the_same_moment(daemon: FakeDaemon, person: Person) -> None:
    await up(daemon)
    daemon.open()
    await person.question()
    del daemon.waiting["apr-1"]
    person.press("Approve")
    await until(lambda: person.logged("had ended before it was approved here"))
    assert person.client.messages == []


async def test_at_most_three_questions_at_a_time(daemon: FakeDaemon, person: Person) -> None:
    await up(daemon)
    for number in range(5):
        daemon.open(id=f"apr-{number}", what=f"rm {number}")
    await person.question(2)
    person.press("Deny", 0)
    await person.question(3)
    assert len(person.questions) == 4


@pytest.mark.parametrize("announced", [OWN])
async def test_a_client_with_its_own_dialogue(daemon: FakeDaemon, person: Person) -> None:
    await up(daemon)
    daemon.open(what="x" * 5000, hint="look first")
    shown = await person.question()
    assert shown._asdict() == {
        "id": "apr-1",
        "cwd": "",
        "reaches": ["once"],
        "beside": [],
        "kind": "shell",
        "what": "x" * 5000,
        "code": "force-push",
        "reason": ASKED.reason,
        "hint": "look first",
        "client": "cline",
        "tier": "act",
        "workspace": "/home/ada/shop",
        "expiresAt": ASKED.expires_at,
        "digest": ASKED.digest,
    }
    person.answer({"approve": False, "reason": "not on main"})
    await until(lambda: daemon.answers)
    assert daemon.answers == [("apr-1", Answer(approve=False, by="editor", reason="not on main", digest=ASKED.digest))]


@pytest.mark.parametrize("announced", [OWN])
async def test_a_malformed_answer_is_no_answer(daemon: FakeDaemon, person: Person) -> None:
    await up(daemon)
    malformed: list[Any] = [{"approve": "yes"}, {"reason": "x"}, True, {"approve": True, "reason": 1}, [], "Approve"]
    for number, given in enumerate(malformed):
        daemon.open(id=f"apr-{number}")
        await person.question(number)
        person.answer(given, number)
        await until(lambda number=number: person.logged(f"apr-{number}: expected {{approve, reason}} or null"))
    assert daemon.answers == []


async def test_an_answer_that_cannot_be_delivered_is_said_aloud(daemon: FakeDaemon, person: Person) -> None:
    await up(daemon)
    daemon.open()
    await person.question()
    await daemon.stop()
    person.press("Approve")
    await until(lambda: person.client.messages)
    assert person.client.messages[0].message.startswith("approval apr-1 was not approved: no daemon is running")


async def test_without_the_operator_socket_it_only_says_so(daemon: FakeDaemon, person: Person) -> None:
    await daemon.start(operator=False)
    await until(lambda: person.logged("approvals cannot be answered from this editor"))
    daemon.open()
    assert person.questions == []


async def test_a_client_that_cannot_ask(daemon: FakeDaemon, person: Person) -> None:
    person.client._pytest_item = None  # its own complaint about the unknown method is what this test is about
    del person.client.protocol.fm.features[types.WINDOW_SHOW_MESSAGE_REQUEST]
    await up(daemon)
    daemon.open()
    await until(lambda: person.logged("this editor cannot show approval apr-1"))
    assert daemon.answers == []


async def test_no_command_answers_an_approval(person: Person) -> None:
    with pytest.raises(Exception, match="not defined"):
        await person.client.workspace_execute_command_async(
            types.ExecuteCommandParams(command="companion.approve", arguments=["apr-1"])
        )


def test_the_extension_for_vs_code_shows_every_field_that_is_sent() -> None:
    source = (ROOT / "lsp/vscode/src/approvals.ts").read_text()
    declared = re.search(r"export interface Approval \{(.*?)\n\}", source, re.DOTALL)
    assert declared is not None
    fields = set(re.findall(r"^  (\w+): ", declared.group(1), re.MULTILINE))
    assert fields == {*_SHOWN_FIELDS.values(), "beside"}
    used = set(re.findall(r"approval\.(\w+)", source))
    # What names the question to the daemon is nothing to read.
    assert fields - used <= {"digest"}
