"""A real daemon before an upstream that answers with what a test says, and requests in the three dialects."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from companion.client import calls
from companion.contract.types import Answer
from tests.support.answers import STREAMS
from tests.support.daemons import Companion, wait_until
from tests.support.upstreams import Upstream, send
from tests.support.wire import READERS

T = TypeVar("T")

GITHUB = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0hL2nR5"
PATHS = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses"}
DIALECTS = sorted(PATHS)
SHELL = {"chat": "run_commands", "messages": "Bash", "responses": "exec_command"}


class Scene:
    """An upstream that answers with what the test says, and the daemon before it."""

    def __init__(self, companion: Companion, upstream: Upstream, workspace) -> None:
        self.companion, self.upstream, self.workspace = companion, upstream, workspace
        self.text, self.calls = "hello", []
        # Nobody is asked about deleting what is not there, nor what a build made.
        kept = Path(workspace) / "build" / "kept.txt"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.touch()
        upstream.answer = self._answer

    def _answer(self, handler, body) -> None:
        name = next(name for name, path in PATHS.items() if handler.path.startswith(path))
        send(handler, STREAMS[name](self.text, self.calls, 5), "text/event-stream")

    def command(self, name: str, text: str) -> tuple[str, str]:
        key = {"chat": "commands", "messages": "command", "responses": "cmd"}[name]
        return SHELL[name], json.dumps({key: [text] if name == "chat" else text})

    def body(self, name: str, *texts: str, system: str = "", tools=("Read", "read_files")) -> dict:
        workspace = f"1. Working Directory: {self.workspace}\n{system}"
        names = [SHELL[name], *tools]
        messages = [{"role": "user", "content": text} for text in texts or ("hi",)]
        if name == "messages":
            made = [{"name": tool, "input_schema": {}} for tool in names]
            return {
                "model": "m",
                "max_tokens": 99,
                "stream": True,
                "system": workspace,
                "messages": messages,
                "tools": made,
            }
        if name == "chat":
            made = [{"type": "function", "function": {"name": tool, "parameters": {}}} for tool in names]
            head = [{"role": "system", "content": workspace}]
            return {"model": "m", "stream": True, "messages": head + messages, "tools": made}
        made = [{"type": "function", "name": tool, "parameters": {}} for tool in names]
        return {"model": "m", "stream": True, "instructions": workspace, "input": messages, "tools": made}

    def ask(self, name: str, *texts: str, **given) -> str:
        answer = self.companion.post(PATHS[name], self.body(name, *texts, **given))
        assert answer.status_code == 200, answer.text
        return READERS[name](answer.content)

    def decided(self, asking: Callable[[], T], what: str, *, approve: bool) -> T:
        """What came of `asking`, whose call is held for `what` until a person approves, or denies it: "not today"."""
        with ThreadPoolExecutor(1) as apart:
            came = apart.submit(asking)
            wait_until(lambda: self.companion.ask(calls.pending()))
            [waiting] = self.companion.ask(calls.pending())
            assert waiting.what == what
            answer = Answer(approve=approve, by="cli", reason="not today", digest=waiting.digest)
            self.companion.ask(calls.answer(waiting.id, answer))
            return came.result()
