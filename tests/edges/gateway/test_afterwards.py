"""What an answer holds is looked at once it is given, in the shapes of all dialects."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from companion.edges.gateway.afterwards import AnswerScan
from companion.edges.gateway.dialect import UnclearAnswer
from companion.edges.gateway.replay import document_of, events_of
from companion.model.action import Dialect, ModelCall
from companion.model.exchange import Exchange, Origin
from companion.scan.secrets.rules import OwnRules
from companion.scan.secrets.scanner import SecretScan
from tests.support.rooms import NOON, Heard

KEY = b"k" * 32
TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG3hJ5"

ANSWERS: dict[Dialect, Any] = {
    Dialect.CHAT: lambda text: {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]
    },
    Dialect.MESSAGES: lambda text: {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
    },
    Dialect.RESPONSES: lambda text: {
        "object": "response",
        "status": "completed",
        "output": [
            {
                "type": "message",
                "id": "m1",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": text, "annotations": []}],
            }
        ],
    },
}


def exchange(workspace: str = "", dialect: Dialect = Dialect.CHAT, name: str = "x1") -> Exchange:
    return Exchange(name, NOON, Origin(workspace=workspace), ModelCall(dialect, "m"))


async def heard(dialect: Dialect, document: Any, workspace: str = "") -> list[tuple[str, str, str, Any]]:
    ears, scanner = Heard(), SecretScan(KEY, [OwnRules()])
    scan = AnswerScan(scanner, ears)
    scan.offer(exchange(workspace, dialect), dialect, document)
    await scan.done()
    scanner.close()
    return ears.notices


@pytest.mark.parametrize("dialect", ANSWERS)
async def test_a_secret_in_an_answer_is_told_by_its_placeholder(dialect: Dialect) -> None:
    document = ANSWERS[dialect](f"use {TOKEN} for that")
    [(name, id_, text, details)] = await heard(dialect, lambda: document)
    assert (name, id_) == ("answer.secret", "x1")
    assert "SECRET_GITHUB" in text
    assert TOKEN not in text + str(details)
    assert details == {"types": {"GITHUB": 1}, "known": 0}


@pytest.mark.parametrize("dialect", ANSWERS)
async def test_so_is_one_that_came_in_pieces(dialect: Dialect) -> None:
    events = events_of(dialect, ANSWERS[dialect](f"use {TOKEN} for that"))
    [(name, _, _, _)] = await heard(dialect, lambda: document_of(dialect, events))
    assert name == "answer.secret"


async def test_a_value_of_the_users_own_files_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DB_PASSWORD=hunter2-prod\n")
    document = ANSWERS[Dialect.CHAT]("try hunter2-prod")
    [(_, _, text, details)] = await heard(Dialect.CHAT, lambda: document, str(tmp_path))
    assert details["known"] == 1
    assert "in your own secret files: 1" in text


@pytest.mark.parametrize("document", [{}, {"choices": 3}, {"choices": [None, {"message": "x"}]}])
async def test_an_answer_without_texts_says_nothing(document: dict[str, Any]) -> None:
    assert await heard(Dialect.CHAT, lambda: document) == []


async def test_an_answer_that_broke_off_is_told_as_unread() -> None:
    def broken() -> dict[str, Any]:
        raise UnclearAnswer("broke off")

    [(name, _, text, _)] = await heard(Dialect.CHAT, broken)
    assert (name, text) == ("answer.unread", "not searched for secrets: broke off")


async def test_numbers_are_not_read() -> None:
    def numbers() -> dict[str, Any]:
        raise AssertionError("read all the same")

    assert await heard(Dialect.EMBEDDINGS, numbers) == []


async def test_what_is_not_read_is_told() -> None:
    def odd() -> dict[str, Any]:
        raise RecursionError("deep")

    [(name, _, text, _)] = await heard(Dialect.CHAT, odd)
    assert (name, text) == ("answer.unread", "not searched for secrets: the scan failed (RecursionError)")


async def test_beyond_the_most_that_wait_an_answer_is_told_as_unread_and_the_others_are_read() -> None:
    ears, scanner = Heard(), SecretScan(KEY, [OwnRules()])
    scan = AnswerScan(scanner, ears, most=2)
    document = ANSWERS[Dialect.CHAT](TOKEN)
    for number in range(3):
        scan.offer(exchange(name=str(number)), Dialect.CHAT, lambda: document)
    await scan.done()
    assert sorted(name for name, *_ in ears.notices) == ["answer.secret", "answer.secret", "answer.unread"]
    scan.offer(exchange(), Dialect.CHAT, lambda: document)
    await asyncio.wait_for(scan.done(), 10)
    assert [name for name, *_ in ears.notices].count("answer.secret") == 3
    scanner.close()
