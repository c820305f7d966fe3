"""companion's own methods on the wire, beside those of the language server protocol."""

from __future__ import annotations

from typing import Any

from attrs import define
from pygls.protocol import LanguageServerProtocol

STATUS = "companion/status"
"""Request to the server: the daemon's status, or where to start it."""

STATUS_CHANGED = "companion/statusChanged"
"""Notification to a client that announced `companion.status`."""

APPROVAL = "companion/approval"
"""Request to a client that announced `companion.approval`: `{approve, reason}`, or null for no answer."""

_OWN_REQUESTS = {STATUS, APPROVAL}


@define
class PlainRequest:
    """A request with plain JSON as parameters, which may be absent. pygls's own stand-in gives no answer then."""

    id: Any
    method: str
    jsonrpc: str
    params: Any = None


@define
class PlainResponse:
    """A response with plain JSON as result."""

    id: Any
    jsonrpc: str
    result: Any = None


class Protocol(LanguageServerProtocol):
    """The protocol of pygls with companion's requests in it."""

    # pygls's own are cached, which its types show; these two look into a set.
    def get_message_type(self, method: str) -> type[Any] | None:  # type: ignore[override]
        return PlainRequest if method in _OWN_REQUESTS else super().get_message_type(method)

    def get_result_type(self, method: str) -> type[Any] | None:  # type: ignore[override]
        return PlainResponse if method in _OWN_REQUESTS else super().get_result_type(method)
