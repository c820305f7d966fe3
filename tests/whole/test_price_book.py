"""A daemon prices calls from a book, whenever they come and whatever becomes of the book."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from companion.client import calls
from tests.support.answers import STREAMS
from tests.support.daemons import companion
from tests.support.upstreams import send, upstream

BODY = {"model": "m", "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
CONFIG = """
[upstreams.a]
url = "{url}"
provider = "anthropic"
[tiers.act]
upstream = "a"
model = "claude-sonnet-4-5"
"""


def answer(handler, body) -> None:
    send(handler, STREAMS["messages"]("hello", [], 5), "text/event-stream")


def spent(made) -> int:
    """By one call, asked right after the start."""
    made.up()
    before = made.ask(calls.spend()).total.cost_pd
    assert made.post("/v1/messages", BODY).status_code == 200
    made.lines("model")
    total = made.ask(calls.spend()).total
    assert total.unpriced_calls == 0
    if sys.platform.startswith("linux"):
        assert "pydantic_core" not in Path(f"/proc/{made.pid}/maps").read_text()
    made.down()
    return total.cost_pd - before


@pytest.mark.slow
def test_a_call_costs_the_same_with_a_new_and_with_a_damaged_book(tmp_path):
    with upstream(answer) as up, companion() as made:
        # Compiled rules are the user's own, where there are any: they take seconds.
        if made.places.cache.joinpath("rules").is_dir():
            shutil.copytree(made.places.cache / "rules", tmp_path / "rules")
        made.environ["COMPANION_CACHE"] = str(tmp_path)
        made.configure(CONFIG.format(url=up.url))
        first = spent(made)
        (kept,) = tmp_path.joinpath("prices").iterdir()
        whole = kept.read_bytes()
        if sys.platform != "win32":
            assert kept.stat().st_mode & 0o777 == 0o600
        kept.write_bytes(whole.replace(b'"claude-sonnet-4-5"', b'"claude-sonnet-4-6"'))
        assert spent(made) == first > 0
        assert kept.read_bytes() == whole
