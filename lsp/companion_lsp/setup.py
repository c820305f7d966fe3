"""Builds the server and registers every method of the protocol, once and here."""

from __future__ import annotations

import logging
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from companion import __version__
from companion_lsp.acceptances import COMMAND, Acceptances
from companion_lsp.approvals import Approvals
from companion_lsp.diagnostics import Diagnostics
from companion_lsp.editor import Editor, read_options
from companion_lsp.link import Link
from companion_lsp.protocol import STATUS, Protocol
from companion_lsp.status import StatusLine
from companion_lsp.tasks import Tasks

_log = logging.getLogger(__name__)


class Server(LanguageServer):
    """A language server whose own faults go to the log; a person can do nothing with them in a pop-up."""

    def report_server_error(self, error: Exception, source: Any) -> None:
        _log.error("%s: %s", source.__name__, error)


def build_server() -> Server:
    """A server for one client, not yet started."""
    server = Server(
        "companion-lsp",
        __version__,
        # pygls splits lines where editors do not, so edits by range would garble a text with a form feed in it.
        text_document_sync_kind=types.TextDocumentSyncKind.Full,
        protocol_cls=Protocol,
    )
    editor, link, tasks = Editor(server), Link(), Tasks()
    status, approvals = StatusLine(editor, link), Approvals(editor, link, tasks)
    diagnostics = Diagnostics(editor, link, tasks)
    for follower in (status, approvals, diagnostics):
        link.follow(follower)
    _register_life(server, editor, link, tasks)
    _register_documents(server, diagnostics)
    _register_acceptances(server, Acceptances(editor, link))

    @server.feature(STATUS)
    async def on_status(_: dict[str, Any] | None) -> dict[str, Any]:
        return await status.read()

    return server


def _register_life(server: Server, editor: Editor, link: Link, tasks: Tasks) -> None:
    @server.feature(types.INITIALIZE)
    def on_initialize(params: types.InitializeParams) -> None:
        editor.options = read_options(params.initialization_options)

    @server.feature(types.INITIALIZED)
    def on_initialized(_: types.InitializedParams) -> None:
        tasks.spawn(link.run(), "link to the daemon")

    @server.feature(types.SHUTDOWN)
    def on_shutdown(_: None) -> None:
        editor.close()
        tasks.cancel_all()


def _register_acceptances(server: Server, acceptances: Acceptances) -> None:
    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])
    )
    def on_code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        return acceptances.actions(params)

    @server.command(COMMAND)
    async def on_accept(*arguments: Any) -> None:
        await acceptances.accept(arguments)


def _register_documents(server: Server, diagnostics: Diagnostics) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def on_open(params: types.DidOpenTextDocumentParams) -> None:
        diagnostics.scan(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def on_change(params: types.DidChangeTextDocumentParams) -> None:
        diagnostics.scan_soon(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def on_close(params: types.DidCloseTextDocumentParams) -> None:
        diagnostics.forget(params.text_document.uri)
