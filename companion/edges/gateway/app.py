"""The gateway: agents use it as their base URL. Raw ASGI, one entry, loopback only.

Every route wants a virtual key, but for /livez and the root, which only say that companion is there. The Host must be
one of this server's own names and no browser may call: any Origin is refused (DNS rebinding and cross-site attacks on
local daemons).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Protocol

from companion.edges.extensions import BODY, GONE, TellWhenGone, WholeBody
from companion.edges.gateway import chat, count, embeddings, messages, responses
from companion.edges.gateway.calls import Incoming, ModelCalls
from companion.edges.gateway.dialect import DialectModule
from companion.edges.gateway.encodings import KNOWN, BadEncoding, TooLarge, UnknownEncoding, decoded
from companion.edges.gateway.heads import Head, Heads
from companion.edges.gateway.listing import Listing, entry, shaped
from companion.edges.gateway.respond import Responder, Send
from companion.gatekeeper.ports import Listener
from companion.model.scope import KeyScope, VirtualKey
from companion.upstream.routes import ALIAS_PREFIX

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_MODELS = "/v1/models"

LARGEST_BODY = 64 * 1024 * 1024
BODY_SECONDS = 60

_DIALECTS: dict[str, DialectModule] = {
    "/v1/chat/completions": chat,
    "/v1/responses": responses,
    "/v1/messages": messages,
    "/v1/messages/count_tokens": count,
    "/v1/embeddings": embeddings,
}


class Keys(Protocol):
    """Knows virtual keys."""

    def authenticate(self, secret: str) -> VirtualKey | None:
        """The key that this secret opens, None when there is no such key, or it is revoked or has expired."""
        ...

    def lapsed(self, secret: str) -> str:
        """In words, that this secret has ended with time, and what to type; "" when that is not why it is refused."""
        ...


class Turned(Exception):  # noqa: N818 - a request turned away at the door
    """Not let in: status, code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class HungUp(Exception):  # noqa: N818 - the agent's doing
    """The agent closed the connection before its request was whole."""


