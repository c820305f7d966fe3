"""The scripted model: a local stand-in for a provider that plays a coding session over the real wire formats.

Deterministic and without memory: the same request gets the same bytes. It asks for no key and spends nothing.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from companion.demo.conversation import Asked, BadRequestError, read_request
from companion.demo.offered import call_for
from companion.demo.play import PLACEHOLDER, Play, Run, Say, Step, Write
from companion.demo.record import Capture, Captured
from companion.demo.wires import Turn, body_of, error_body, frames_of
from companion.model.action import Dialect
from companion.model.money import Usage

MODELS = ("scripted-plan", "scripted-act", "scripted-small")
"""The names it announces. It answers to any name, and gives back the one that was asked for."""

_PATHS = {f"/v1/{dialect}": dialect for dialect in (Dialect.CHAT, Dialect.MESSAGES, Dialect.RESPONSES)}
_BYTES_PER_TOKEN = 4
_START_SECONDS = 10.0


class ScriptedModel:
    """`app` is the ASGI application; `capture` gets every request before it is answered.

    `pace` is the pause before each event of a streamed answer, in seconds.
    """

    def __init__(self, play: Play, capture: Capture | None = None, pace: float = 0.0) -> None:
        self._play = play
        self._capture = capture
        self._pace = pace

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            raw = await request.body()
        except ClientDisconnect:
            return
        if self._capture is not None:
            self._capture.add(_captured(request, raw))
        await self._answer(request, raw)(scope, receive, send)

    def _answer(self, request: Request, raw: bytes) -> Response:
        path = request.url.path
        dialect = _PATHS.get(path)
        match request.method, path:
            case "HEAD", "/" | "/v1" | "/v1/":
                return Response()
            case "GET", "/v1/models":
                return JSONResponse(_model_list())
            case "POST", "/v1/messages/count_tokens":
                return JSONResponse({"input_tokens": _tokens(len(raw))})
            case "POST", _ if dialect is not None:
                return self._play_on(dialect, request, raw)
        message = f"the scripted model has nothing at {request.method} {path}"
        return JSONResponse(error_body(dialect, "not_found_error", message), status_code=404)

    def _play_on(self, dialect: Dialect, request: Request, raw: bytes) -> Response:
        if request.headers.get("content-encoding", "identity") != "identity":
            return _refuse(dialect, "the scripted model reads uncompressed bodies only; send no content-encoding")
        try:
            asked = read_request(dialect, raw)
        except BadRequestError as error:
            return _refuse(dialect, str(error))
        turn = next_turn(self._play, asked, raw)
        if not asked.stream:
            return JSONResponse(body_of(dialect, turn))
        frames = frames_of(dialect, turn, include_usage=asked.include_usage)
        headers = {"cache-control": "no-cache"}
        return StreamingResponse(self._paced(frames), media_type="text/event-stream", headers=headers)

    async def _paced(self, frames: Iterator[bytes]) -> AsyncIterator[bytes]:
        for frame in frames:
            await asyncio.sleep(self._pace)
            yield frame


def _refuse(dialect: Dialect, message: str) -> Response:
    return JSONResponse(error_body(dialect, "invalid_request_error", message), status_code=400)


def next_turn(play: Play, asked: Asked, raw: bytes) -> Turn:
    """What the model answers to `asked`, whose bytes were `raw`."""
    step = _fill(_step(play, asked), asked.placeholder)
    call = call_for(step, asked.tools)
    if isinstance(step, Say):
        text = step.text
    elif call is None:
        text = f"None of the tools that I was offered can do this step: {', '.join(asked.tools)}."
    else:
        text = step.note
    spoken = text + (call.arguments if call else "")
    usage = _usage(asked, _tokens(len(raw)), _tokens(len(spoken.encode())))
    return Turn(hashlib.sha256(raw).hexdigest()[:24], asked.model, text, call, usage)


def _step(play: Play, asked: Asked) -> Step:
    if not asked.tools:
        return Say("Short title")
    return play[asked.step] if asked.step < len(play) else Say("Done.")


def _fill(step: Step, placeholder: str) -> Step:
    seen = placeholder or "no placeholder"
    match step:
        case Say(text) | Write(_, text):
            return dataclasses.replace(step, text=text.replace(PLACEHOLDER, seen))
        case Run(command):
            return dataclasses.replace(step, command=command.replace(PLACEHOLDER, seen))
        case _:
            return step


def _usage(asked: Asked, prompt: int, output: int) -> Usage:
    """Nine tenths of the prompt are cached: written by the first call where the agent asks, read from then on."""
    most = prompt * 9 // 10
    if not asked.opening:
        return Usage(input=prompt - most, cache_read=most, output=output)
    if asked.dialect is Dialect.MESSAGES and asked.marks_cache:
        return Usage(input=prompt - most, cache_write_5m=most, output=output)
    return Usage(input=prompt, output=output)


def _tokens(size: int) -> int:
    return max(1, size // _BYTES_PER_TOKEN)


def _model_list() -> dict[str, object]:
    """Fields of both providers' lists, so that either kind of agent can read it."""
    models = [
        {
            "id": name,
            "object": "model",
            "type": "model",
            "display_name": name,
            "owned_by": "companion",
            "created": 0,
            "created_at": "1970-01-01T00:00:00Z",
        }
        for name in MODELS
    ]
    return {"object": "list", "data": models, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]}


def _captured(request: Request, raw: bytes) -> Captured:
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)
    return Captured(request.method, target, headers, raw)


@contextmanager
def serve(app: ASGIApp) -> Iterator[str]:
    """Serves `app` on a free loopback port while the block runs; gives its base URL, without /v1.

    It runs in a thread of its own and so touches neither the caller's event loop nor its signal handlers.
    """
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app,
            access_log=False,
            interface="asgi3",
            lifespan="off",
            log_config=None,
            log_level=None,
            timeout_graceful_shutdown=1,
            ws="none",
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), name="scripted-model", daemon=True)
        thread.start()
        try:
            _await_start(server, thread)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    until = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("the local server for the scripted model did not start")
        time.sleep(0.005)
