"""What happens to a daemon in real life: killed, starved, hurried, flooded. No promise may be broken by any of it."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import random
import re
import resource
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import termios
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import httpx
import psutil
import pytest

from companion.client import Client, Refused, calls, find_operator
from companion.contract.types import Answer
from tests.support.answers import STREAMS
from tests.support.daemons import BIN, PATIENT, companion, wait_until
from tests.support.upstreams import upstream

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")

NO_LIMIT = resource.RLIM_INFINITY
PATH = "/v1/messages"


def body(model: str = "fast", number: str = "") -> dict:
    return {
        "model": model,
        "max_tokens": 9,
        "stream": True,
        "metadata": {"user_id": number},
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"name": "Bash", "input_schema": {}}],
    }


def answer(handler, asked) -> None:
    """Model "rm" asks for what a person must decide; "slow" takes two seconds, "endless" twenty."""
    command = [("Bash", json.dumps({"command": "rm -rf build"}))] if asked["model"] == "rm" else []
    raw = STREAMS["messages"]("hello " * 40, command, 20)
    pause = {"slow": 0.05, "endless": 0.5}.get(asked["model"], 0)
    handler.send_response(200)
    handler.send_header("content-type", "text/event-stream")
    handler.end_headers()
    step = len(raw) // 40 if pause else len(raw)
    for at in range(0, len(raw), step):
        handler.wfile.write(raw[at : at + step])
        time.sleep(pause)
    handler.close_connection = True


@pytest.fixture
def scene():
    with companion() as made, upstream(answer) as up:
        made.configure(PATIENT)
        yield made, up


def ask(made, model: str = "fast", number: str = "") -> str:
    """What became of one call, in a word."""
    url = made.gateway + PATH
    try:
        got = httpx.post(url, json=body(model, number), headers=made.headers(), timeout=60, trust_env=False)
    except httpx.TransportError:
        return "cut off"
    if got.status_code != 200:
        return got.json()["error"]["message"]
    if "companion refused this (" in got.text:
        return got.text.partition("companion refused this (")[2].partition(")")[0]
    return "served" if "message_stop" in got.text else "broken"


def ask_and_hang_up(made, when: threading.Event, number: str = "") -> None:
    url = made.gateway + PATH
    with httpx.stream("POST", url, json=body("rm", number), headers=made.headers(), timeout=60, trust_env=False):
        when.wait(60)


@contextmanager
def crowd(made, size: int):
    """Threads for agents. A test that fails ends the daemon, or it would wait for all that they wait for."""
    with ThreadPoolExecutor(size) as pool:
        try:
            yield pool
        except BaseException:
            made.kill()
            raise


def closings(made) -> dict[str, str]:
    """Id and ending of every line that is closed, read behind the daemon's back."""
    with closing(sqlite3.connect(f"file:{made.places.ledger}?mode=ro", uri=True)) as db:
        return dict(db.execute("SELECT id, ending FROM closing").fetchall())


def openings(made) -> int:
    with closing(sqlite3.connect(f"file:{made.places.ledger}?mode=ro", uri=True)) as db:
        return db.execute("SELECT count(*) FROM opening").fetchone()[0]


def alerts(made) -> set[str]:
    return {alert.name.partition("[")[0] for alert in made.ask(calls.alerts())}


def held(made, number: int) -> None:
    wait_until(lambda: len(made.ask(calls.pending())) == number, 30)


