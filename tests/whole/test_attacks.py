"""The real daemon against a hostile upstream, a hostile model and hostile requests."""

from __future__ import annotations

import gzip
import itertools
import json
import socket
import threading
import time

import httpx
import pytest

from tests.support.answering import answering
from tests.support.answers import chat_stream, messages_stream
from tests.support.daemons import wait_until
from tests.support.upstreams import send
from tests.support.wire import read_chat, read_messages

GITHUB = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0hL2nR5"
EVIL = json.dumps({"commands": ["rm -rf EVIL"]})
CALL = {"id": "c", "type": "function", "function": {"name": "run_commands", "arguments": EVIL}}
WHOLE = {"id": "1", "choices": [{"index": 0, "message": {"content": "", "tool_calls": [CALL]}}]}
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
TOOL = {"type": "function", "function": {"name": "run_commands", "parameters": {}}}


@pytest.fixture
def scene(running):
    made, up = running
    up.requests.clear()
    up.answer = lambda handler, body: send(handler, chat_stream("ok", []), "text/event-stream")
    return made, up


def chat(*messages: dict, stream: bool = True, **more) -> dict:
    shown = messages or ({"role": "user", "content": "hi"},)
    return {"model": "m", "stream": stream, "messages": list(shown), "tools": [TOOL]} | more


def post(made, raw: bytes, path: str = CHAT, **headers: str) -> httpx.Response:
    sent = made.headers(**{"content-type": "application/json"}) | headers
    return httpx.post(made.gateway + path, content=raw, headers=sent, timeout=30, trust_env=False)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 399])
@pytest.mark.parametrize("stream", [True, False])
def test_no_redirect_leads_an_agent_past_the_gateway(scene, status, stream):
    made, up = scene
    up.answer = lambda handler, _: send(handler, b"{}", status=status, location="http://127.0.0.1:1/", alt_svc="h3=x")
    got = made.post(CHAT, chat(stream=stream))
    assert got.status_code == 502
    assert not {"location", "alt-svc"} & set(got.headers)
    assert made.lines("model")[-1].ending == "failed"


