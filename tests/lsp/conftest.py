from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient
from pytest_lsp.client import make_test_lsp_client

from tests.lsp.fake_control import FakeDaemon, until

SERVER = Path(sys.executable).with_name("companion-lsp")


class Person:
    """Whoever sits at the editor. Questions are kept; each waits until the test answers it."""

    def __init__(self, client: LanguageClient) -> None:
        self.client = client
        self.questions: list[Any] = []
        self.changes: list[Any] = []
        self._answers: list[asyncio.Future[Any]] = []
        self._left = False

    async def asked(self, question: Any) -> Any:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self._left:
            return None
        self.questions.append(question)
        self._answers.append(answer)
        return await answer

    async def question(self, number: int = 0) -> Any:
        await until(lambda: len(self.questions) > number)
        return self.questions[number]

    def answer(self, given: Any, number: int = 0) -> None:
        self._answers[number].set_result(given)

    def press(self, title: str, number: int = 0) -> None:
        self.answer(types.MessageActionItem(title=title), number)

    def leave(self) -> None:
        """Dismisses what is open and what may come; a client must not end with an answer owed."""
        self._left = True
        for answer in self._answers:
            if not answer.done():
                answer.set_result(None)

    def was_withdrawn(self, number: int = 0) -> bool:
        return self._answers[number].cancelled()

    def open(self, uri: str, text: str, version: int = 1) -> None:
        item = types.TextDocumentItem(uri=uri, language_id="plaintext", version=version, text=text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def change(self, uri: str, text: str, version: int) -> None:
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                text_document=types.VersionedTextDocumentIdentifier(uri=uri, version=version),
                content_changes=[types.TextDocumentContentChangeWholeDocument(text=text)],
            )
        )

    def close(self, uri: str) -> None:
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri=uri)))

    def shown(self, uri: str) -> list[types.Diagnostic]:
        return list(self.client.diagnostics.get(uri, []))

    def logged(self, part: str) -> bool:
        return any(part in one.message for one in self.client.log_messages)


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="c-") as folder:
        yield Path(folder)


@pytest.fixture
async def daemon(home: Path) -> AsyncIterator[FakeDaemon]:
    fake = FakeDaemon(home)
    yield fake
    await fake.stop()


@pytest.fixture
def announced() -> Any:
    """What the client sends as initializationOptions; a test overrides it by parametrizing `announced`."""
    return None


@pytest.fixture
async def person(home: Path, announced: Any) -> AsyncIterator[Person]:
    client = make_test_lsp_client()
    person = Person(client)

    @client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)
    async def on_question(params: types.ShowMessageRequestParams) -> Any:
        return await person.asked(params)

    @client.feature("companion/approval")
    async def on_approval(params: Any) -> Any:
        return await person.asked(params)

    @client.feature("companion/statusChanged")
    def on_status_changed(params: Any) -> None:
        person.changes.append(params)

    await client.start_io(str(SERVER), env={**os.environ, "COMPANION_HOME": str(home)})
    await client.initialize_session(
        types.InitializeParams(
            capabilities=types.ClientCapabilities(),
            workspace_folders=[types.WorkspaceFolder(uri="file:///home/ada/shop", name="shop")],
            initialization_options=announced,
        )
    )
    yield person
    person.leave()
    await client.shutdown_session()
    await client.stop()
