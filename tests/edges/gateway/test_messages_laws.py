"""The law of a gate on the wire, for Messages: whatever came, no agent of any habit runs what was not judged."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.edges.gateway import messages
from companion.edges.gateway.dialect import UnclearAnswer
from tests.support.answers import messages_stream
from tests.support.block_events import END, USE, block, called, delta, start, stop
from tests.support.dialects import EVIL, FINE, parsed, refusals, sse, whole
from tests.support.dialects import given_out as given_out_of
from tests.support.habits import MESSAGES, Run, as_run, runs
from tests.support.mutants import ARGUMENTS, NAMES, PIECES, made_calls, mutated

E2, F2 = json.dumps({"file_path": "a", "command": "EVIL"}), json.dumps({"command": "ls", "file_path": "a"})

SMUGGLED = {
    "one index twice": [start(), delta(EVIL), stop(), start(), delta(FINE), stop()],
    "pieces that are no arguments": [
        start(),
        delta('{"command": "ls", "description": ', kind="text_delta"),
        delta(EVIL),
        delta("}", kind="text_delta"),
        stop(),
    ],
    "a piece that is no text": [start(), delta({"command": "EVIL"}), stop()],
    "pieces after the end": [start(), delta('{"command": "ls", "description": "EVIL"'), stop(), delta("}")],
    "pieces before the beginning": [delta(EVIL), start(), stop()],
    "an end before the beginning": [stop(), *called(0, "Bash", EVIL)],
    "a message that starts with a call": [{"type": "message_start", "message": {"id": "m", "content": [USE]}}],
    "a server tool with a name of the agent's": [start(kind="server_tool_use", given={"command": "EVIL"}), stop()],
    "an unknown kind of use": [start(kind="new_tool_use", given={"command": "EVIL"}), stop()],
    "an event of an unknown type": [{"type": "content_block", "content_block": USE}],
    "a call within a delta": block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "", "next": [USE]}),
    "an index that is true": [*called(0, "Read", "{}"), start(True), delta(EVIL, True), stop(True)],
    "a call that grows after the next one began": [
        start(0, "Read"),
        start(1, "Bash"),
        delta(E2, 0),
        delta(F2, 1),
        stop(0),
        stop(1),
    ],
    "calls out of order": [start(1, "Bash"), start(0, "Read"), delta(E2, 0), delta(F2, 1), stop(0), stop(1)],
    "a message that has a block when it starts": [
        {"type": "message_start", "message": {"id": "m", "content": [{"type": "text", "text": ""}]}},
        *called(0, "Bash", FINE),
        *called(1, "Read", E2),
    ],
    "a message that has a block in another case when it starts": [
        {"type": "message_start", "message": {"id": "m", "Content": [{"type": "text", "text": ""}]}},
        *called(0, "Bash", FINE),
        *called(1, "Read", E2),
    ],
    "a message that starts once more": [
        *called(0, "Read", F2),
        {"type": "message_start", "message": {"id": "m", "content": []}},
        *called(1, "Bash", F2),
        *called(2, "Read", E2),
    ],
    "a call within a text": block(0, {"type": "text", "text": "", "next": USE}),
    "a call within a call": block(0, USE | {"input": {}, "next": USE}),
    "arguments for a text behind a call": [
        start(0, "Bash"),
        delta('{"command": "ls", "description": '),
        stop(0),
        *block(1, {"type": "text", "text": ""}, {"type": "input_json_delta", "partial_json": f"{EVIL}}}"}),
    ],
    "a kind in another case": [start(kind="Tool_Use", given={"command": "EVIL"}), stop()],
    "an event in another case": [
        {"type": "Content_Block_Start", "index": 0, "content_block": USE | {"type": "Text"}},
        {"type": "Content_Block_Stop", "index": 0},
    ],
    "keys in another case": [{"type": "content_block_start", "Index": 0, "Content_Block": USE}, stop()],
    "a kind told twice": block(0, USE | {"type": "text", "Type": "tool_use"}),
    "input at the start": [start(given={"command": "EVIL"}), stop()],
    "input at the start and more of it": [start(given={"command": "ls"}), delta(EVIL), stop()],
    "no index": [{"type": "content_block_start", "content_block": USE}, {"type": "content_block_stop"}],
    "no name": [start(name=None), delta(EVIL), stop()],
    "a name that is a list": [start(name=["Bash"]), delta(EVIL), stop()],
    "no block": [{"type": "content_block_start", "index": 0}, delta(EVIL), stop()],
    "never ended": [start(), delta(EVIL)],
}


@pytest.mark.parametrize("case", SMUGGLED)
@pytest.mark.parametrize("named", [True, False])
def test_no_call_is_smuggled_through_a_stream(case, named):
    assert b"EVIL" not in given_out_of("messages", sse(*SMUGGLED[case], *END, named=named))


@pytest.mark.parametrize(
    "answer",
    [
        {"content": {"0": USE}},
        {"content": [{"type": "text", "text": "x", "next": USE}]},
        {"content": [USE | {"type": "server_tool_use"}]},
        {"content": [USE | {"type": "new_tool_use"}]},
        {"content": [USE | {"name": None}]},
        {"content": [USE | {"input": "EVIL"}]},
        {"content": [], "message": {"content": [USE]}},
        {"content": [USE | {"input": {"command": "ls"}}, USE]},
        {"content": [USE | {"input": {"command": "ls"}, "next": USE}]},
        {"content": [USE | {"type": "Tool_Use"}]},
        {"content": [USE | {"type": "text", "Type": "tool_use"}]},
        {"content": [USE | {"type": ["tool_use"]}]},
        {"content": [], "Content": [USE]},
    ],
)
def test_no_call_is_smuggled_through_a_whole_answer(answer):
    assert "EVIL" not in whole("messages", answer)


VALUES = {
    "type": [
        *["tool_use", "text", "server_tool_use", "new_tool_use", "mcp_tool_use", "TOOL_USE"],
        *["input_json_delta", "text_delta", "content_block_start", "content_block_stop", "message_start"],
    ],
    "index": [0, 1, 2, 3],
    "id": ["toolu_0", "toolu_1", ""],
    "name": [*NAMES, "web_search", None],
    "input": [{}, {"command": "EVIL", "file_path": "a"}, {"command": "ls", "file_path": "a"}, "x", None],
    "partial_json": PIECES,
    "content": [[], [{"type": "text", "text": ""}]],
    "content_block": [{"type": "text", "text": ""}, {"type": "tool_use", "id": "t", "name": "Bash", "input": {}}],
    "delta": [{"type": "input_json_delta", "partial_json": ARGUMENTS[1]}, {"type": "signature_delta", "signature": ""}],
}
CALLS = [
    {"type": kind, "id": "t", "name": "Bash", "input": {"command": "EVIL"}} for kind in ("tool_use", "Tool_Use")
] + [{"Type": "tool_use", "ID": "t", "Name": "Bash", "Input": {"command": "EVIL"}}]


def given_out(raw: bytes) -> tuple[bytes, Counter[Run]]:
    """What the agent gets, and what of it was judged and allowed."""
    answer, out = messages.stream(None), []
    try:
        for event in parsed(raw):
            out += answer.feed(event)
        uses = answer.uses
    except UnclearAnswer:
        return b"".join(out), Counter()
    if not answer.complete or not answer.holding:
        return b"".join(out), Counter()
    changes = refusals(uses)
    allowed = Counter(as_run(use.name.split()[-1], use.arguments) for use in uses if use.key not in changes.by_key)
    return b"".join([*out, *answer.release(changes)]), allowed


@st.composite
def hostile(draw):
    raw = messages_stream(draw(st.sampled_from(["", "words"])), draw(made_calls), draw(st.integers(3, 40)))
    events = draw(mutated([event.json() for event in parsed(raw)], VALUES, CALLS))
    return sse(*events, named=draw(st.booleans()))


@settings(max_examples=400)
@given(raw=hostile(), by_event_line=st.booleans())
def test_no_agent_runs_what_was_not_judged(raw, by_event_line):
    out, allowed = given_out(raw)
    for habit, agent in MESSAGES.items():
        assert runs(agent, out, by_event_line=by_event_line) <= allowed, habit


@pytest.mark.parametrize("habit", MESSAGES)
@given(text=st.sampled_from(["", "words"]), made=made_calls, size=st.integers(1, 40))
def test_of_a_tidy_answer_every_agent_runs_what_was_judged(habit, text, made, size):
    out, allowed = given_out(messages_stream(text, made, size))
    if not habit.startswith("wherever"):
        assert runs(MESSAGES[habit], out) == allowed
    assert allowed == Counter(as_run(*call) for call in made if "EVIL" not in call[1])