@contextmanager
def foreground(made, url: str):
    """A daemon as a child of ours, whose exit code can be seen."""
    process = subprocess.Popen(
        [str(BIN / "companion"), "up", "--foreground", "--json", "--port", "0", "--upstream", url],
        env=made.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = ""
    while not said.rstrip().endswith("}"):
        said += process.stdout.readline()
    made.gateway, made.key = json.loads(said)["gateway"], json.loads(said)["key"]
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_killed_again_and_again_it_keeps_every_promise(scene):
    made, up = scene
    promised: dict[str, str] = {}
    chance = random.Random(1)
    key = ""
    for number in range(8):
        made.up("--upstream", up.url)
        made.key = key = key or made.key
        assert promised.items() <= closings(made).items()

        def agent(name: str) -> None:
            random_model, turn = random.Random(name), 0
            while True:
                turn += 1
                if ask(made, random_model.choice(["fast", "fast", "slow", "rm"]), f"{name}-{turn}") == "cut off":
                    return

        before = openings(made)
        with crowd(made, 12) as pool:
            agents = [pool.submit(agent, f"{number}-{one}") for one in range(12)]
            # However slow the machine is: there must be something to lose.
            wait_until(lambda: openings(made) > before + 12, 60)  # noqa: B023 - called within this turn
            time.sleep(chance.uniform(0, 0.8))
            promised |= closings(made)
            time.sleep(chance.uniform(0, 0.1))
            made.kill()
            for one in agents:
                one.result(30)
    made.up("--upstream", up.url)
    lines = closings(made)
    assert promised.items() <= lines.items(), "what was once closed stays closed, as it was"
    assert "lost" in lines.values()
    with closing(sqlite3.connect(made.places.ledger)) as db:
        assert db.execute("SELECT count(*) FROM unclosed").fetchone() == (0,)
        opened = db.execute("SELECT count(*), count(DISTINCT id) FROM opening WHERE kind = 'model'").fetchone()
    assert opened[0] == opened[1] >= len(up.requests), "no request left before its line was there"
    sent = [json.loads(raw)["metadata"]["user_id"] for _, _, raw in up.requests]
    assert len(set(sent)) == len(sent)
    wait_until(lambda: "exchanges-lost" in alerts(made))


def test_many_agents_many_answers_and_some_that_hang_up(scene):
    made, up = scene
    made.up("--upstream", up.url)
    process = psutil.Process(made.pid)
    assert ask(made) == "served"
    before = process.num_fds()
    with crowd(made, 80) as pool:
        hang_up = threading.Event()
        streams = [pool.submit(ask, made, "slow") for _ in range(20)]
        asking = [pool.submit(ask, made, "rm", f"{number}") for number in range(40)]
        for number in range(20):
            pool.submit(ask_and_hang_up, made, hang_up, f"gone {number}")
        held(made, 60)
        hang_up.set()
        # A question outlives its agent for a while, in case it comes back.
        held(made, 40)
        waiting = made.ask(calls.pending())

        def face(name: str) -> list[str]:
            won = []
            with Client(find_operator(made.places)) as client:
                for approval in random.Random(name).sample(waiting, len(waiting)):
                    try:
                        client.do(calls.answer(approval.id, Answer(name == "yes", name, digest=approval.digest)))
                        won.append(approval.exchange)
                    except Refused as refused:
                        assert refused.problem.code == "already-answered"  # noqa: PT017 - the answer either way
            return won

        yes, no, other = pool.map(face, ["yes", "no", "other"])
        assert sorted(yes + no + other) == sorted(one.exchange for one in waiting), "each was answered once"
        ended = Counter(one.result() for one in asking)
        assert {one.result() for one in streams} == {"served"}
    assert ended == Counter({"served": len(yes), "denied-by-person": len(no + other)})
    by = Counter(line.approver for line in made.lines("shell"))
    assert by == Counter({"yes": len(yes), "no": len(no), "other": len(other), "": 20})
    # Connections to the upstream are kept for a while.
    wait_until(lambda: process.num_fds() <= before + 70)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, "down"])
def test_stopped_it_finishes_what_runs_and_refuses_what_waits(scene, how):
    made, up = scene
    with foreground(made, up.url) as process, crowd(made, 8) as pool:
        assert ask(made) == "served"
        streams = [pool.submit(ask, made, "slow") for _ in range(3)]
        asking = [pool.submit(ask, made, "rm", f"{number}") for number in range(3)]
        held(made, 3)
        begun = time.monotonic()
        if how == "down":
            stopping = pool.submit(made.run, "down")
        else:
            process.send_signal(how)
        assert process.wait(10) == 0
        assert time.monotonic() - begun < 8
        if how == "down":
            assert "companion is down" in stopping.result().stdout
        assert {one.result() for one in streams} == {"served"}
        assert {one.result() for one in asking} == {"companion-stopping"}
    assert Counter(closings(made).values()) == Counter({"served": 7, "refused": 3})
    assert sorted(path.name for path in made.places.run.iterdir()) == ["lock"]


