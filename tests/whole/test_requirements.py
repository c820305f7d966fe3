"""The daemon's security requirements, on its sockets: each route, each way to knock, each place a secret could lie.

The routes are those of the applications themselves: one that is added is tried with all others.
"""

from __future__ import annotations

import itertools
import json
import socket
import stat
import sys
from contextlib import closing

import httpx
import psutil
import pytest

from companion.edges.gateway import app
from tests.support.answers import STREAMS
from tests.support.daemons import companion
from tests.support.upstreams import send, upstream

OPEN = {("GET", "/livez"), ("HEAD", "/"), ("GET", "/"), ("HEAD", "/v1"), ("GET", "/v1"), ("HEAD", "/v1/")}
"""What says only that companion is there."""
MODELS = {(method, path) for method in ("GET", "HEAD") for path in ("/v1/models", "/v1/models/x")}
CALLS = {("POST", path) for path in app._DIALECTS}
ELSEWHERE = {("GET", "/v1/nowhere"), ("POST", "/admin"), ("DELETE", "/v1/models"), ("PUT", "/v1/messages")}
LOCKED = sorted(MODELS | CALLS | ELSEWHERE)
EVERY = sorted(OPEN | MODELS | CALLS | ELSEWHERE)

CANARY = "sk-ant-api03-" + "Q7c9Zt1Lw5" * 9 + "AA"
UPSTREAM_KEY = "upstream-key-4fK2mQ9xLr7TbN3w"


@pytest.fixture(scope="module")
def running():
    def answer(handler, body) -> None:
        send(handler, STREAMS["messages"]("hello", [], 5), "text/event-stream")

    with companion() as made, upstream(answer) as up:
        made.environ["COMPANION_UPSTREAM_KEY"] = UPSTREAM_KEY
        made.up("--upstream", up.url)
        yield made, up


def knock(made, method: str, path: str, *headers: tuple[str, str], key: bool = True) -> httpx.Response:
    """A request as it stands, on a connection of its own."""
    url = httpx.URL(made.gateway)
    given = {name.lower() for name, _ in headers}
    usual = [("Host", f"{url.host}:{url.port}"), ("Content-Type", "application/json"), ("Connection", "close")]
    usual += [("Authorization", f"Bearer {made.key}")] * key
    sent = [*headers, *((name, value) for name, value in usual if name.lower() not in given)]
    body = b"{}" if method in {"POST", "PUT"} else b""
    head = "".join(f"{name}: {value}\r\n" for name, value in sent if value != "(none)")
    with closing(socket.create_connection((url.host, url.port), timeout=10)) as sock:
        sock.sendall(f"{method} {path} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        raw = b"".join(iter(lambda: sock.recv(65536), b""))
    top, _, rest = raw.partition(b"\r\n\r\n")
    lines = top.decode("latin-1").split("\r\n")
    told = [tuple(line.split(": ", 1)) for line in lines[1:]]
    return httpx.Response(int(lines[0].split()[1]), headers=told, content=rest)


def test_it_listens_on_this_machine_alone(running):
    made, _ = running
    listening = [one for one in psutil.Process(made.pid).net_connections() if one.status == psutil.CONN_LISTEN]
    assert {one.laddr.ip for one in listening} <= {"127.0.0.1", "::1"}
    assert len(listening) == 1, "the control sockets are no TCP sockets here"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.org", ""])
def test_it_refuses_to_listen_elsewhere(host):
    with companion() as made:
        made.configure(f'[gateway]\nhost = "{host}"\n')
        done = made.run("up", check=False)
        assert done.returncode != 0
        assert "gateway.host" in done.stdout + done.stderr


HOSTS = ["evil.example", "127.0.0.1.nip.io:{port}", "0.0.0.0:{port}", "127.0.0.1", "localhost:1", "127.1:{port}"]
HOSTS += ["localhost.:{port}", "localhost:{port}.evil.example", "user@localhost:{port}", "", "(none)"]


@pytest.mark.parametrize("host", HOSTS)
def test_no_route_answers_to_another_name(running, host):
    made, _ = running
    port = httpx.URL(made.gateway).port
    for method, path in EVERY:
        answer = knock(made, method, path, ("Host", host.format(port=port)))
        assert answer.status_code in {400, 421}, (method, path)


def test_no_route_answers_to_two_names(running):
    made, _ = running
    own = httpx.URL(made.gateway).netloc.decode()
    for (method, path), other in itertools.product(EVERY, ("evil.example", own)):
        assert knock(made, method, path, ("Host", own), ("Host", other)).status_code in {400, 421}


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "127.0.0.1", "[::1]"])
def test_its_own_names_are_answered(running, name):
    made, _ = running
    port = httpx.URL(made.gateway).port
    assert knock(made, "GET", "/v1/models", ("Host", f"{name}:{port}")).status_code == 200


