"""Answers of a hostile model: whatever an agent may read as a call was judged as that call, or is not given out.

Each case carries a call with the word EVIL. The judge here refuses what it reads EVIL in and passes the rest, so EVIL
among the bytes for the agent means that the agent would run what nobody judged.
"""

from __future__ import annotations

import json

import pytest

from companion.edges.gateway import chat, messages, responses
from companion.edges.gateway.sse import SseParser
from companion.edges.gateway.tools import Unreadable, read_use
from companion.edges.gateway.tooluse import Changes, Said, ToolUse
from tests.support.answers import STREAMS

MODULES = {"chat": chat, "messages": messages, "responses": responses}
DIALECTS = sorted(MODULES)
EVIL = json.dumps({"command": "EVIL"})
FINE = json.dumps({"command": "ls"})


def is_refused(use: ToolUse) -> bool:
    try:
        return any("EVIL" in repr(part.action) for part in read_use(use).parts)
    except Unreadable:
        return True


def refusals(uses) -> Changes:
    return Changes({use.key: Said("no") for use in uses if is_refused(use)})


def given_out(name: str, raw: bytes, step: int = 1 << 20) -> bytes:
    """What the agent gets of a stream."""
    answer, parser, out = MODULES[name].stream(None), SseParser(), []
    try:
        for at in range(0, len(raw), step):
            for event in parser.feed(raw[at : at + step]):
                out += answer.feed(event)
        for event in parser.close():
            out += answer.feed(event)
        changes = refusals(answer.uses)
    except ValueError:
        return b"".join(out)
    if answer.holding:
        out += answer.release(changes)
    return b"".join(out)


def sse(*events: dict, named: bool = True) -> bytes:
    made = [(f"event: {event['type']}\n" if named and "type" in event else "", json.dumps(event)) for event in events]
    return "".join(f"{name}data: {data}\n\n" for name, data in made).encode()


def chunk(*deltas: dict, key: str = "delta", finish: str | None = None) -> dict:
    return {"id": "c", "choices": [{"index": 0, key: delta, "finish_reason": finish} for delta in deltas]}


def piece(arguments: object = EVIL, name: object = "Bash", **more) -> dict:
    return {"index": 0, "id": "c1", "type": "function", "function": {"name": name, "arguments": arguments}} | more


CHAT = {
    "a name told twice": [
        chunk({"tool_calls": [piece(json.dumps({"file_path": "a", "command": "EVIL"}), "Read")]}),
        chunk({"tool_calls": [piece("", "Bash")]}),
    ],
    "an id told twice": [
        chunk({"tool_calls": [piece('{"file_path": "a"', "Read")]}),
        chunk({"tool_calls": [piece(',"x": {"command": "EVIL"}}', "", id="c2")]}),
    ],
    "a call that is a function and custom": [
        chunk({"tool_calls": [piece(custom={"name": "ask_question", "input": "x"})]}),
    ],
    "a message in a chunk": [chunk({"tool_calls": [piece()]}, key="message")],
    "a call beside the choices": [{"id": "c", "choices": [], "message": {"tool_calls": [piece()]}}],
    "an index that is true": [
        chunk({"tool_calls": [piece("", index=1)]}),
        chunk({"tool_calls": [piece(json.dumps({"command": "ls", "x": "EVIL"}), index=True)]}),
    ],
    "calls as an object": [chunk({"tool_calls": {"0": piece()}})],
    "choices as an object": [{"choices": {"0": {"delta": {"tool_calls": [piece()]}}}}],
    "the legacy field": [chunk({"function_call": {"name": "Bash", "arguments": EVIL}})],
    "the second choice": [chunk({"content": "x"}, {"tool_calls": [piece()]})],
    "arguments as an object": [chunk({"tool_calls": [piece({"command": "EVIL"})]})],
}


@pytest.mark.parametrize("case", CHAT)
def test_no_call_is_smuggled_through_a_chat_stream(case):
    assert b"EVIL" not in given_out("chat", sse(*CHAT[case], chunk({}, finish="tool_calls")) + b"data: [DONE]\n\n")


def start(index: object = 0, name: str = "Bash", kind: str = "tool_use", given: object = None) -> dict:
    block = {"type": kind, "id": "t", "name": name, "input": given or {}}
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(text: str, index: object = 0, kind: str = "input_json_delta") -> dict:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, "partial_json": text}}


def stop(index: object = 0) -> dict:
    return {"type": "content_block_stop", "index": index}


USE = {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "EVIL"}}

