"""An agent that gives up waiting and asks again gets the answer that is being held for it."""

from __future__ import annotations

import json
import socket
import threading
import time

import pytest

from companion.client import calls
from companion.contract.types import Answer
from tests.support.answers import STREAMS
from tests.support.daemons import wait_until
from tests.support.scenes import DIALECTS, PATHS, SHELL
from tests.support.upstreams import send
from tests.support.wire import READERS


def decide(scene, *, approve: bool = True) -> None:
    made = scene.companion
    wait_until(lambda: made.ask(calls.pending()))
    for waiting in made.ask(calls.pending()):
        made.ask(calls.answer(waiting.id, Answer(approve, "cli")))


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("streams", [(True, True), (True, False), (False, True)], ids=["same", "whole", "streamed"])
def test_a_request_that_comes_back_while_its_answer_is_held_costs_nothing_and_asks_nobody(scene, name, streams):
    scene.text, scene.calls = "so", [scene.command(name, "rm -rf build")]
    first, second = (scene.body(name, "clean up") | {"stream": stream} for stream in streams)
    if not streams[0]:
        whole = document(name, STREAMS[name]("so", scene.calls, 5))
        scene.upstream.answer = lambda handler, body: send(handler, json.dumps(whole).encode(), "application/json")
    made, found = scene.companion, {}

    def ask(which: str, body: dict) -> None:
        found[which] = made.post(PATHS[name], body)

    leaving = threading.Thread(target=leave, args=(made, PATHS[name], first))
    leaving.start()
    wait_until(lambda: made.ask(calls.pending()))
    leaving.join()
    coming = threading.Thread(target=ask, args=("second", second))
    coming.start()
    time.sleep(0.5)
    assert len(made.ask(calls.pending())) == 1
    decide(scene)
    coming.join(20)
    answer = found["second"]
    assert answer.status_code == 200
    assert answer.headers["x-companion-attached"]
    if streams[1]:
        read = READERS[name](answer.content)
        assert (read.text, [call for call, _ in read.calls]) == ("so", [SHELL[name]])
        assert read.done
    else:
        assert answer.headers["content-type"] == "application/json"
        assert "rm -rf build" in answer.text
    assert len(scene.upstream.requests) == 1
    [line] = [line for line in made.lines() if line.id == answer.headers["x-companion-attached"]]
    assert (line.calls, line.ending) == (1, "served")


def document(name: str, stream: bytes) -> dict:
    """The same answer in one piece, made by hand."""
    read = READERS[name](stream)
    [(tool, arguments)] = read.calls
    if name == "messages":
        content = [{"type": "text", "text": read.text}]
        content.append({"type": "tool_use", "id": "toolu_0", "name": tool, "input": json.loads(arguments)})
        return {"id": "m1", "type": "message", "role": "assistant", "content": content, "stop_reason": "tool_use"} | {
            "usage": {"input_tokens": 5, "output_tokens": 5}
        }
    if name == "chat":
        call = {"id": "call_0", "type": "function", "function": {"name": tool, "arguments": arguments}}
        message = {"role": "assistant", "content": read.text, "tool_calls": [call]}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
        return {"id": "c1", "object": "chat.completion", "choices": [choice], "usage": {"prompt_tokens": 5}}
    last = stream.rstrip().rsplit(b"data: ", 1)[1]
    return json.loads(last)["response"]


def leave(made, path: str, body: dict) -> None:
    """Asks, waits a while for the person who is asked, and hangs up."""
    headers = made.headers(**{"content-type": "application/json"})
    with socket.create_connection(made.gateway.removeprefix("http://").split(":")) as wire:
        raw = json.dumps(body, separators=(",", ":")).encode()
        told = headers | {"host": made.gateway.removeprefix("http://"), "content-length": str(len(raw))}
        head = [f"POST {path} HTTP/1.1", *(f"{key}: {value}" for key, value in told.items()), "", ""]
        wire.sendall("\r\n".join(head).encode() + raw)
        wait_until(lambda: made.ask(calls.pending()))
        # Whoever leaves as soon as the person is asked takes the question along.
        time.sleep(0.5)
