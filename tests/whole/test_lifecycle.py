"""Starting, stopping, dying and being found: the daemon as a process."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import threading
import time

import httpx
import pytest

from companion.client import calls
from tests.support.answers import STREAMS
from tests.support.daemons import companion, wait_until
from tests.support.upstreams import send, upstream

BODY = {"model": "m", "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "hi"}]}


def answer(handler, body) -> None:
    send(handler, STREAMS["messages"]("hello", [], 5), "text/event-stream")


@pytest.fixture
def made():
    with companion() as found:
        yield found


def test_up_says_where_it_is_and_down_leaves_nothing_running(made):
    with upstream(answer) as up:
        made.up("--upstream", up.url)
        assert made.post("/v1/messages", BODY).status_code == 200
        pid = made.pid
        made.down()
    assert made.ask_code("status") == 3
    wait_until(lambda: not _alive(pid))
    assert not made.places.operator_socket.exists()
    assert json.loads(made.run("down", "--json").stdout) == {"was_running": False}


def test_sockets_and_state_are_the_users_alone(made):
    made.up("--upstream", "http://127.0.0.1:9")
    for folder in made.places.all:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = [made.places.agent_socket, made.places.operator_socket, made.places.ledger, made.places.machine_key]
    for file in [*files, made.places.log, made.places.discovery, made.places.lock]:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_a_second_daemon_finds_the_first_and_says_so(made):
    made.up("--upstream", "http://127.0.0.1:9")
    second = made.run("up", "--port", "0", check=False)
    assert second.returncode == 1
    assert f"process {made.pid}" in second.stderr
    assert made.gateway in second.stderr
    assert "companion status" in second.stderr


def test_the_agents_socket_can_ask_and_cannot_answer(made):
    made.up("--upstream", "http://127.0.0.1:9")
    transport = httpx.HTTPTransport(uds=str(made.places.agent_socket))
    with httpx.Client(transport=transport, base_url="http://companion") as agent:
        assert agent.get("/v1/status").status_code == 200
        assert agent.get("/v1/approvals").status_code == 200
        for method, path in [
            ("POST", "/v1/approvals/x/answer"),
            ("POST", "/v1/keys"),
            ("GET", "/v1/keys"),
            ("GET", "/v1/exchanges"),
            ("POST", "/v1/shutdown"),
        ]:
            assert agent.request(method, path, json={}).status_code == 404, path


def test_killed_in_mid_stream_it_loses_nothing_and_the_next_call_works(made):
    started, go_on = threading.Event(), threading.Event()

    def drip(handler, body) -> None:
        raw = STREAMS["messages"]("hello " * 50, [], 5)
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.end_headers()
        handler.wfile.write(raw[: len(raw) // 2])
        handler.wfile.flush()
        started.set()
        go_on.wait(20)

    with upstream(answer) as up:
        made.up("--upstream", up.url)
        for _ in range(5):
            made.post("/v1/messages", BODY)
        before = {line.id: line for line in made.lines()}
        up.answer = drip
        outcome = []

        def ask() -> None:
            try:
                outcome.append(made.post("/v1/messages", BODY).status_code)
            except httpx.TransportError as error:
                outcome.append(type(error).__name__)

        asking = threading.Thread(target=ask)
        asking.start()
        assert started.wait(10)
        made.kill()
        go_on.set()
        asking.join()
        assert outcome
        assert outcome[0] != 200
        up.answer = answer
        key = made.key
        made.up("--upstream", up.url)
        made.key = key
        lines = {line.id: line for line in made.lines()}
        assert before.items() <= lines.items(), "every acknowledged line is there, as it was"
        [lost] = [line for line in lines.values() if line.id not in before]
        assert lost.ending == "lost"
        assert made.post("/v1/messages", BODY).status_code == 200, "the key of before still opens the gate"
        assert len(up.requests) == 7 == len(made.lines("model"))


def test_a_dead_daemons_note_and_sockets_are_in_nobodys_way(made):
    made.up("--upstream", "http://127.0.0.1:9")
    made.kill()
    assert made.places.operator_socket.exists()
    assert made.ask_code("status") == 3
    made.up("--upstream", "http://127.0.0.1:9")
    assert made.ask_code("status") == 0


def test_it_listens_on_loopback_alone(made):
    import psutil

    made.up("--upstream", "http://127.0.0.1:9")
    listening = [one for one in psutil.Process(made.pid).net_connections("inet") if one.status == psutil.CONN_LISTEN]
    assert {one.laddr.ip for one in listening} == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("arguments", "config", "code", "said", "next_step"),
    [
        (["--port", "0"], "[gateway\nport = 1", 2, "companion.toml:1", "companion config check"),
        (["--port", "0"], "[gateway]\nprot = 1\nhost = 3\n", 2, "gateway.prot", "companion config check"),
        (["--port", "0", "--upstream", "ftp://x"], "", 2, "upstream", "companion up --help"),
        (["--port", "0", "--upstream", "http://example.com"], "", 2, "upstream", "companion up --help"),
        (["--port", "99999"], "", 2, "99999", ""),
    ],
)
def test_bad_configuration_says_what_where_and_what_to_type(made, arguments, config, code, said, next_step):
    made.places.config.mkdir(parents=True)
    made.places.config_file.write_text(config)
    done = made.run("up", *arguments, check=False)
    assert done.returncode == code
    assert said in done.stderr
    assert next_step in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_said_with_the_way_out(made):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = made.run("up", "--port", str(taken.getsockname()[1]), check=False)
    assert done.returncode == 1
    assert "cannot listen" in done.stderr
    assert "companion up --port 0" in done.stderr


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_home_is_said_as_such(made, tmp_path):
    made.home.parent.chmod(0o500)
    try:
        done = made.run("up", check=False)
    finally:
        made.home.parent.chmod(0o700)
    assert done.returncode == 1
    assert "cannot be used" in done.stderr


def test_a_home_that_is_a_file_is_said_as_such(made):
    made.home.write_text("not a folder")
    done = made.run("up", check=False)
    assert done.returncode == 2
    assert str(made.home) in done.stderr
    assert "next:" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_upstream_that_is_down_is_said_to_the_agent_and_written_down(made):
    made.up("--upstream", "http://127.0.0.1:9")
    got = made.post("/v1/messages", BODY)
    assert got.status_code == 502
    assert "cannot be reached" in got.json()["error"]["message"]
    [line] = made.lines()
    assert (line.ending, line.calls, line.unpriced) == ("failed", 0, ""), "nothing has left, so nothing is due"


@pytest.mark.parametrize("command", [["pending"], ["spend"], ["log"], ["keys", "list"], ["status"]])
def test_every_read_has_json_and_says_when_nothing_runs(made, command):
    done = made.run(*command, "--json", check=False)
    assert done.returncode == 3
    assert "companion up" in done.stderr
    assert done.stdout == ""
    made.up("--upstream", "http://127.0.0.1:9")
    json.loads(made.run(*command, "--json").stdout)
    made.run(*command)


def test_events_are_told_as_they_happen_and_end_with_the_daemon(made):
    from companion.client import Client, find_agent

    with upstream(answer) as up:
        made.up("--upstream", up.url)
        heard = []

        def listen() -> None:
            with Client(find_agent(made.places)) as client:
                heard.extend(event.name for event in client.events())

        listening = threading.Thread(target=listen)
        listening.start()
        time.sleep(0.3)
        made.post("/v1/messages", BODY)
        made.lines()
        made.down()
        listening.join(10)
    assert not listening.is_alive()
    assert {"exchange.opened", "exchange.closed"} <= set(heard)


def test_a_budget_stops_before_it_is_passed_with_words_that_the_agent_shows(made):
    with upstream(answer) as up:
        made.places.config.mkdir(parents=True)
        made.places.config_file.write_text(
            f'[upstreams.a]\nurl = "{up.url}"\nprovider = "anthropic"\n[tiers.act]\nupstream = "a"\n'
            'model = "claude-sonnet-4-5"\n[budgets]\nday = "0.01"\n'
        )
        made.up()
        got = made.post("/v1/messages", BODY | {"max_tokens": 100_000})
        assert got.status_code == 402
        assert "budget" in got.json()["error"]["message"]
        assert got.headers["x-should-retry"] == "false"
        assert up.requests == []
        assert made.post("/v1/messages", BODY).status_code == 200
        assert [line.code for line in made.lines("model")] == ["budget-exceeded", "allowed"]
        assert made.ask(calls.spend()).total.cost_pd > 0


def _alive(pid: int) -> bool:
    done = subprocess.run(["kill", "-0", str(pid)], capture_output=True, check=False)
    return done.returncode == 0
