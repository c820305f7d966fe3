"""Secrets in open documents, shown where they stand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from lsprotocol import types
from pygls.uris import to_fs_path

from companion.client import NotRunning, Refused, calls
from companion.contract.codec import WireError
from companion.contract.types import Event, SecretFinding, Status
from companion_lsp.editor import Editor
from companion_lsp.link import Follower, Link, explain
from companion_lsp.positions import LineIndex
from companion_lsp.tasks import Tasks

SOURCE = "companion"

_DEBOUNCE = 0.3
_LARGEST = 2_000_000
_MOST = 500
_AT_ONCE = 2
_CHANGES_FINDINGS = frozenset({"secret.accepted", "secret.revoked"})


class Diagnostics(Follower):
    """Scans a document when it is opened and, a moment after the last keystroke, when it is changed.

    While there is no daemon, what is shown stays until its text changes: a finding at the wrong place is worse than
    none.
    """

    def __init__(self, editor: Editor, link: Link, tasks: Tasks) -> None:
        self._editor = editor
        self._link = link
        self._tasks = tasks
        self._scans: dict[str, asyncio.Task[None]] = {}
        self._shown: dict[str, int | None] = {}
        self._turn = asyncio.Semaphore(_AT_ONCE)

    def found(self, status: Status, *, can_answer: bool) -> None:  # noqa: ARG002 - any daemon can scan
        for uri in self._editor.documents:
            self.scan(uri)

    def hear(self, event: Event) -> None:
        if event.name in _CHANGES_FINDINGS:
            for uri in self._editor.documents:
                self.scan(uri)

    def scan(self, uri: str) -> None:
        """Now. A scan of an earlier text of this document is given up."""
        self._start(uri, 0)

    def scan_soon(self, uri: str) -> None:
        """When nothing has changed for a moment."""
        self._start(uri, _DEBOUNCE)

    def forget(self, uri: str) -> None:
        """The document was closed."""
        if scan := self._scans.pop(uri, None):
            scan.cancel()
        self._shown.pop(uri, None)
        self._editor.publish(uri, None, [])

    def _start(self, uri: str, pause: float) -> None:
        if earlier := self._scans.pop(uri, None):
            earlier.cancel()
        self._scans[uri] = self._tasks.spawn(self._scan(uri, pause), f"scan {uri}")

    async def _scan(self, uri: str, pause: float) -> None:
        await asyncio.sleep(pause)
        document = self._editor.documents.get(uri)
        if document is None:
            return
        # A lone surrogate cannot be sent; its stand-in is one character as well, so offsets stay true.
        raw = document.source.encode("utf-8", "replace")
        if len(raw) > _LARGEST:
            self._show(uri, document.version, [_too_large()])
            return
        text = raw.decode()
        try:
            async with self._turn:
                workspace, path = self._editor.workspace_of(uri), to_fs_path(uri) or ""
                findings = await self._link.agent.do(calls.find_secrets(text, workspace, path))
        except NotRunning:
            if uri in self._shown and self._shown[uri] != document.version:
                self._show(uri, document.version, [])
        except (Refused, WireError) as error:
            self._show(uri, document.version, [_unscanned(error)])
        else:
            self._show(uri, document.version, to_diagnostics(text, findings, self._editor.encoding))

    def _show(self, uri: str, version: int | None, diagnostics: Sequence[types.Diagnostic]) -> None:
        self._shown[uri] = version
        self._editor.publish(uri, version, diagnostics)


def to_diagnostics(text: str, findings: Sequence[SecretFinding], encoding: str) -> list[types.Diagnostic]:
    """Findings of `text` as diagnostics. Of very many, the first, and a word on how many more there are."""
    lines = LineIndex(text, encoding)
    shown = [
        types.Diagnostic(
            range=lines.range(finding.start, finding.end),
            severity=_severity(finding),
            code=finding.rule,
            source=SOURCE,
            message=_message(finding),
            data={"secret": finding.fingerprint, "called": finding.preview, "rule": finding.rule},
        )
        for finding in findings[:_MOST]
    ]
    if (more := len(findings) - _MOST) > 0:
        shown.append(_about_document("more-secrets", f"{more} more secrets in this document are not shown."))
    return shown


def _severity(finding: SecretFinding) -> types.DiagnosticSeverity:
    if finding.confidence == "high":
        return types.DiagnosticSeverity.Warning
    return types.DiagnosticSeverity.Information


def _message(finding: SecretFinding) -> str:
    what = f"secret ({finding.type})" if finding.confidence == "high" else f"possible secret ({finding.type})"
    stand_in = f" with {finding.preview}" if finding.preview else ""
    return f"{what}: companion will replace it in prompts{stand_in}"


def _too_large() -> types.Diagnostic:
    return _about_document(
        "document-too-large",
        "This document is larger than 2 MB: companion does not look for secrets in it here. Prompts are still scanned.",
    )


def _unscanned(error: Exception) -> types.Diagnostic:
    return _about_document("not-scanned", f"companion could not look for secrets here: {explain(error)}")


def _about_document(code: str, message: str) -> types.Diagnostic:
    start = types.Position(line=0, character=0)
    return types.Diagnostic(
        range=types.Range(start=start, end=start),
        severity=types.DiagnosticSeverity.Information,
        code=code,
        source=SOURCE,
        message=message,
    )
