"""How the daemon stands, for a status bar or whoever asks."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from companion.client import NotRunning, Refused, calls
from companion.contract.codec import WireError, to_plain
from companion.contract.types import Event, Status
from companion_lsp.editor import Editor
from companion_lsp.link import Follower, Link, explain
from companion_lsp.protocol import STATUS_CHANGED


class StatusLine(Follower):
    """Answers `companion/status`, and says when the daemon came, went, or has something new to tell."""

    def __init__(self, editor: Editor, link: Link) -> None:
        self._editor = editor
        self._link = link

    async def read(self) -> dict[str, Any]:
        """`running` and, when it is true, every field of Status; otherwise `next` and why."""
        try:
            status = await self._link.agent.do(calls.status())
        except NotRunning as gone:
            return {"running": False, "next": gone.next, "message": str(gone)}
        except (Refused, WireError) as error:
            return {"running": False, "next": "companion doctor", "message": explain(error)}
        return {"running": True, **to_plain(status)}

    def found(self, status: Status, *, can_answer: bool) -> None:  # noqa: ARG002 - as Follower has it
        self._tell(f"companion {status.version} is running; gateway {status.gateway}", running=True)

    def lost(self, why: str) -> None:
        self._tell(why, running=False, kind=types.MessageType.Warning)

    def hear(self, event: Event) -> None:
        if self._editor.options.status and event.name != "exchange.opened":
            self._editor.notify(STATUS_CHANGED, {"running": True, "event": event.name})

    def _tell(self, text: str, *, running: bool, kind: types.MessageType = types.MessageType.Info) -> None:
        if self._editor.options.status:
            self._editor.notify(STATUS_CHANGED, {"running": running, "message": text})
        else:
            self._editor.log(text, kind)
