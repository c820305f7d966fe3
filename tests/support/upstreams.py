"""Upstreams for whole tests: the answer is given by a function; every request is kept as it came."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Upstream:
    """Records requests; `answer(handler, body)` writes the response."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.gone = threading.Event()
        """Set when the gateway hung up on an answer."""
        self.url = ""
        self.answer: Callable[[BaseHTTPRequestHandler, dict], None] = lambda handler, body: None

    @property
    def bodies(self) -> list[dict]:
        return [json.loads(raw) for _, _, raw in self.requests]


def send(
    handler: BaseHTTPRequestHandler, raw: bytes, kind: str = "application/json", status: int = 200, **headers: str
) -> None:
    handler.send_response(status)
    handler.send_header("content-type", kind)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("content-length", str(len(raw)))
    handler.end_headers()
    handler.wfile.write(raw)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # The library's five are fewer than the agents of some tests: the sixth to connect at once would be cut off.
    request_queue_size = 256

    def handle_error(self, request, client_address) -> None:
        """A gateway that hangs up is what some tests are about; the library would print each."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def upstream(answer: Callable[[BaseHTTPRequestHandler, dict], None]) -> Iterator[Upstream]:
    made = Upstream()
    made.answer = answer

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Silent."""

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            made.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}, raw))
            try:
                made.answer(self, json.loads(raw or b"{}"))
            except (BrokenPipeError, ConnectionResetError):
                made.gone.set()
                self.close_connection = True

        do_GET = do_POST  # noqa: N815 - the name that http.server looks for

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
