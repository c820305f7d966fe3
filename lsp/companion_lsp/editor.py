"""What the features need of the editor at the other end."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path
from pygls.workspace import TextDocument


@dataclass(frozen=True, slots=True)
class Options:
    """What the client announced in `initializationOptions.companion`."""

    approval: bool = False
    """It answers the request `companion/approval`."""
    status: bool = False
    """It wants the notification `companion/statusChanged`."""


def read_options(given: object) -> Options:
    """From `initializationOptions`. Whatever is not exactly `true` announces nothing."""
    chosen = given.get("companion") if isinstance(given, Mapping) else None
    if not isinstance(chosen, Mapping):
        return Options()
    return Options(approval=chosen.get("approval") is True, status=chosen.get("status") is True)


class Editor:
    """The client of one language server. After `close` nothing is sent any more."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._open = True
        self.options = Options()

    def close(self) -> None:
        self._open = False

    @property
    def encoding(self) -> str:
        return self._server.workspace.position_encoding or types.PositionEncodingKind.Utf16

    @property
    def documents(self) -> Mapping[str, TextDocument]:
        """Open documents by URI."""
        documents: Mapping[str, TextDocument] = self._server.workspace.text_documents
        return documents

    def workspace_of(self, uri: str) -> str:
        """Path of the innermost workspace folder that holds this document; "" when none does."""
        workspace = self._server.workspace
        folders = [folder.uri for folder in workspace.folders.values()] or [workspace.root_uri or ""]
        holding = [folder for each in folders if (folder := each.rstrip("/")) and uri.startswith(f"{folder}/")]
        return (to_fs_path(max(holding, key=len)) or "") if holding else ""

    def publish(self, uri: str, version: int | None, diagnostics: Sequence[types.Diagnostic]) -> None:
        params = types.PublishDiagnosticsParams(uri=uri, version=version, diagnostics=diagnostics)
        self._send(lambda: self._server.text_document_publish_diagnostics(params))

    def log(self, text: str, kind: types.MessageType = types.MessageType.Info) -> None:
        """Into the editor's output panel, where it disturbs nobody."""
        params = types.LogMessageParams(type=kind, message=text)
        self._send(lambda: self._server.window_log_message(params))

    def warn(self, text: str) -> None:
        """In sight of the person."""
        params = types.ShowMessageParams(type=types.MessageType.Warning, message=text)
        self._send(lambda: self._server.window_show_message(params))

    def notify(self, method: str, params: object) -> None:
        self._send(lambda: self._server.protocol.notify(method, params))

    async def request(self, method: str, params: object) -> Any:
        """The client's answer. Cancelled, it tells the client that nobody waits any more.

        Raises pygls.exceptions.JsonRpcException when the client answers with an error.
        """
        name = str(uuid.uuid4())
        # The inner future stays alive when this task is cancelled: pygls would stumble over a late answer otherwise.
        sent = asyncio.wrap_future(self._server.protocol.send_request(method, params, msg_id=name))
        try:
            return await asyncio.shield(sent)
        except asyncio.CancelledError:
            self.notify(types.CANCEL_REQUEST, types.CancelParams(id=name))
            raise

    def _send(self, send: Callable[[], object]) -> None:
        # An editor that is gone closes our input too, and that ends the process.
        with suppress(BrokenPipeError):
            if self._open:
                send()
