"""The two control applications. `agent.sock` may ask; `operator.sock` may answer as well.

An agent's socket has no route that answers an approval, makes a key or ends the daemon: scopes are separate routers,
not a check that could be forgotten.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from companion.contract import API
from companion.contract.codec import WireError, decode, encode
from companion.contract.types import (
    AlertState,
    Answer,
    Problem,
    SecretFinding,
    Status,
)
from companion.edges.control.acceptances import AcceptanceDesk
from companion.edges.control.keys import read_end, read_grace, read_key_request
from companion.edges.control.problems import Refusal, refusing
from companion.gatekeeper.approvals import AlreadyAnswered, Approvals, DifferentAction, UnfitAnswer, UnknownApproval
from companion.gatekeeper.events import EventBus
from companion.gatekeeper.grants import Grants, UnknownGrant
from companion.ledger.keys import KeyStore
from companion.ledger.reports import Reports

_LARGEST_BODY = 32 * 1024 * 1024
_BEAT_SECONDS = 15.0
_MOST_LISTENERS = 64


@dataclass(frozen=True, slots=True)
class Services:
    """What the control API speaks for; built by the composition root."""

    status: Callable[[], Awaitable[Status]]
    find_secrets: Callable[[str, str, str], Awaitable[list[SecretFinding]]]
    """In a text of a workspace, which stands in a file, "" where that is not known."""
    alerts: Callable[[], list[AlertState]]
    approvals: Approvals
    grants: Grants
    hook_token: str
    """The bearer of hooks on the gateway's port, which `companion connect` writes into agents' settings."""
    reports: Reports
    keys: KeyStore
    acceptances: AcceptanceDesk
    events: EventBus
    shut_down: Callable[[], None]
    today: Callable[[], date]
    """The local day, for reports."""


Handler = Callable[[Request], Awaitable[Response]]


def agent_app(services: Services, token: str = "", beside: Callable[[Any], Any] | None = None) -> Starlette:
    """What may be asked: state, findings, what waits. No answer is taken here.

    `beside` is laid round the routes, behind the token, for what else agents ask on this socket.
    """
    asks = Asks(services)
    return _app(asks.routes(), token, beside)


def operator_app(services: Services, token: str = "") -> Starlette:
    """Everything."""
    return _app([*Asks(services).routes(), *Answers(services).routes()], token)


def _app(routes: list[Route], token: str, beside: Callable[[Any], Any] | None = None) -> Starlette:
    app = Starlette(
        routes=routes,
        exception_handlers={
            HTTPException: _no_such_route,  # type: ignore[dict-item]
            Refusal: _refused,  # type: ignore[dict-item]
            WireError: _unreadable,  # type: ignore[dict-item]
            RecursionError: _unreadable,  # type: ignore[dict-item]
        },
    )
    if beside is not None:
        app.add_middleware(_Beside, beside=beside)
    # The last one that is added stands outermost.
    if token:
        app.add_middleware(TokenGuard, token=token)
    return app


class _Beside:
    """Lays another application round this one."""

    def __init__(self, app: Any, beside: Callable[[Any], Any]) -> None:
        self._app = beside(app)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)


class TokenGuard:
    """Where TCP stands in for a unix socket, the token file is the door's only lock."""

    def __init__(self, app: Any, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        given = [value for name, value in scope.get("headers", []) if name.lower() in {b"authorization", b"origin"}]
        if scope["type"] == "http" and not (len(given) == 1 and hmac.compare_digest(given[0], self._expected)):
            problem = Problem("unknown-token", "this is not the token of the running daemon", "companion status")
            await Response(encode(problem), 401, media_type="application/json")(scope, receive, send)
            return
        await self._app(scope, receive, send)


class Asks:
    """Routes of both scopes."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        return [
            _route("GET", "status", self.status),
            _route("POST", "secrets", self.secrets),
            _route("GET", "approvals", self.approvals),
            _route("GET", "events", self.events),
        ]

    async def status(self, _: Request) -> Response:
        return _json(await self._services.status())

    async def secrets(self, request: Request) -> Response:
        body = await _object(request)
        text, workspace, path = body.get("text"), body.get("workspace", ""), body.get("path", "")
        if not isinstance(text, str) or not isinstance(workspace, str) or not isinstance(path, str):
            raise Refusal(400, "bad-request", "text, workspace and path: expected strings")
        return _json(await self._services.find_secrets(text, workspace, path))

    async def approvals(self, _: Request) -> Response:
        return _json(self._services.approvals.pending())

    async def events(self, _: Request) -> Response:
        if self._services.events.listeners >= _MOST_LISTENERS:
            message = f"{_MOST_LISTENERS} faces listen already; close one"
            raise Refusal(429, "too-many-listeners", message, "companion status")
        return StreamingResponse(self._events(), media_type="text/event-stream", headers={"cache-control": "no-store"})

    async def _events(self) -> AsyncIterator[bytes]:
        with self._services.events.subscribe() as queue:
            yield b": companion\n\n"
            while True:
                try:
                    event = await asyncio.wait_for(queue.get(), _BEAT_SECONDS)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if event is None:
                    return
                yield f"event: {event.name}\n".encode() + b"data: " + encode(event) + b"\n\n"


class Answers:
    """Routes of the operator alone."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        return [
            _route("POST", "approvals/{id}/answer", self.answer),
            _route("GET", "rules", self.rules),
            _route("POST", "rules/{id}/revoke", self.revoke_rule),
            _route("GET", "hooks", self.hooks),
            _route("GET", "spend", self.spend),
            _route("GET", "exchanges", self.exchanges),
            _route("GET", "exchanges/{id}", self.exchange),
            _route("GET", "alerts", self.alerts),
            _route("GET", "keys", self.keys),
            _route("POST", "keys", self.new_key),
            _route("POST", "keys/{id}/rotate", self.rotate_key),
            _route("POST", "keys/{id}/expire", self.expire_key),
            _route("POST", "keys/{id}/revoke", self.revoke_key),
            _route("GET", "accepted", self.accepted),
            _route("POST", "accepted", self.accept),
            _route("POST", "accepted/{id}/revoke", self.revoke_acceptance),
            _route("POST", "shutdown", self.shutdown),
        ]

    async def answer(self, request: Request) -> Response:
        given = decode(await _body(request), Answer)
        approval = request.path_params["id"]
        try:
            return _json(self._services.approvals.answer(approval, given))
        except UnknownApproval:
            raise Refusal(404, "unknown-approval", f"no approval {approval} waits", "companion pending") from None
        except AlreadyAnswered as ended:
            raise Refusal(409, "already-answered", f"{approval} was {ended}", "companion log") from None
        except DifferentAction:
            message = f"{approval} is not the action that was shown; look again before you answer"
            raise Refusal(409, "different-action", message, "companion pending") from None
        except UnfitAnswer as unfit:
            raise Refusal(400, "unfit-answer", str(unfit), f"companion approve {approval}") from None

    async def rules(self, _: Request) -> Response:
        return _json(self._services.grants.list())

    async def revoke_rule(self, request: Request) -> Response:
        grant = request.path_params["id"]
        try:
            return _json(await self._services.grants.revoke(grant, "operator"))
        except UnknownGrant:
            raise Refusal(
                404, "unknown-rule", f"no yes that is kept has the id {grant}", "companion rules list"
            ) from None
        except OSError as error:
            raise Refusal(500, "rules-unwritable", str(error), "companion doctor") from error

    async def hooks(self, _: Request) -> Response:
        return _json({"token": self._services.hook_token})

    async def spend(self, request: Request) -> Response:
        by = request.query_params.get("by", "model")
        days = _number(request, "days", 1, 1, 3660)
        with refusing():
            return _json(await asyncio.to_thread(self._services.reports.spend, by, days, self._services.today()))

    async def exchanges(self, request: Request) -> Response:
        limit = _number(request, "limit", 50, 1, 1000)
        asked = request.query_params
        before, kind, cloud = asked.get("before", ""), asked.get("kind", ""), asked.get("cloud", "") == "1"
        exchanges = partial(self._services.reports.exchanges, limit, before, kind, cloud=cloud)
        with refusing():
            return _json(await asyncio.to_thread(exchanges))

    async def exchange(self, request: Request) -> Response:
        with refusing():
            found = await asyncio.to_thread(self._services.reports.exchange, request.path_params["id"])
        if found is None:
            raise Refusal(404, "unknown-exchange", f"no exchange {request.path_params['id']}", "companion log")
        return _json(found)

    async def alerts(self, _: Request) -> Response:
        return _json(self._services.alerts())

    async def keys(self, _: Request) -> Response:
        with refusing():
            return _json(await asyncio.to_thread(self._services.keys.list))

    async def new_key(self, request: Request) -> Response:
        name, scope, expires_at = read_key_request(await _object(request))
        with refusing():
            made = await asyncio.to_thread(self._services.keys.create, name, scope, expires_at=expires_at)
        return _json(made, 201)

    async def rotate_key(self, request: Request) -> Response:
        grace = read_grace(await _object(request))
        with refusing():
            return _json(await asyncio.to_thread(self._services.keys.rotate, request.path_params["id"], grace))

    async def expire_key(self, request: Request) -> Response:
        expires_at = read_end(await _object(request))
        with refusing():
            return _json(await asyncio.to_thread(self._services.keys.expire, request.path_params["id"], expires_at))

    async def revoke_key(self, request: Request) -> Response:
        with refusing():
            return _json(await asyncio.to_thread(self._services.keys.revoke, request.path_params["id"]))

    async def accepted(self, _: Request) -> Response:
        with refusing():
            return _json(await asyncio.to_thread(self._services.acceptances.store.list))

    async def accept(self, request: Request) -> Response:
        body = await _object(request)
        with refusing():
            line = await asyncio.to_thread(self._services.acceptances.accept, body)
        self._services.events.notice("secret.accepted", line.id, f"{line.shown} is accepted", {"by": line.by})
        return _json(line, 201)

    async def revoke_acceptance(self, request: Request) -> Response:
        with refusing():
            line = await asyncio.to_thread(self._services.acceptances.store.revoke, request.path_params["id"])
        self._services.events.notice("secret.revoked", line.id, f"{line.shown} is found again", {})
        return _json(line)

    async def shutdown(self, _: Request) -> Response:
        self._services.shut_down()
        return _json({"status": "stopping"})


