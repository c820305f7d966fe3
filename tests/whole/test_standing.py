"""What `status` tells of a daemon in which calls wait and upstreams rest."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from companion.client import calls
from companion.contract.types import LimitLine
from tests.support.daemons import companion, wait_until
from tests.support.upstreams import send, upstream

CHAT = "/v1/chat/completions"
LIMITS = """
[limits.client."*"]
parallel = 1
[limits.model."never-asked"]
tokens_per_minute = 5000
[faults]
retries = 0
breaker_failures = 3
breaker_seconds = 3600
"""


def test_limits_are_told_of_while_calls_are_inside_and_wait_and_upstreams_with_why_they_rest():
    goes_on = threading.Event()

    def answer(handler, body) -> None:
        if body["model"] == "slow":
            goes_on.wait(30)
        send(handler, b"{}", status={"sick": 529, "busy": 429}.get(body["model"], 200), retry_after="40")

    with companion() as made, upstream(answer) as up, ThreadPoolExecutor() as pool:
        made.configure(LIMITS)
        made.up("--upstream", up.url)

        def ask(model: str, client: str = "one") -> int:
            return made.post(CHAT, {"model": model, "messages": []}, **{"x-companion-client": client}).status_code

        def status():
            return made.ask(calls.status())

        named = LimitLine("model", "never-asked", "tokens_per_minute", 5_000, 5_000, 0, 0)
        assert status().limits == [named]
        slow = [pool.submit(ask, "slow") for _ in range(3)]
        try:
            wait_until(lambda: status().waiting == 2)
            assert status().limits == [LimitLine("client", "one", "parallel", 1, 1, 1, 2), named]
            shown = made.run("status").stdout
            assert "100 % of 1 call at a time for client one: 1 of 1 at once, 2 calls waiting" in shown
        finally:
            goes_on.set()
        assert [one.result() for one in slow] == [200] * 3
        wait_until(lambda: status().limits == [named])

        before = datetime.now(UTC) - timedelta(seconds=1)
        assert [ask("sick") for _ in range(3)] == [529] * 3
        assert ask("busy") == 429
        busy, sick = sorted(status().resting, key=lambda line: line.model)
        assert (busy.state, busy.cause) == ("paused", "asked to be left alone for 40 s (429)")
        assert (sick.state, sick.cause) == ("open", "3 failures in a row, the last: 529")
        for line in (busy, sick):
            assert before <= datetime.fromisoformat(line.since) <= datetime.now(UTC)
        told = json.loads(made.run("status", "--json").stdout)["resting"]
        assert {line["cause"] for line in told} == {busy.cause, sick.cause}
        assert f": {sick.cause}; asked again in " in " ".join(made.run("status").stdout.split())