MESSAGES = {
    "one index twice": [start(), delta(EVIL), stop(), start(), delta(FINE), stop()],
    "pieces that are no arguments": [
        start(),
        delta('{"command": "ls", "description": ', kind="text_delta"),
        delta(EVIL),
        delta("}", kind="text_delta"),
        stop(),
    ],
    "pieces after the end": [start(), delta('{"command": "ls", "description": "EVIL"'), stop(), delta("}")],
    "a message that starts with a call": [{"type": "message_start", "message": {"id": "m", "content": [USE]}}],
    "a server tool with a name of the agent's": [start(kind="server_tool_use", given={"command": "EVIL"}), stop()],
    "an unknown kind of use": [start(kind="new_tool_use", given={"command": "EVIL"}), stop()],
    "an event of an unknown type": [{"type": "content_block", "content_block": USE}],
    "an index that is true": [start(1), start(True), delta(EVIL, True), stop(True), delta(FINE, 1), stop(1)],
    "input at the start": [start(given={"command": "EVIL"}), stop()],
    "no index": [{"type": "content_block_start", "content_block": USE}, {"type": "content_block_stop"}],
}


@pytest.mark.parametrize("case", MESSAGES)
@pytest.mark.parametrize("named", [True, False])
def test_no_call_is_smuggled_through_a_messages_stream(case, named):
    end = {"type": "message_delta", "delta": {"stop_reason": "tool_use"}}, {"type": "message_stop"}
    assert b"EVIL" not in given_out("messages", sse(*MESSAGES[case], *end, named=named))


def test_a_type_that_only_the_event_line_tells_counts():
    data = json.dumps({"index": 0, "content_block": USE}).encode()
    assert b"EVIL" not in given_out("messages", b"event: content_block_start\ndata: " + data + b"\n\n")


def test_an_event_line_that_contradicts_the_type_is_put_right():
    raw = b"event: ping\ndata: " + json.dumps(start()).encode() + b"\n\n"
    [event] = SseParser().feed(raw)
    answer = messages.stream(None)
    answer.feed(event)
    assert answer.release(Changes())[0].startswith(b"event: content_block_start\n")


def item(arguments: str = EVIL, **more) -> dict:
    return {"type": "function_call", "id": "f", "call_id": "c", "name": "Bash", "arguments": arguments} | more


def added(made: dict, index: object = 0) -> dict:
    return {"type": "response.output_item.added", "output_index": index, "item": made}


def done(made: dict, index: object = 0) -> dict:
    return {"type": "response.output_item.done", "output_index": index, "item": made}


def completed(*made: object) -> dict:
    return {"type": "response.completed", "response": {"id": "r", "output": list(made)}}


RESPONSES = {
    "another call at the end": [done(item()), completed(item(FINE))],
    "one index twice": [done(item()), done(item(FINE)), completed()],
    "another name at the end": [
        done(item(json.dumps({"file_path": "a", "command": "EVIL"}))),
        completed(item(json.dumps({"file_path": "a", "command": "EVIL"}), name="Read")),
    ],
    "pieces that differ": [
        added(item("")),
        {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": EVIL},
        done(item(FINE)),
        completed(item(FINE)),
    ],
    "arguments said to be done that differ": [
        added(item("")),
        {"type": "response.function_call_arguments.done", "output_index": 0, "arguments": EVIL},
        done(item(FINE)),
        completed(item(FINE)),
    ],
    "a call begun as another": [added(item(EVIL)), done(item(FINE)), completed(item(FINE))],
    "a call that ends as text": [
        added(item(EVIL)),
        done({"type": "message", "id": "f", "role": "assistant", "content": []}),
        completed(),
    ],
    "only at the end": [completed(item())],
    "already at the beginning": [{"type": "response.created", "response": {"id": "r", "output": [item()]}}],
    "an event of an unknown type": [{"type": "response.done", "response": {"id": "r", "output": [item()]}}],
    "an unknown kind of call": [done({"type": "shell_call", "action": {"commands": ["EVIL"]}}), completed()],
    "a name in a namespace": [done(item(FINE, namespace="EVIL")), completed()],
    "no index": [{"type": "response.output_item.done", "item": item()}, completed()],
    "output as an object": [{"type": "response.completed", "response": {"output": {"0": item()}}}],
    "a shell with an environment": [
        done(
            {"type": "local_shell_call", "call_id": "c", "action": {"command": ["ls"], "env": {"LD_PRELOAD": "EVIL"}}}
        ),
        completed(),
    ],
}


@pytest.mark.parametrize("case", RESPONSES)
@pytest.mark.parametrize("named", [True, False])
def test_no_call_is_smuggled_through_a_responses_stream(case, named):
    assert b"EVIL" not in given_out("responses", sse(*RESPONSES[case], named=named))


ENDS = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}

