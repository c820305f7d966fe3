"""Laws of the door: whatever is asked, however it is written, only whoever belongs here is heard."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.edges.server import HttpServer
from companion.model.action import Dialect
from tests.support.asgi import run
from tests.support.gateways import HOST, SECRET, Gateway, says

PATHS = [f"/v1/{dialect}" for dialect in Dialect]
PATHS += ["/", "/v1", "/v1/", "/livez", "/v1/models", "/v1/models/m", "/v1/keys", "/metrics", "//v1/messages", "*"]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"]
BODY = json.dumps({"model": "m", "max_tokens": 9, "messages": []}).encode()
NOT_HERE = [
    ({"host": "evil.example"}, 421),
    ([("host", HOST), ("host", HOST)], 421),
    ({"host": ""}, 421),
    ({"origin": f"http://{HOST}"}, 403),
    ({"origin": "null"}, 403),
    ({"origin": ""}, 403),
    ({"sec-fetch-site": "same-origin"}, 403),
    ({"sec-fetch-site": "cross-site"}, 403),
]


@pytest.mark.parametrize("path", PATHS)
def test_law_nothing_is_answered_under_another_name_or_to_a_browser(path):
    made = Gateway(says())
    for method in METHODS:
        for headers, status in NOT_HERE:
            assert run(made.ask(method, path, headers, BODY)).status == status, (method, headers)
    assert (made.requests, made.lines) == ([], [])


@pytest.mark.parametrize("path", PATHS)
def test_law_every_route_wants_a_key_but_those_that_only_say_that_companion_is_there(path):
    made = Gateway(says())
    for method in METHODS:
        answer = run(made.ask(method, path, {"authorization": "Bearer cmp-wrong", "x-api-key": "cmp-wrong"}, BODY))
        says_only = path == "/livez" or (path in {"/", "/v1", "/v1/"} and method in {"GET", "HEAD"})
        assert answer.status == (200 if says_only else 401), method
    assert (made.requests, made.lines) == ([], [])


NAMES = {HOST, "localhost:4141"}


@given(
    st.sampled_from([*sorted(NAMES), "LocalHost:4141"]),
    st.integers(0, 15),
    st.sampled_from(["", ".", "@", ":", " ", "0"]) | st.text(st.characters(codec="latin-1"), max_size=3),
)
def test_law_a_host_is_one_of_the_servers_own_names_letter_by_letter(host, at, put):
    named = host[:at] + put + host[at:]
    answer = run(Gateway(says()).ask("GET", "/livez", {"host": named}))
    assert (answer.status == 200) is (named.lower() in NAMES)


KEYED = f"authorization: Bearer {SECRET}"
RAW = [
    ("GET /livez HTTP/1.1", ["host: HOST"], 200),
    ("GET /v1/models HTTP/1.1", ["host: HOST", KEYED], 200),
    ("GET http://evil.example/v1/models HTTP/1.1", ["host: evil.example"], 421),
    ("GET http://evil.example/v1/models HTTP/1.1", ["host: HOST"], 401),
    ("GET /v1/models HTTP/1.1", ["host: evil.example", "host: HOST", KEYED], 421),
    ("GET /v1/models HTTP/1.1", ["host: HOST", "host: evil.example", KEYED], 421),
    ("GET /v1/models HTTP/1.1", ["host: localhost.:PORT", KEYED], 421),
    ("GET /v1/models HTTP/1.1", ["host: [::ffff:127.0.0.1]:PORT", KEYED], 421),
    ("GET /v1/models HTTP/1.1", ["host: HOST, HOST", KEYED], 421),
    ("GET /v1/models HTTP/1.1", [KEYED], 421),
    ("GET /v1/models HTTP/1.0", [KEYED], 421),
    ("GET /v1/models HTTP/1.1", ["host: HOST", "ORIGIN: null", KEYED], 403),
    ("GET /v1/models HTTP/1.1", ["host: HOST", "origin:", KEYED], 403),
    ("OPTIONS /v1/models HTTP/1.1", ["host: HOST", "origin: http://x"], 403),
    ("GET //v1/models HTTP/1.1", ["host: HOST"], 401),
    ("GET /v1%2fkeys HTTP/1.1", ["host: HOST", KEYED], 404),
    ("POST /v1/chat/completions/../../v1/keys HTTP/1.1", ["host: HOST", KEYED], 404),
    ("POST /v1/messages HTTP/1.1", ["host: HOST", KEYED, "content-type: application/json", "content-length: 0"], 400),
]


async def test_the_door_holds_against_odd_requests_on_a_real_socket():
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    made = Gateway(says(body={"data": []}))
    made.hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
    server = HttpServer(made.app, [listening])
    serving = asyncio.create_task(server.run())
    await server.started_event.wait()
    found = []
    for line, headers, _ in RAW:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        text = "\r\n".join([line, *headers, "connection: close", "", ""])
        writer.write(text.replace("HOST", f"127.0.0.1:{port}").replace("PORT", str(port)).encode())
        found.append((line, headers, int((await reader.read()).split(b" ")[1])))
        writer.close()
        await writer.wait_closed()
    server.should_exit = True
    await serving
    assert found == RAW
