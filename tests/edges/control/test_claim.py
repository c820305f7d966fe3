"""One daemon at a time, on sockets and in folders that nobody else can use, and found by its note."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys

import pytest

from companion.client import discover
from companion.edges.control import claim
from companion.edges.control.claim import (
    Unclaimable,
    announce,
    bind_control,
    bind_gateway,
    claimed,
    running_pid,
    withdraw,
)
from companion.places import find_places

posix = pytest.mark.skipif(sys.platform == "win32", reason="file modes and unix sockets")


@pytest.fixture
def places(tmp_path):
    return find_places({"COMPANION_HOME": str(tmp_path / "h"), "COMPANION_CACHE": str(tmp_path / "c")})


def modes(paths) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in paths}


def close(sockets) -> None:
    for one in sockets:
        one.socket.close()


def test_one_daemon_at_a_time(places):
    with claimed(places):
        with pytest.raises(Unclaimable, match="starting or stopping") as early, claimed(places):
            pass
        announce(places, "http://g", "1", [])
        with pytest.raises(Unclaimable, match=f"already runs as process {os.getpid()}, gateway http://g"):
            with claimed(places):
                pass
        assert (early.value.code, early.value.next) == ("already-running", "companion status")
    with claimed(places):
        pass


@posix
def test_the_lock_dies_with_its_process(places):
    hold = (
        "import os, sys; from companion.edges.control.claim import claimed; from companion.places import find_places\n"
        "with claimed(find_places()): print('held', flush=True); sys.stdin.read()"
    )
    environ = os.environ | {"COMPANION_HOME": str(places.config), "COMPANION_CACHE": str(places.cache)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", hold], env=environ, **pipes) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Unclaimable), claimed(places):
            pass
        holder.kill()
        holder.wait()
        with claimed(places):
            pass


@posix
def test_everything_is_the_users_alone(places, tmp_path):
    (tmp_path / "h").mkdir(mode=0o755)
    before = os.umask(0)
    try:
        with claimed(places):
            sockets = bind_control(places)
            announce(places, "http://g", "1", sockets)
            assert modes(places.all) == {0o700}
            assert modes([places.agent_socket, places.operator_socket, places.discovery, places.lock]) == {0o600}
            assert os.umask(0) == 0, "the umask is as it was"
            assert {(one.scope, one.token) for one in sockets} == {("agent", ""), ("operator", "")}
            close(sockets)
            withdraw(places)
            assert sorted(path.name for path in places.run.iterdir()) == ["lock"]
    finally:
        os.umask(before)


@posix
def test_a_folder_that_cannot_be_used_is_said_with_the_way_out(places, tmp_path, monkeypatch):
    (tmp_path / "h").write_text("a file")
    with pytest.raises(Unclaimable, match="cannot be used") as caught, claimed(places):
        pass
    assert (caught.value.code, "COMPANION_HOME=DIR" in caught.value.next) == ("no-access", True)
    (tmp_path / "h").unlink()
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    with pytest.raises(Unclaimable, match="belongs to another user"), claimed(places):
        pass


def test_of_a_cache_that_cannot_be_used_its_own_variable_is_named(places, tmp_path):
    (tmp_path / "c").write_text("a file")
    with pytest.raises(Unclaimable, match="cannot be used") as caught, claimed(places):
        pass
    assert "COMPANION_CACHE=DIR" in caught.value.next


def test_a_process_id_alone_proves_nothing(places):
    assert running_pid(places) is None
    with claimed(places):
        announce(places, "http://g", "1", [])
        assert running_pid(places) == os.getpid()
        note = places.discovery.read_text()
        places.discovery.write_text(note.replace('"started": 1', '"started": 2'))
        assert running_pid(places) is None
        for junk in ("", "{", "[]", '{"pid": "x", "started": 1}', '{"pid": -1, "started": 1}'):
            places.discovery.write_text(junk)
            assert running_pid(places) is None


def test_without_unix_sockets_a_token_in_a_private_file(places, monkeypatch):
    monkeypatch.setattr(claim, "HAS_UNIX_SOCKETS", False)
    monkeypatch.setattr(discover, "HAS_UNIX_SOCKETS", False)
    with claimed(places):
        sockets = bind_control(places)
        announce(places, "http://g", "1", sockets)
        agent, operator = discover.find_agent(places), discover.find_operator(places)
        assert agent.token != operator.token
        assert min(len(agent.token), len(operator.token)) >= 32
        assert {agent.url, operator.url} == {one.url for one in sockets}
        assert places.discovery.stat().st_mode & 0o077 == 0
        close(sockets)
        withdraw(places)
        with pytest.raises(discover.NotRunning):
            discover.find_operator(places)


def test_what_a_dead_daemon_left_is_cleared_away(places):
    with claimed(places):
        close(bind_control(places))
        places.discovery.with_suffix(".new").write_text("half")
        sockets = bind_control(places)
        announce(places, "http://g", "1", sockets)
        assert discover.read_discovery(places)["gateway"] == "http://g"
        close(sockets)


def test_a_port_that_is_taken_is_said_with_the_way_out():
    with bind_gateway("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(Unclaimable, match=f"cannot listen on 127.0.0.1:{port}") as caught:
            bind_gateway("127.0.0.1", port)
        assert (caught.value.code, caught.value.next) == ("port-unavailable", "companion up --port 0")
        with socket.create_connection(("127.0.0.1", port)):
            pass
