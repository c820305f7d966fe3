"""The server as it is built: what it announces, what it does when an editor comes and goes."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pytest_lsp.client import make_test_lsp_client

from companion import __version__
from companion_lsp.acceptances import COMMAND
from companion_lsp.protocol import STATUS
from companion_lsp.setup import Server, build_server
from tests.lsp.conftest import SERVER


@pytest.fixture
def server(home: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("COMPANION_HOME", str(home))
    return build_server()


def handler(server: Server, method: str) -> Any:
    features = server.protocol.fm
    return features.features.get(method) or features.builtin_features[method]


def linked() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name() == "link to the daemon"]


def test_every_method_is_registered_here(server: Server) -> None:
    assert set(server.protocol.fm.features) == {
        types.INITIALIZE,
        types.INITIALIZED,
        types.SHUTDOWN,
        types.TEXT_DOCUMENT_DID_OPEN,
        types.TEXT_DOCUMENT_DID_CHANGE,
        types.TEXT_DOCUMENT_DID_CLOSE,
        types.TEXT_DOCUMENT_CODE_ACTION,
        STATUS,
    }
    assert set(server.protocol.fm.commands) == {COMMAND}, "other extensions could run a command: this one only asks"


def test_two_servers_share_nothing(server: Server) -> None:
    other = build_server()
    assert handler(other, STATUS) is not handler(server, STATUS)


async def test_status_without_a_daemon_names_the_next_step(server: Server) -> None:
    answer = await handler(server, STATUS)(None)
    assert (answer["running"], answer["next"]) == (False, "companion up")


async def test_the_link_lives_from_initialized_to_shutdown(server: Server) -> None:
    handler(server, types.INITIALIZE)(types.InitializeParams(types.ClientCapabilities()))
    assert linked() == []
    handler(server, types.INITIALIZED)(types.InitializedParams())
    assert linked()
    handler(server, types.SHUTDOWN)(None)
    async with asyncio.timeout(10):
        while linked():
            await asyncio.sleep(0)


def test_a_fault_of_our_own_goes_to_the_log_and_not_into_a_pop_up(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "window_show_message", lambda _: pytest.fail("a pop-up"))
    server.report_server_error(ValueError("stumbled"), ValueError)
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.ERROR, "ValueError: stumbled")
    ]


async def test_what_an_editor_is_told_of_the_server(home: Path) -> None:
    client = make_test_lsp_client()
    await client.start_io(str(SERVER), env={**os.environ, "COMPANION_HOME": str(home)})
    told = await client.initialize_session(types.InitializeParams(capabilities=types.ClientCapabilities()))
    await client.shutdown_session()
    await client.stop()
    assert told.server_info == types.ServerInfo("companion-lsp", __version__)
    sync = told.capabilities.text_document_sync
    assert isinstance(sync, types.TextDocumentSyncOptions)
    assert (sync.open_close, sync.change) == (True, types.TextDocumentSyncKind.Full)
