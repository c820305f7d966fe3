"""A daemon of three small servers: two control sockets and a gateway. It keeps keys and lines in memory."""

from __future__ import annotations

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from companion import __version__
from companion.contract.codec import encode
from companion.contract.types import AlertState, ClientSeen, ExchangeLine, KeyLine, NewKey, Problem, Status
from companion.places import Places

NAMED = {"plan": "up/big", "act": "up/middle", "small": "up/little"}
OPEN = {"plan": "up/*", "act": "up/*", "small": "up/*"}


class _UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = False
    block_on_close = True


class FakeDaemon:
    """Serves while it is entered."""

    def __init__(self, places: Places, tiers: dict[str, str] | None = None) -> None:
        self.places = places
        self.tiers = NAMED if tiers is None else tiers
        self.keys: dict[str, NewKey] = {}
        self.revoked: set[str] = set()
        self.lines: list[ExchangeLine] = []
        self.alerts: list[AlertState] = []
        self.engines = {"regex": "1"}
        self.upstreams: dict[str, str] = {}
        self.version = __version__
        self.tried: list[str] = []
        """Keys that came to /v1/models."""

    def __enter__(self) -> Self:
        self.places.run.mkdir(parents=True, mode=0o700)
        gateway = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._gateway))
        gateway.daemon_threads = False
        self.gateway = f"http://127.0.0.1:{gateway.server_address[1]}"
        self._servers: list[Any] = [gateway]
        for path in (self.places.agent_socket, self.places.operator_socket):
            self._servers.append(_UnixServer(str(path), _handler(self._control)))
            path.chmod(0o600)
        self._threads = [threading.Thread(target=one.serve_forever, args=(0.01,)) for one in self._servers]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()
        self.places.agent_socket.unlink()
        self.places.operator_socket.unlink()

    @property
    def live(self) -> list[str]:
        return [key.name for key in self.keys.values() if key.id not in self.revoked]

    def status(self) -> Status:
        count = len(self.lines)
        seen = [ClientSeen(self.lines[-1].client, "2026-03-14T12:00:00+00:00", count)] if count else []
        return Status(
            version=self.version,
            api="v1",
            pid=1,
            started_at="2026-03-14T12:00:00+00:00",
            home="/",
            gateway=self.gateway,
            upstreams=self.upstreams,
            tiers=self.tiers,
            pending=0,
            exchanges_today=count,
            spent_today_pd=0,
            unpriced_today=0,
            clients=seen,
            alerts=self.alerts,
            engines=self.engines,
        )

    def _control(self, method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, Any]:
        match method, path.removeprefix("/v1/").partition("?")[0].split("/"):
            case "GET", ["status"]:
                return 200, self.status()
            case "GET", ["hooks"]:
                return 200, {"token": "cmph-of-the-hooks"}
            case "GET", ["keys"]:
                return 200, [
                    KeyLine(k.id, k.name, "t", "t" if k.id in self.revoked else "") for k in self.keys.values()
                ]
            case "POST", ["keys"]:
                if body["name"] in self.live:
                    return 409, Problem("ledger", "taken")
                number = len(self.keys)
                key = NewKey(f"key-{number}", body["name"], f"cmp-{number:043d}")
                self.keys[key.id] = key
                return 201, key
            case "POST", ["keys", id_, "revoke"]:
                self.revoked.add(id_)
                return 200, KeyLine(id_, self.keys[id_].name, "t", "t")
            case "GET", ["exchanges"]:
                return 200, self.lines[::-1]
            case _:
                return 404, Problem("unknown-path", path)

    def _gateway(self, method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, Any]:
        if path == "/livez":
            return 200, {}
        secret = headers.get("authorization", "").removeprefix("Bearer ")
        if path == "/v1/models":
            self.tried.append(secret)
        if not any(key.secret == secret and key.id not in self.revoked for key in self.keys.values()):
            return 401, {}
        if method == "POST":
            self.lines.append(line(f"ex-{len(self.lines)}", headers.get("x-companion-client", "unknown")))
        return 200, {}


def line(id_: str, client: str, ending: str = "served") -> ExchangeLine:
    text = dict.fromkeys(
        ("parent", "workspace", "summary", "outcome", "code", "reason", "guard", "approver", "upstream"), ""
    )
    at = "2026-03-14T12:00:00+00:00"
    return ExchangeLine(
        id=id_,
        opened_at=at,
        closed_at=at,
        kind="model",
        client=client,
        tier="act",
        ending=ending,
        model_asked="companion/act",
        model="middle",
        calls=1,
        status=200,
        redactions=0,
        **text,
    )


def _handler(answer: Any) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def address_string(self) -> str:
            return "test"

        def log_message(self, *_: object) -> None:
            pass

        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, value = answer(self.command, self.path, headers, json.loads(raw) if raw else None)
            content = encode(value)
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_POST = do_HEAD = _serve  # noqa: N815 - the names that http.server looks for

    return Handler


def places_in(folder: Path) -> Places:
    return Places(config=folder, state=folder / "state", run=folder / "run", cache=folder / "cache")