@pytest.mark.parametrize("times", [1, 2])
def test_what_outlasts_the_drain_is_cut_off_and_written_down_and_a_second_signal_does_so_at_once(scene, times):
    made, up = scene
    with foreground(made, up.url) as process, crowd(made, 4) as pool:
        streams = [pool.submit(ask, made, "endless") for _ in range(3)]
        wait_until(lambda: len(up.requests) == 3)
        begun = time.monotonic()
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.2)
        assert process.wait(12) == 0
        assert time.monotonic() - begun < (10 if times == 1 else 3)
        assert {one.result() for one in streams} <= {"cut off", "broken"}
    assert Counter(closings(made).values()) == Counter({"cancelled": 3})


def test_a_face_that_never_reads_holds_up_nobody(scene):
    made, up = scene
    with foreground(made, up.url) as process, crowd(made, 8) as pool:
        with socket.socket(socket.AF_UNIX) as face:
            face.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            face.connect(str(made.places.operator_socket))
            face.sendall(b"GET /v1/events HTTP/1.1\r\nhost: companion\r\n\r\n")
            assert set(pool.map(lambda _: ask(made), range(400))) == {"served"}
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
            assert time.monotonic() - begun < 4


@pytest.mark.skipif(sys.platform != "linux", reason="another process's limits can be set on Linux alone")
def test_on_a_full_disk_nothing_leaves_and_with_room_again_all_is_well(scene):
    made, up = scene
    made.up("--upstream", up.url)
    assert ask(made) == "served"
    process = psutil.Process(made.pid)
    process.rlimit(psutil.RLIMIT_FSIZE, (1, NO_LIMIT))
    refused = ask(made)
    assert "ledger-unavailable" in refused
    assert len(up.requests) == 1
    wait_until(lambda: {"ledger-write-failed", "log-unwritable"} <= alerts(made))
    process.rlimit(psutil.RLIMIT_FSIZE, (NO_LIMIT, NO_LIMIT))
    wait_until(lambda: ask(made) == "served")
    assert "ledger-unavailable" in {line.code for line in made.lines()}, "also the refusal is there in the end"


def test_a_ledger_that_is_deleted_under_it_stops_all_calls_until_a_restart(scene):
    made, up = scene
    made.up("--upstream", up.url)
    assert ask(made) == "served"
    # Its end too, or what fails to be written is that, and the next call waits.
    wait_until(lambda: [line.ending for line in made.lines("model")] == ["served"])
    for file in made.places.state.glob("ledger.db*"):
        file.unlink()
    # The journal has this one.
    assert ask(made) == "served"
    wait_until(lambda: "ledger-write-failed" in alerts(made))
    assert "ledger-unavailable" in ask(made)
    assert len(up.requests) == 2
    assert made.ask(calls.status()).pid == made.pid
    made.down()
    made.up("--upstream", up.url)
    assert ask(made) == "served"
    assert [line.ending for line in made.lines("model")] == ["served", "served", "refused", "served"]


def test_a_ledger_that_another_program_has_locked_loses_no_call_and_soon_takes_no_more(scene):
    made, up = scene
    made.up("--upstream", up.url)
    with closing(sqlite3.connect(made.places.ledger, isolation_level=None)) as db, ThreadPoolExecutor(1) as pool:
        db.execute("BEGIN IMMEDIATE")
        assert ask(made) == "served"
        # Now the ledger is known to be in trouble.
        time.sleep(3)
        asking = pool.submit(ask, made)
        time.sleep(1)
        assert len(up.requests) == 1
        db.execute("ROLLBACK")
        assert asking.result() == "served"
    wait_until(lambda: [line.ending for line in made.lines("model")] == ["served"] * 2)