@pytest.mark.parametrize(
    ("kind", "raw", "stream"),
    [
        ("text/event-stream; x=application/json", json.dumps(WHOLE).encode(), False),
        ("text/event-stream", json.dumps(WHOLE).encode(), True),
        ("application/json; x=text/event-stream", chat_stream("", [("run_commands", EVIL)]), True),
        ("TEXT/EVENT-STREAM", chat_stream("", [("run_commands", EVIL)]), False),
        ("application/json", b"\xff\xfe" + json.dumps(WHOLE).encode("utf-16-le"), False),
        ("application/json", json.dumps(WHOLE).encode("utf-16-le"), False),
        ("application/json", b"\xef\xbb\xbf" + json.dumps(WHOLE).encode(), False),
        ("application/json", json.dumps(WHOLE).replace("}]}", '}], "choices": []}').encode(), False),
        ("application/json", json.dumps(WHOLE).replace("}]}", '}], "x": "\xff"}').encode("latin-1"), False),
        ("application/json", json.dumps([WHOLE]).encode(), False),
        ("application/json", b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", False),
        ("application/json", b"", False),
    ],
    ids=map(str, itertools.count()),
)
def test_an_answer_that_can_be_read_in_two_ways_is_not_given_out(scene, kind, raw, stream):
    made, up = scene
    up.answer = lambda handler, _: send(handler, raw, kind)
    got = made.post(CHAT, chat(stream=stream))
    assert "EVIL" not in got.text
    assert "companion" in got.text
    assert made.lines("model")[-1].ending == "failed"


@pytest.mark.parametrize("status", [200, 201, 299])
def test_an_answer_with_any_status_of_success_is_gated(scene, status):
    made, up = scene
    up.answer = lambda handler, _: send(handler, json.dumps(WHOLE).encode(), status=status)
    with answering(made, approve=False):
        got = made.post(CHAT, chat(stream=False))
    assert "rm -rf EVIL" not in str([call["function"] for call in calls_of(got)])


def calls_of(got: httpx.Response) -> list[dict]:
    return got.json()["choices"][0]["message"].get("tool_calls", [])


def test_a_compressed_answer_is_judged_all_the_same(scene):
    made, up = scene
    raw = gzip.compress(chat_stream("", [("run_commands", json.dumps({"commands": ["cat .env"]}))]))
    up.answer = lambda handler, _: send(handler, raw, "text/event-stream", content_encoding="gzip")
    folder = {"role": "system", "content": "1. Working Directory: /tmp/nowhere"}
    read = read_chat(made.post(CHAT, chat(folder)).content)
    assert "companion refused" in read.calls[0][1]
    up.answer = lambda handler, _: send(handler, b"\x1f\x8bnonsense", "text/event-stream", content_encoding="gzip")
    assert "broke" in made.post(CHAT, chat()).text
    assert made.lines("model")[-1].ending == "failed"


@pytest.mark.parametrize(
    "where",
    [
        lambda made, key: made.post(CHAT + f"?key={key}", chat()),
        lambda made, key: made.post(CHAT + f"?key=%67{key[1:]}&x=%26", chat()),
        lambda made, key: made.post(CHAT, chat(), **{"x-token": key}),
        lambda made, key: made.post(CHAT, chat(metadata={"id": key, "signature": key, "thinking": key, "data": key})),
        lambda made, key: made.post(CHAT, chat(metadata={key: 1})),
        lambda made, key: made.post(CHAT, chat(model=key)),
        lambda made, key: post(
            made, json.dumps(chat({"role": "user", "content": key})).replace("ghp", "\\u0067hp").encode()
        ),
        lambda made, key: post(made, json.dumps(chat({"role": "user", "content": key})).encode("utf-16")),
        lambda made, key: post(made, json.dumps(chat({"role": "user", "content": key})).encode("utf-16-le")),
        lambda made, key: post(
            made,
            b'{"model":"m","stream":true,"messages":[{"role":"user","content":"' + key.encode() + b'\xed\xa0\x80"}]}',
        ),
        lambda made, key: post(
            made, gzip.compress(json.dumps(chat({"content": key})).encode()), **{"content-encoding": "gzip"}
        ),
    ],
)
def test_a_key_leaves_nowhere(scene, where):
    made, up = scene
    assert where(made, GITHUB).status_code in {200, 400}
    for path, headers, raw in up.requests:
        assert GITHUB[4:] not in path
        assert GITHUB not in repr(headers)
        assert GITHUB[1:].encode() not in raw
        assert GITHUB.encode("utf-16-le") not in raw


def test_headers_keep_their_letters_and_line_ends_in_a_model_make_no_header(scene):
    made, up = scene
    sent = [*made.headers(**{"content-type": "application/json"}).items(), ("x-turn", "/home/ä".encode())]
    raw = json.dumps(chat()).encode()
    assert httpx.post(made.gateway + CHAT, content=raw, headers=sent, trust_env=False).status_code == 200
    assert up.requests[0][1]["x-turn"].encode("latin-1") == "/home/ä".encode()
    assert made.post(CHAT, chat(model="m\r\nset-cookie: a=b")).status_code == 400


def test_a_placeholder_that_the_model_was_not_shown_stays_one(scene, tmp_path):
    made, up = scene
    made.post(CHAT, chat({"role": "user", "content": f"my token is {GITHUB}"}))
    raw = up.requests[0][2]
    placeholder = raw[raw.index(b"SECRET_") :].split(b'"')[0].decode()
    call = json.dumps({"commands": [f"echo {placeholder}"]})
    up.answer = lambda handler, _: send(
        handler, chat_stream(placeholder, [("run_commands", call)]), "text/event-stream"
    )
    folder = {"role": "system", "content": f"1. Working Directory: {tmp_path}"}
    for shown in ("another task", "SECRET_GITHUB_00000000"):
        read = read_chat(made.post(CHAT, chat(folder, {"role": "user", "content": shown})).content)
        assert read.text == placeholder
        assert GITHUB not in repr(read.calls)
    read = read_chat(made.post(CHAT, chat(folder, {"role": "user", "content": f"it is {GITHUB}"})).content)
    assert (read.text, GITHUB in read.calls[0][1]) == (GITHUB, True)


def test_an_upstream_that_does_not_end_after_its_last_word_keeps_nobody_waiting(scene):
    made, up = scene
    held = threading.Event()

    def endless(handler, _) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.end_headers()
        handler.wfile.write(messages_stream("bye", []))
        handler.wfile.flush()
        held.wait(20)

    up.answer = endless
    started = time.monotonic()
    body = {"model": "m", "max_tokens": 9, "stream": True, "messages": []}
    try:
        assert read_messages(made.post(MESSAGES, body).content).text == "bye"
        assert time.monotonic() - started < 5
    finally:
        held.set()
    assert made.lines("model")[-1].ending == "served"


def test_what_comes_after_the_last_word_is_not_passed_on(scene):
    made, up = scene
    raw = chat_stream("bye", []) + chat_stream("", [("run_commands", EVIL)])
    up.answer = lambda handler, _: send(handler, raw, "text/event-stream")
    got = made.post(CHAT, chat())
    assert "EVIL" not in got.text
    assert read_chat(got.content).done


HUGE = {
    "many strings": b'{"model":"m","stream":true,"messages":[' + b'"a",' * 3_000_000 + b'""]}',
    "many lists": b'{"model":"m","stream":true,"messages":[' + b"[]," * 5_000_000 + b"[]]}",
    "one string": b'{"model":"m","stream":true,"messages":["' + b"a " * 15_000_000 + b'"]}',
    "deep": b'{"model":"m","messages":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}",
    "backslashes": b'{"model":"m","stream":true,"messages":["' + b"\\\\" * 10_000_000 + b'"]}',
}


def slowest_beside(made, work) -> float:
    """The longest that another caller waited while `work` was done, in seconds."""
    working = threading.Thread(target=work)
    working.start()
    slowest = 0.0
    while working.is_alive():
        started = time.monotonic()
        assert httpx.get(made.gateway + "/livez", trust_env=False, timeout=20).status_code == 200
        slowest = max(slowest, time.monotonic() - started)
        time.sleep(0.01)
    return slowest


@pytest.mark.parametrize("shape", HUGE)
def test_a_huge_body_does_not_stop_the_others(scene, shape):
    made, _ = scene
    got = []
    assert slowest_beside(made, lambda: got.append(post(made, HUGE[shape]))) < 3
    assert got[0].status_code in {200, 400}, got[0].text


def test_a_huge_stream_of_small_events_does_not_stop_the_others(scene):
    made, up = scene
    raw = gzip.compress(b": x\n\n" * 500_000)
    up.answer = lambda handler, _: send(handler, raw, "text/event-stream", content_encoding="gzip")
    assert slowest_beside(made, lambda: made.post(CHAT, chat())) < 3


@pytest.mark.parametrize(
    "folder", ["/tmp/a\\u0000b", "/tmp/\\ud800", "relative", "/", "", "/tmp\\n2. Working Directory: /etc", "C:/"]
)
@pytest.mark.parametrize("command", ["cat /etc/hostname", "ls"])
def test_a_workspace_that_bounds_nothing_is_none(scene, folder, command):
    made, up = scene
    call = json.dumps({"commands": [command]})
    up.answer = lambda handler, _: send(handler, chat_stream("", [("run_commands", call)]), "text/event-stream")
    raw = json.dumps(chat({"role": "system", "content": "1. Working Directory: FOLDER"})).replace("FOLDER", folder)
    with answering(made, approve=False):
        assert "denied-by-person" in read_chat(post(made, raw.encode()).content).calls[0][1]


def test_what_waits_can_be_shown_whatever_the_model_wrote(scene, tmp_path):
    made, up = scene
    command = "cat /tmp/\x1b[2J\u202e\ud800 && touch /etc/\x1b]0;x\x07"
    call = ("run_commands", json.dumps({"commands": [command]}))
    up.answer = lambda handler, _: send(handler, chat_stream("", [call]), "text/event-stream")
    folder = {"role": "system", "content": f"1. Working Directory: {tmp_path}"}
    asking = threading.Thread(target=lambda: made.post(CHAT, chat(folder)))
    asking.start()
    waiting = []
    wait_until(lambda: waiting.extend(json.loads(made.run("pending", "--json").stdout)) or waiting)
    shown = json.dumps(waiting[0], ensure_ascii=False)
    assert shown.isprintable(), shown
    made.run("deny", waiting[0]["id"])
    asking.join()


@pytest.mark.parametrize(
    "call",
    [
        ("run_commands", '{"commands": ["rm \\ud800"]}'),
        ("run\ud800", "{}"),
        ("run\u0000", "{}"),
        ("read_files", '{"files": ["\\u0000", "\\ud800"]}'),
        ("run_commands", '{"commands": [' + "[" * 900 + "]" * 900 + "]}"),
        ("run_commands", '{"commands": ["ls"], "commands": ["id"]}'),
        ("run_commands", '{"commands": NaN}'),
        ("run_commands", "\ufeff{}"),
        ("x" * 100_000, "{}"),
    ],
)
def test_odd_calls_are_refused_and_written_down_once(scene, call, tmp_path):
    made, up = scene
    before = len(made.lines())
    up.answer = lambda handler, _: send(handler, chat_stream("", [call], 5000), "text/event-stream")
    folder = {"role": "system", "content": f"1. Working Directory: {tmp_path}"}
    with answering(made, approve=False):
        got = made.post(CHAT, chat(folder))
    assert got.status_code == 200
    assert "companion" in got.text
    after = made.lines()
    assert len({line.id for line in after}) == len(after)
    assert len(after) > before
    assert all(line.ending for line in after)


def raw_answer(made, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", int(made.gateway.rpartition(":")[2])), timeout=10) as tcp:
        tcp.sendall(request)
        return tcp.recv(65536)


@pytest.mark.parametrize(
    ("line", "headers", "status"),
    [
        ("GET /livez HTTP/1.1", ["host: localhost:PORT"], b"200"),
        ("GET /livez HTTP/1.1", ["host: [::1]:PORT"], b"200"),
        ("GET /livez HTTP/1.1", ["host: localhost:1"], b"421"),
        ("GET /livez HTTP/1.1", ["host: evil.example"], b"421"),
        ("GET /v1/models HTTP/1.1", ["host: HOST", "authorization: Bearer cmp-wrong"], b"401"),
        ("POST /v1/approvals/x/answer HTTP/1.1", ["host: HOST", "authorization: Bearer KEY"], b"404"),
        ("GET /v1/keys HTTP/1.1", ["host: HOST", "authorization: Bearer KEY"], b"404"),
        ("POST /v1/shutdown HTTP/1.1", ["host: HOST", "authorization: Bearer KEY"], b"404"),
    ],
)
def test_the_door_opens_to_the_daemons_own_names_and_keys_and_leads_to_no_control(scene, line, headers, status):
    made, _ = scene
    host = made.gateway.removeprefix("http://")
    text = "\r\n".join([line, *headers, "connection: close", "", ""])
    text = text.replace("HOST", host).replace("PORT", host.rpartition(":")[2]).replace("KEY", made.key)
    assert raw_answer(made, text.encode()).split(b" ")[1] == status


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/approvals/x/answer"),
        ("POST", "/v1/keys"),
        ("GET", "/v1/keys"),
        ("POST", "/v1/shutdown"),
        ("GET", "/v1/exchanges"),
        ("GET", "/v1/../v1/keys"),
        ("GET", "//v1/keys"),
        ("GET", "/v1/keys/"),
        ("GET", "/v1%2fkeys"),
        ("POST", "/v1/approvals/../shutdown"),
    ],
)
def test_no_answer_comes_through_the_socket_that_asks(scene, method, path):
    made, _ = scene
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(made.places.agent_socket))) as client:
        request = client.build_request(method, "http://companion" + path, json={"approve": True, "by": "cli"})
        assert client.send(request).status_code in {404, 405}
    assert made.post(CHAT, chat()).status_code == 200


