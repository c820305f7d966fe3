"""How long a hook keeps an agent waiting: the whole process, from start to end, beside what no process can beat.

    python benchmarks/hook.py [--runs 200]

A real daemon answers; the ways take turns within each round. The floor is the same interpreter with nothing to do, and
a process that is no Python at all. Linux and macOS.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from companion.cli.agents.hooks import hook_command
from companion.client import calls
from companion.client.discover import find_operator
from companion.client.drivers import Client
from companion.places import find_places

BIN = Path(sys.executable).parent


def process(command: list[str], environ: Mapping[str, str], payload: str = "") -> Callable[[], None]:
    def once() -> None:
        done = subprocess.run(command, env=environ, input=payload.encode(), capture_output=True, check=False)
        assert done.returncode == 0, (command, done.stderr)

    return once


def measure(runs: int, environ: Mapping[str, str], workspace: str, gateway: str) -> None:
    payload = {"session_id": "s", "cwd": workspace, "hook_event_name": "PreToolUse", "tool_name": "Bash"}
    payload |= {"tool_input": {"command": "git status --short && ls -la"}}
    said = json.dumps(payload)
    places = find_places(environ)
    with Client(find_operator(places)) as client:
        bearer = {"authorization": f"Bearer {client.do(calls.hooks())['token']}"}
    web = httpx.Client(trust_env=False)

    def over_http() -> None:
        answer = web.post(f"{gateway}/hooks/v1/claude/json", json=payload, headers=bearer)
        assert answer.json() == {}, answer.text

    ways = {
        "a process that does nothing (true)": process([shutil.which("true") or "true"], environ),
        "an interpreter that does nothing (python -I -S)": process([sys.executable, "-I", "-S", "-c", "pass"], environ),
        "the hook as it is installed": process(["sh", "-c", hook_command("claude", places)], environ, said),
        "companion-hook, the console script": process(
            [str(BIN / "companion-hook"), "claude", str(places.agent_socket)], environ, said
        ),
        "Claude Code's http hook, connection kept": over_http,
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, once in ways.items():
            began = time.perf_counter()
            once()
            taken[name].append((time.perf_counter() - began) * 1e3)
    print(f"{'ms, ' + str(runs) + ' runs':<50}{'min':>8}{'p50':>8}{'p95':>8}")
    for name, values in taken.items():
        ordered = sorted(values)
        print(f"{name:<50}{ordered[0]:8.2f}{statistics.median(ordered):8.2f}{ordered[int(len(ordered) * 0.95)]:8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cmp-") as folder:
        environ = os.environ | {"COMPANION_HOME": f"{folder}/h"}
        workspace = Path(folder, "w")
        workspace.mkdir()
        up = [str(BIN / "companion"), "up", "--port", "0", "--upstream", "http://127.0.0.1:9", "--json"]
        gateway = json.loads(subprocess.run(up, env=environ, check=True, capture_output=True).stdout)["gateway"]
        try:
            measure(given.runs, environ, str(workspace), gateway)
        finally:
            subprocess.run([str(BIN / "companion"), "down"], env=environ, check=True, capture_output=True)


if __name__ == "__main__":
    main()