class GatewayApp:
    """The ASGI callable. `hosts` are the exact values that a Host header may have."""

    def __init__(
        self,
        calls: ModelCalls,
        listing: Listing,
        keys: Keys,
        listener: Listener,
        hosts: Callable[[], frozenset[str]],
    ) -> None:
        self._calls = calls
        self._keys = keys
        self._listener = listener
        self._hosts = hosts
        self._listing = listing
        self._heads = Heads()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        respond = Responder(send)
        module = _DIALECTS.get(scope["path"], chat)
        try:
            await self._answer(scope, receive, respond)
        except Turned as turned:
            if turned.status in {401, 403, 421}:
                self._listener.notice("request.turned-away", turned.code, str(turned), {"code": turned.code})
            await respond.send_json(turned.status, module.error(turned.status, turned.code, f"companion: {turned}"))
        except HungUp:
            return
        except Exception as error:
            # The exchange's line is closed by now; the agent still needs an answer that it understands.
            text = (
                f"companion failed on this call ({type(error).__name__}); nothing was passed on. See: companion doctor"
            )
            if respond.begun:
                await respond.finish(module.stream_error("companion-failed", text))
            else:
                await respond.send_json(500, module.error(500, "companion-failed", text))
            raise

    async def _answer(self, scope: Scope, receive: Receive, respond: Responder) -> None:
        method, path = scope["method"], scope["path"]
        head = self._heads.read(path, scope.get("query_string", b""), scope["headers"])
        headers = head.headers
        self._check_door(head)
        if path == "/livez":
            await respond.send_json(200, {"status": "ok"})
            return
        if path in {"/", "/v1", "/v1/"} and method in {"HEAD", "GET"}:
            await respond.send_json(200, {"name": "companion"})
            return
        key = self._authenticate(headers)
        if (path == _MODELS or path.startswith(f"{_MODELS}/")) and method in {"GET", "HEAD"}:
            if method == "GET":
                await self._list(path.removeprefix(_MODELS).removeprefix("/"), headers, respond, key.scope)
            else:  # whoever tries a key need not make the upstreams list anything
                await respond.send_json(200, {})
            return
        module = _DIALECTS.get(path)
        if module is None:
            raise Turned(404, "unknown-path", f"no such path: {path}. The gateway serves {', '.join(_DIALECTS)}")
        if method != "POST":
            raise Turned(405, "wrong-method", f"{path} takes POST")
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Turned(415, "not-json", "the body must be application/json")
        whole: WholeBody | None = scope.get("extensions", {}).get(BODY)
        body = whole() if whole is not None else None
        if body is None:
            body = await _body(receive)
        if encoding := headers.get("content-encoding", ""):
            body = _decoded(body, encoding)
        await _until_hung_up(self._calls.serve(Incoming(head, body, key), module, respond), scope)

    async def _list(self, wanted: str, headers: Mapping[str, str], respond: Responder, scope: KeyScope) -> None:
        models = [
            model
            for model in await self._listing.models()
            if model.startswith(ALIAS_PREFIX) or scope.permits_model(model)
        ]
        if not wanted:
            await respond.send_json(200, shaped(models, headers))
        elif wanted in models:
            await respond.send_json(200, entry(wanted, headers))
        else:
            raise Turned(404, "unknown-model", f"no tier and no upstream names the model {wanted}. See: GET {_MODELS}")

    def _check_door(self, head: Head) -> None:
        if len(head.hosts) != 1 or head.hosts[0] not in self._hosts():
            raise Turned(421, "wrong-host", "this gateway answers only to its own loopback address")
        if "origin" in head.headers or head.headers.get("sec-fetch-site", "none") != "none":
            raise Turned(403, "browser-refused", "no browser may call this gateway")

    def _authenticate(self, headers: Mapping[str, str]) -> VirtualKey:
        given = headers.get("x-api-key", "")
        kind, _, bearer = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and bearer.strip():
            given = bearer.strip()
        key = self._keys.authenticate(given) if given else None
        if key is not None:
            return key
        if lapsed := self._keys.lapsed(given):
            raise Turned(401, "expired-key", lapsed)
        raise Turned(401, "unknown-key", "this is not a virtual key of companion. Make one: companion connect AGENT")


async def _body(receive: Receive) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _whole_body(receive)
    except TimeoutError:
        raise Turned(408, "body-too-slow", f"the body was not whole after {BODY_SECONDS} s") from None


async def _whole_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HungUp
        part = message.get("body", b"")
        size += len(part)
        if size > LARGEST_BODY:
            raise Turned(413, "body-too-large", f"the body is larger than {LARGEST_BODY} bytes")
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _decoded(body: bytes, encoding: str) -> bytes:
    try:
        return decoded(body, encoding, LARGEST_BODY)
    except UnknownEncoding as unknown:
        message = f"content-encoding {unknown} is not understood; send one of {', '.join(KNOWN)}, or none"
        raise Turned(415, "unknown-encoding", message) from unknown
    except BadEncoding as bad:
        raise Turned(400, "bad-encoding", str(bad)) from bad
    except TooLarge:
        message = f"the body is larger than {LARGEST_BODY} bytes when decompressed"
        raise Turned(413, "body-too-large", message) from None


async def _until_hung_up(work: Awaitable[None], scope: Scope) -> None:
    """Does the work, and stops it when the agent goes away, where the server can tell: nobody is left to answer."""
    tell_when_gone: TellWhenGone | None = scope.get("extensions", {}).get(GONE)
    if tell_when_gone is None:
        await work
        return
    working = asyncio.current_task()
    assert working is not None
    gone = False

    def stop() -> None:
        nonlocal gone
        if not working.done():
            gone = True
            working.cancel()

    forget = tell_when_gone(stop)
    try:
        await work
    except asyncio.CancelledError:
        # Cancelled from elsewhere as well, it is not ours to swallow.
        if not gone or working.uncancel():
            raise
    finally:
        forget()