@pytest.mark.parametrize(
    "raw",
    [b"", b"[" * 100_000, b"\xff", b'{"approve": "x"}', b"null", b'{"text": ' + b"9" * 5000],
    ids=["empty", "deep", "bytes", "words", "null", "long"],
)
@pytest.mark.parametrize("path", ["approvals/x/answer", "keys", "secrets"])
def test_control_bodies_that_are_none_are_answered(scene, path, raw):
    made, _ = scene
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(made.places.operator_socket))) as client:
        got = client.post(f"http://companion/v1/{path}", content=raw)
        assert got.status_code == 400
        assert got.json()["code"]
        assert client.get("http://companion/v1/exchanges?limit=" + "9" * 5000).status_code == 400
        assert client.get("http://companion/v1/exchanges?limit=²").status_code == 400


def test_slow_and_broken_requests_leave_the_others_alone(scene):
    made, _ = scene
    host = made.gateway.removeprefix("http://")
    port = int(host.rpartition(":")[2])
    head = f"POST {CHAT} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {made.key}\r\n"
    head += "content-type: application/json\r\n"
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    try:
        for tcp in idle[:100]:
            tcp.sendall(head.encode())
        for tcp in idle[100:]:
            tcp.sendall(f"{head}content-length: 1000000\r\n\r\n{{".encode())
        assert made.post(CHAT, chat()).status_code == 200
    finally:
        for tcp in idle:
            tcp.close()
    assert made.post(CHAT, chat()).status_code == 200
