"""Where hooks ask: `POST /hooks/v1/AGENT`, on the agent's socket, and with a bearer of its own on the gateway's port.

The answer is "allow" or "deny", a line end, and the reason. While a person decides it begins with spaces, so that
nobody on the way takes silence for an end. `POST /hooks/v1/claude/json` answers as Claude Code's http hooks do.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from companion.edges.hooks.gate import HookGate, Verdict
from companion.edges.hooks.payloads import BadPayload, read_payload
from companion.gatekeeper.ports import Listener
from companion.gatekeeper.tasks import spawn

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

PREFIX = "/hooks/"
LARGEST_BODY = 16 * 1024 * 1024
MOST_AT_ONCE = 200
"""Questions of hooks that are open. An agent that asks more than this has run away."""

_BODY_SECONDS = 30
_BEAT_SECONDS = 10.0
_SHAPES = {"", "json"}


class _Turned(Exception):  # noqa: N818 - an answer
    """Not judged: the status, and why in one line."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class Door:
    """Who may come in over TCP: the bearer that opens hooks and nothing else, and the exact names of this server."""

    token: str
    hosts: Callable[[], frozenset[str]]

    def check(self, scope: Scope) -> None:
        """Raises _Turned."""
        headers: list[tuple[bytes, bytes]] = [(name.lower(), value) for name, value in scope.get("headers", [])]
        hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
        if len(hosts) != 1 or hosts[0] not in self.hosts():
            raise _Turned(421, "this gateway answers only to its own loopback address")
        if any(name in {b"origin", b"sec-fetch-site"} for name, _ in headers):
            raise _Turned(403, "no browser may ask here")
        given = [value for name, value in headers if name == b"authorization"]
        if len(given) != 1 or not hmac.compare_digest(given[0], f"Bearer {self.token}".encode()):
            raise _Turned(401, "this is not the key of companion's hooks. Make it so: companion connect AGENT")


class HooksApp:
    """Answers what begins with PREFIX; `behind` has the rest. Without a door, whoever reaches it may ask."""

    def __init__(self, gate: HookGate, listener: Listener, behind: Asgi, door: Door | None = None) -> None:
        self._gate = gate
        self._listener = listener
        self._behind = behind
        self._door = door
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._behind(scope, receive, send)
            return
        try:
            agent, shape = self._checked(scope)
            body = await _body(receive)
        except _Turned as turned:
            if turned.status in {401, 403, 421}:
                self._listener.notice("request.turned-away", "hooks", str(turned), {"code": "hooks"})
            await _whole(send, turned.status, _plain(Verdict(allow=False, reason=f"companion: {turned}")))
            return
        self._open += 1
        try:
            await self._answer(agent, shape, body, receive, send)
        finally:
            self._open -= 1

    def _checked(self, scope: Scope) -> tuple[str, str]:
        if self._door is not None:
            self._door.check(scope)
        version, _, rest = scope["path"].removeprefix(PREFIX).partition("/")
        agent, _, shape = rest.partition("/")
        if version != "v1" or shape not in _SHAPES:
            raise _Turned(404, f"no such path: {scope['path'][:80]}")
        if scope["method"] != "POST":
            raise _Turned(405, "hooks ask with POST")
        if self._open >= MOST_AT_ONCE:
            raise _Turned(429, f"{MOST_AT_ONCE} questions of hooks are open already")
        return agent, shape

    async def _answer(self, agent: str, shape: str, body: bytes, receive: Receive, send: Send) -> None:
        judging = spawn(self._judge(agent, body), "judge what a hook tells of")
        listening = spawn(_hang_up(receive), "listen for a hook's hang-up")
        begun = False
        try:
            while True:
                await asyncio.wait({judging, listening}, timeout=_BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if judging.done():
                    break
                if listening.done():
                    # The agent gave the call up: nobody is left to be told.
                    return
                if not begun:
                    begun = True
                    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
                await send({"type": "http.response.body", "body": b" ", "more_body": True})
            verdict = judging.result()
        finally:
            judging.cancel()
            listening.cancel()
        written = _for_claude(verdict) if shape == "json" else _plain(verdict)
        if begun:
            await send({"type": "http.response.body", "body": written})
        else:
            await _whole(send, 200, written)

    async def _judge(self, agent: str, body: bytes) -> Verdict:
        try:
            return await self._gate.judge(read_payload(agent, body))
        except BadPayload as bad:
            return Verdict(allow=False, reason=f"companion cannot read what the hook of {agent[:40]} sent: {bad}")
        except Exception as error:  # noqa: BLE001 - fail closed, whatever it was
            self._listener.notice("failure", "hooks", str(error), {"error": error})
            return Verdict(
                allow=False, reason=f"companion failed on this call ({type(error).__name__}): companion doctor"
            )


_HEADERS = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]


def _plain(verdict: Verdict) -> bytes:
    return b"allow\n" if verdict.allow else f"deny\n{verdict.reason}\n".encode("utf-8", "replace")


def _for_claude(verdict: Verdict) -> bytes:
    if verdict.allow:
        # No word on permission: what Claude Code itself would ask, it still asks.
        return b"{}"
    said = {"hookEventName": "PreToolUse", "permissionDecision": "deny", "permissionDecisionReason": verdict.reason}
    return json.dumps({"hookSpecificOutput": said}).encode()


async def _whole(send: Send, status: int, body: bytes) -> None:
    headers = [*_HEADERS, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Turned(400, "the hook went away before it had said all")
                part = message.get("body", b"")
                size += len(part)
                if size > LARGEST_BODY:
                    raise _Turned(413, f"the call is larger than {LARGEST_BODY} bytes")
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise _Turned(408, f"the call was not whole after {_BODY_SECONDS} s") from None


async def _hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