def test_a_daemon_that_dies_before_it_could_commit_has_lost_nothing(scene):
    made, up = scene
    made.up("--upstream", up.url)
    with closing(sqlite3.connect(made.places.ledger, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        assert [ask(made) for _ in range(3)] == ["served"] * 3
        # An answer's line is in the journal by the end of the turn of the loop that gave it; this takes another turn.
        assert httpx.get(f"{made.gateway}/livez", trust_env=False).status_code == 200
        made.kill()
        db.execute("ROLLBACK")
    made.up("--upstream", up.url)
    assert [line.ending for line in made.lines("model")] == ["served"] * 3
    assert len(up.requests) == 3


def test_nonsense_in_the_configuration_changes_nothing_and_is_an_alert(scene):
    made, up = scene
    good = f'[upstreams.a]\nurl = "{up.url}"\n[tiers.act]\nupstream = "a"\n'
    made.configure(good + '[budgets]\nday = "1"\n')
    made.up()

    def day() -> int | None:
        return made.ask(calls.status()).budget_day_pd

    for number, nonsense in enumerate([b"[budgets", b"\xff\xfe", b"[budgets]\nday = -3\n", b"[tiers]\nact = 4\n"]):
        made.places.config_file.write_bytes(nonsense)
        wait_until(lambda: "config-refused" in alerts(made))
        assert ask(made) == "served"
        assert day() == (number + 1) * 10**12
        made.places.config_file.write_text(f'{good}[budgets]\nday = "{number + 2}"\n')
        wait_until(lambda number=number: day() == (number + 2) * 10**12)


def test_a_folder_in_place_of_a_socket_keeps_no_line_from_being_written(scene):
    made, up = scene
    with foreground(made, up.url) as process:
        assert ask(made) == "served"
        made.places.agent_socket.unlink()
        made.places.agent_socket.mkdir()
        process.terminate()
        assert process.wait(10) == 0
    assert list(closings(made).values()) == ["served"]
    done = made.run("up", "--port", "0", check=False)
    assert done.returncode == 1
    assert str(made.places.agent_socket) in done.stderr
    made.places.agent_socket.rmdir()


@pytest.mark.parametrize("broken", ["machine_key", "lock", "log", "ledger"])
def test_a_folder_in_place_of_a_file_is_said_with_a_next_step(scene, broken):
    made, up = scene
    path = getattr(made.places, broken)
    path.mkdir(parents=True)
    done = made.run("up", "--port", "0", "--upstream", up.url, check=False)
    assert done.returncode == 1
    assert str(path) in done.stderr
    assert "next:" in done.stderr
    assert "Traceback" not in done.stderr
    path.rmdir()
    made.up("--upstream", up.url)
    assert ask(made) == "served"


@pytest.mark.parametrize("note", [b"", b"\xff\xfe", b"[]", b'{"pid": "x"}', b'{"pid": 1, "started": "x"}'])
def test_a_note_that_is_nonsense_is_in_nobodys_way(scene, note):
    made, up = scene
    made.places.run.mkdir(parents=True)
    made.places.discovery.write_bytes(note)
    made.up("--upstream", up.url)
    assert ask(made) == "served"
    made.places.discovery.write_bytes(note)
    assert made.ask_code("status") == 0
    assert made.ask_code("up", "--port", "0") == 1


def test_a_terminal_that_is_closed_ends_its_daemon_in_order(scene):
    made, up = scene
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [str(BIN / "companion"), "up", "--foreground", "--port", "0", "--upstream", up.url],
        env=made.environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no other thread runs yet
    )
    os.close(theirs)
    said = ""
    while not (key := re.search(r"cmp-[\w-]{43}", said)):
        assert select.select([ours], [], [], 20)[0], said
        said += os.read(ours, 4096).decode()
    made.gateway, made.key = re.search(r"http://127.0.0.1:\d+", said)[0], key[0]
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask, made, "rm")
        held(made, 1)
        os.close(ours)
        assert process.wait(10) == 0
        assert asking.result() == "companion-stopping"
    assert sorted(closings(made).values()) == ["refused", "served"]


def test_threads_are_not_left_behind(scene):
    made, up = scene
    made.up("--upstream", up.url)
    process = psutil.Process(made.pid)
    with ThreadPoolExecutor(16) as pool:
        for _ in range(2):
            assert set(pool.map(lambda _: ask(made), range(150))) == {"served"}
            count = process.num_threads()
    assert count <= 20