BROWSERS = [
    ("Origin", "null"),
    ("Origin", "https://evil.example"),
    ("Origin", "http://localhost"),
    ("Sec-Fetch-Site", "cross-site"),
    ("Sec-Fetch-Site", "same-origin"),
]


@pytest.mark.parametrize("mark", BROWSERS, ids=str)
def test_no_route_answers_a_browser(running, mark):
    made, _ = running
    for method, path in [*EVERY, *(("OPTIONS", path) for _, path in EVERY)]:
        answer = knock(made, method, path, mark, ("Access-Control-Request-Method", "POST"))
        assert answer.status_code == 403, (method, path)
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "(none)", ""]
)
def test_a_form_is_no_call(running, kind):
    made, up = running
    up.requests.clear()
    for method, path in sorted(CALLS):
        assert knock(made, method, path, ("Content-Type", kind)).status_code == 415, path
    assert up.requests == []


def test_nothing_becomes_another_protocol(running):
    made, _ = running
    upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade, close"), ("Sec-WebSocket-Version", "13")]
    upgrade += [("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]
    for method, path in EVERY:
        assert knock(made, method, path, *upgrade, key=False).status_code in {200, 400, 401, 404, 405}, (method, path)


KEYS = ["", "Bearer", "Bearer x", "Basic eDp4", "Bearer {key}x", "Bearer {short}", "bearer{key}", "(none)"]


@pytest.mark.parametrize("shown", KEYS)
def test_every_route_but_those_that_say_nothing_wants_a_key(running, shown):
    made, up = running
    up.requests.clear()
    told = set()
    for method, path in LOCKED:
        answer = knock(made, method, path, ("Authorization", shown.format(key=made.key, short=made.key[:-1])))
        assert answer.status_code == 401, (method, path)
        if method != "HEAD" and path not in app._DIALECTS:
            told.add(answer.content)
    assert len(told) == 1, "it says the same wherever one knocks"
    assert up.requests == []
    for method, path in OPEN:
        assert knock(made, method, path, key=False).status_code == 200
        assert json.loads(knock(made, "GET", path, key=False).content).keys() <= {"name", "status"}


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_what_it_keeps_is_its_owners_alone(running):
    made, _ = running
    assert made.places.ledger in set(made.home.rglob("*"))
    for path in made.home.rglob("*"):
        assert stat.S_IMODE(path.lstat().st_mode) & 0o077 == 0 or path == made.places.config_file, path


def test_a_secret_lies_nowhere_after_it_was_used(running):
    made, up = running
    up.requests.clear()
    body = {"model": "m", "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": f"key {CANARY}"}]}
    assert made.post("/v1/messages", body).status_code == 200
    knock(made, "POST", f"/v1/messages?key={CANARY}")
    knock(made, "GET", f"/v1/{CANARY}")
    knock(made, "GET", "/v1/models", ("Authorization", f"Bearer {CANARY}"))
    made.lines()
    assert CANARY not in str(up.requests)
    assert made.key not in str(up.requests)
    told = made.run("log", "--json").stdout + made.run("status", "--json").stdout + made.run("keys", "list").stdout
    process = psutil.Process(made.pid)
    secrets = [CANARY, made.key, UPSTREAM_KEY]
    held = {"what it tells": told, "its command line": " ".join(process.cmdline())}
    for path in made.home.rglob("*"):
        if stat.S_ISREG(path.lstat().st_mode):
            held[path.name] = path.read_bytes().decode("latin-1")
    assert {"ledger.db", "ledger.db-wal", "journal.0"} <= held.keys()
    for where, text in held.items():
        assert [secret for secret in secrets if secret in text] == [], where


def test_a_redirect_takes_no_key_with_it(running):
    made, up = running

    def astray(handler, body) -> None:
        handler.send_response(307)
        handler.send_header("location", f"{up.url}/elsewhere")
        handler.send_header("content-length", "0")
        handler.end_headers()

    before, up.answer = up.answer, astray
    try:
        up.requests.clear()
        answer = made.post("/v1/messages", {"model": "m", "max_tokens": 9, "messages": []})
    finally:
        up.answer = before
    assert answer.status_code == 502
    assert "location" not in answer.headers
    assert "/elsewhere" not in str(up.requests)