def _route(method: str, path: str, handler: Handler) -> Route:
    return Route(f"/{API}/{path}", handler, methods=[method])


def _json(value: object, status: int = 200) -> Response:
    return Response(encode(value), status, media_type="application/json")


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > _LARGEST_BODY:
            raise Refusal(413, "body-too-large", f"the body is larger than {_LARGEST_BODY} bytes")
        parts.append(part)
    return b"".join(parts)


async def _object(request: Request) -> dict[str, Any]:
    found = decode(await _body(request), Any)
    if not isinstance(found, dict):
        raise Refusal(400, "bad-request", "the body is not a JSON object")
    return found


def _number(request: Request, name: str, default: int, least: int, most: int) -> int:
    given = request.query_params.get(name, str(default))
    if not given.isdecimal() or len(given) > len(str(most)) or not least <= int(given) <= most:
        raise Refusal(
            400, "bad-request", f"{name}: expected a whole number from {least} to {most}, found {given[:40]!r}"
        )
    return int(given)


async def _no_such_route(request: Request, error: HTTPException) -> Response:
    problem = Problem("unknown-path", f"{request.method} {request.url.path}: {error.detail}", "companion doctor")
    return JSONResponse({"code": problem.code, "message": problem.message, "next": problem.next}, error.status_code)


async def _refused(_: Request, refusal: Refusal) -> Response:
    return _json(Problem(refusal.code, str(refusal), refusal.next), refusal.status)


async def _unreadable(_: Request, error: WireError | RecursionError) -> Response:
    return _json(Problem("bad-request", str(error)), 400)
