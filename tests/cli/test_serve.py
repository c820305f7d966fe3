"""The daemon in a process: why it does not start is said once with the next step, and a detached one says one line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import httpx
import pytest

from companion.cli.serve import serve
from companion.cli.shared import Exit
from companion.edges.control.claim import claimed
from companion.places import find_places


@pytest.fixture
def places(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path / "c"))
    found = find_places()
    found.config.mkdir(mode=0o700)
    return found


def refused(overrides=None):
    """The exit code of a start that fails, and all that was told of it."""
    told = []
    code = serve(
        {"gateway.port": 0} | (overrides or {}),
        lambda url, key: pytest.fail(f"it started at {url} with {key.id}"),
        lambda *problem: told.append(problem),
    )
    [(message, following, same)] = told
    assert code == same
    return code, message, following


def test_a_configuration_that_cannot_be_used_is_wrong_usage(places):
    places.config_file.write_text("[gateway]\nport = 'x'\n[log]\nlevel = 1\n")
    code, message, following = refused({"gateway.port": None})
    assert (code, following) == (Exit.USAGE, "companion config check")
    assert "gateway.port" in message
    assert "log.level" in message


def test_what_was_typed_wrongly_leads_to_the_help(places):
    code, message, following = refused({"upstream": "ftp://x"})
    assert (code, following) == (Exit.USAGE, "companion up --help")
    assert message.startswith("command line: ")


def test_a_second_daemon_does_not_start(places):
    with claimed(places):
        code, message, following = refused()
    assert (code, following) == (Exit.FAILED, "companion status")
    assert "another companion" in message


def test_in_the_foreground_it_is_told_on_standard_error(places, capsys):
    places.config_file.write_text("[gateway")
    assert serve({}, lambda url, key: None) == Exit.USAGE
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[-1]) == ("", "next: companion config check")
    assert err.startswith(f"companion: {places.config_file}:1")


def start(overrides, before: str = "") -> subprocess.Popen[str]:
    program = f"{before}\nfrom companion.cli.serve import child; child()"
    command = [sys.executable, "-P", "-c", program, json.dumps(overrides)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, env=os.environ | {"A_KEY": ""}, **pipes)


@pytest.mark.parametrize(
    ("config", "in_the_way", "said", "code"),
    [
        ("[gateway]\nport = 99999", "", "gateway.port", 2),
        ('[upstreams.a]\nurl = "https://a"\nkey_env = "A_KEY"\n', "", "a key in the variable A_KEY", 2),
        ("", "ledger.db", "ledger.db cannot be opened", 1),
        ("", "companion.log", "companion.log: Is a directory", 1),
    ],
    ids=["configuration", "key", "ledger", "log"],
)
def test_a_detached_one_says_why_it_does_not_start(places, config, in_the_way, said, code):
    places.config_file.write_text(config)
    if in_the_way:
        (places.state / in_the_way).mkdir(mode=0o700, parents=True)
    with start({}) as process:
        out, _ = process.communicate(timeout=30)
    [line] = out.splitlines()
    answer = json.loads(line)
    assert said in answer["problem"]
    assert answer["next"]
    assert (process.returncode, answer["exit"]) == (code, code)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_detached_one_says_where_it_is_and_is_silent_from_then_on(places):
    with start({"gateway.port": 0, "upstream": "http://127.0.0.1:9"}) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert process.stdout.read() == "", "the pipe ends, so that the parent may go"
        assert process.poll() is None
        answer = httpx.get(
            f"{said['gateway']}/v1/models",
            headers={"authorization": f"Bearer {said['key']['secret']}"},
            timeout=30,
            trust_env=False,
        )
        assert answer.status_code == 200
        assert said["key"]["name"].startswith("up-")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert not places.operator_socket.exists()


_FOR_EVER = "import time; from companion import housekeeping; housekeeping.settle = lambda *_: time.sleep(600)"


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_what_it_still_loads_does_not_keep_it_from_ending(places):
    with start({"gateway.port": 0}, _FOR_EVER) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["gateway"]
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(30) == 0
        finally:
            process.kill()
    assert not places.operator_socket.exists()
    assert '"ready"' in places.log.read_text()


def test_leaving_says_what_was_printed_and_waits_for_no_thread():
    program = (
        "import threading, time; from companion.cli.serve import leave; "
        "threading.Thread(target=time.sleep, args=[600]).start(); print('said'); leave(7)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout) == (7, "said\n")
