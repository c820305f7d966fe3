"""What is asked in the load test. No two requests are the same: of each, the last message is new."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Mapping

from upstream import MODEL, PATH

_TALK = (
    "def return import class self await async for in if else the agent reads file writes patch test error line value "
    "config path python request response token cost budget scan policy"
)
_WORDS = _TALK.split()
_NUMBER = "@@@@@@@@@@"
_SMALL_MESSAGE = 900
_SYSTEM = 12_000
_TASK = 3_000
_TOOLS = 20
_TURNS = 29
_WORDS_OF_A_TURN = 300
_RESULT_OF_A_TURN = 7_600
_LAST_WORDS = 200
_numbers = itertools.count()

Ask = Callable[[], bytes]
"""The next request, whole."""


def _text(chance: random.Random, size: int) -> str:
    """Words and lines like those of a program that is talked about."""
    parts: list[str] = []
    length = 0
    while length < size:
        word = chance.choice(_WORDS) + (str(chance.randrange(1000)) if chance.random() < 0.2 else "")
        word += "\n" if chance.random() < 0.08 else " "
        parts.append(word)
        length += len(word)
    return "".join(parts)[:size]


def _tool(chance: random.Random, number: int) -> dict[str, object]:
    properties = {f"arg{index}": {"type": "string", "description": _text(chance, 120)} for index in range(6)}
    schema = {"type": "object", "properties": properties, "required": ["arg0"], "additionalProperties": False}
    function = {"name": f"tool_{number}", "description": _text(chance, 900), "parameters": schema}
    return {"type": "function", "function": function}


def _conversation(chance: random.Random, *, result: bool) -> list[dict[str, object]]:
    """As an agent sends it in the middle of a task; the last message is the result of a tool, or what a user says."""
    messages: list[dict[str, object]] = [
        {"role": "system", "content": _text(chance, _SYSTEM)},
        {"role": "user", "content": _text(chance, _TASK)},
    ]
    for turn in range(_TURNS):
        arguments = json.dumps({"arg0": f"/src/f{turn}.py", "arg1": _text(chance, 400)})
        function = {"name": f"tool_{turn % _TOOLS}", "arguments": arguments}
        call = {"id": f"call_{turn:04d}", "type": "function", "function": function}
        messages += [
            {"role": "assistant", "content": _text(chance, _WORDS_OF_A_TURN), "tool_calls": [call]},
            {"role": "tool", "tool_call_id": call["id"], "content": _text(chance, _RESULT_OF_A_TURN)},
        ]
    return messages if result else [*messages, {"role": "user", "content": _text(chance, _LAST_WORDS)}]


def _body(*, big: bool, stream: bool, result: bool) -> bytes:
    """With a mark where the number stands that makes each request another one."""
    chance = random.Random(7)
    asked: dict[str, object] = {"model": MODEL, "stream": stream, "max_tokens": 1024}
    if stream:
        asked["stream_options"] = {"include_usage": True}
    messages = (
        _conversation(chance, result=result) if big else [{"role": "user", "content": _text(chance, _SMALL_MESSAGE)}]
    )
    messages[-1]["content"] = f"step {_NUMBER}: {messages[-1]['content']}"
    if big:
        asked["tools"] = [_tool(chance, number) for number in range(_TOOLS)]
    asked["messages"] = messages
    return json.dumps(asked).encode()


def request(host: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """A request as it goes over the wire."""
    told = {
        "host": host,
        "content-type": "application/json",
        "accept": "*/*",
        "user-agent": "companion-benchmark",
        "content-length": str(len(body)),
        **headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"POST {PATH} HTTP/1.1\r\n{lines}\r\n".encode() + body


def asking(host: str, headers: Mapping[str, str], *, big: bool, stream: bool, result: bool = False) -> Ask:
    """Makes requests of one kind for one gateway. `result`: what is new of a big one is the result of a tool."""
    before, _, after = request(host, headers, _body(big=big, stream=stream, result=result)).partition(_NUMBER.encode())
    return lambda: b"%b%010d%b" % (before, next(_numbers), after)


def small(text: str, **more: object) -> bytes:
    """The body of one call that is not streamed."""
    return json.dumps({"model": MODEL, "messages": [{"role": "user", "content": text}], **more}).encode()