FRAMES = {
    "as it is": lambda raw: raw,
    "a byte order mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "bytes that are no UTF-8": lambda raw: raw.replace(b'"name"', b'"x\xff": 1, "name"'),
    "surrogates as bytes": lambda raw: raw.replace(b'"name"', b'"x\xed\xa0\x80": 1, "name"'),
    "a number too long to read": lambda raw: raw.replace(b'"name"', b'"x": ' + b"1" * 5000 + b', "name"'),
    "too deep to read": lambda raw: raw.replace(b'"name"', b'"x": ' + b"[" * 5000 + b"]" * 5000 + b', "name"'),
    "keys twice": lambda raw: raw.replace(b'"name": "Bash"', b'"name": "Bash", "name": "Read"'),
    "an escaped key": lambda raw: raw.replace(b'"name"', b'"na\\u006de"').replace(b"tool_", b"tool\\u005f"),
    "ends of two kinds": lambda raw: raw.replace(b"\n\n", b"\n\r"),
    "no end": lambda raw: raw.rstrip(),
    "comments between": lambda raw: raw.replace(b"data:", b": x\ndata:"),
    "several data lines": lambda raw: raw.replace(b"{", b"{\ndata: "),
    "events inside of events": lambda raw: raw.replace(b"data: {", b'data: {"x": {},\ndata: {'),
    "a space before the field": lambda raw: raw.replace(b"data:", b" data:"),
}


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("step", [1, 1 << 20])
def test_no_frame_hides_a_call(name, end, frame, step):
    raw = STREAMS[name]("hi", [("Bash", json.dumps({"command": "EVIL", "file_path": "a"}))], 99)
    assert b"EVIL" not in given_out(name, FRAMES[frame](raw).replace(b"\n", ENDS[end]), step)


@pytest.mark.parametrize("end", [b"\x0b", b"\x0c", b"\x1c", b"\x1e", "\x85".encode(), "\u2028".encode()])
def test_no_line_of_a_comment_or_a_string_is_a_line_to_a_loose_reader(end):
    hidden = b"data: " + json.dumps(chunk({"tool_calls": [piece()]})).encode()
    assert b"EVIL" not in given_out("chat", b": x" + end + hidden + b"\n\n")
    text = json.dumps({"choices": [{"index": 0, "delta": {"content": "x END x"}}]}).encode()
    assert end not in given_out("chat", b"data: " + text.replace(b"END", end) + b"\n\n")


def whole(name: str, answer: dict) -> str:
    """What the agent gets of a whole answer."""
    try:
        uses = MODULES[name].uses_of(answer)
    except ValueError:
        return ""
    changes = refusals(uses)
    return json.dumps(MODULES[name].change(answer, changes) if changes else answer)


WHOLE = [
    ("chat", {"choices": [{"index": 0, "message": {"tool_calls": [piece(custom={"name": "wait", "input": ""})]}}]}),
    ("chat", {"choices": [{"index": 0, "delta": {"tool_calls": [piece()]}, "message": {"content": "x"}}]}),
    ("chat", {"choices": [], "message": {"tool_calls": [piece()]}}),
    ("chat", {"choices": {"0": {"message": {"tool_calls": [piece()]}}}}),
    ("messages", {"content": {"0": USE}}),
    ("messages", {"content": [{"type": "text", "text": "x", "next": USE}]}),
    ("messages", {"content": [USE | {"type": "server_tool_use"}]}),
    ("responses", {"output": {"0": item()}}),
    ("responses", {"output": [], "response": {"output": [item()]}}),
    ("responses", {"output": [item(FINE, namespace="EVIL")]}),
]


@pytest.mark.parametrize(("name", "answer"), WHOLE)
def test_no_call_is_smuggled_through_a_whole_answer(name, answer):
    assert "EVIL" not in whole(name, answer)


def test_two_choices_of_one_index_are_two_choices():
    calls = [piece('{"command": "one"}'), piece('{"command": "two"}')]
    answer = {"choices": [{"index": 0, "message": {"tool_calls": [call]}} for call in calls]}
    assert len({use.key for use in chat.uses_of(answer)}) == 2


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("read_file", {"path": "a", "absolute_path": "EVIL"}),
        ("read_files", {"files": ["a"], "paths": ["EVIL"]}),
        ("read_files", {"files": [{"path": "a", "file_path": "EVIL"}]}),
        ("exec_command", {"cmd": "ls", "command": "EVIL"}),
        ("run_shell_command", {"command": "ls", "workdir": "a", "directory": "EVIL"}),
        ("run_commands", {"commands": [{"command": "ls", "args": ["EVIL"]}]}),
        ("run_commands", {"commands": ["ls"], "cwd": "EVIL"}),
        ("local_shell", {"command": ["ls"], "env": {"LD_PRELOAD": "EVIL"}}),
        ("local_shell", {"command": ["ls"], "user": "EVIL"}),
        ("Glob", {"pattern": "/EVIL/**"}),
        ("Glob", {"pattern": "../EVIL"}),
    ],
)
def test_every_argument_that_an_agent_may_act_on_is_read(tool, arguments):
    assert is_refused(ToolUse(0, tool, json.dumps(arguments)))
