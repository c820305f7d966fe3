"""The law of a gate on the wire, for Responses: whatever came, no agent of any habit runs what was not judged."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.edges.gateway import responses
from companion.edges.gateway.dialect import UnclearAnswer
from companion.edges.gateway.tooluse import Form, ToolUse
from tests.support.answers import responses_stream
from tests.support.dialects import EVIL, FINE, parsed, refusals, sse, whole
from tests.support.dialects import given_out as given_out_of
from tests.support.habits import ANYWHERE, RESPONSES, Run, as_run, folded, of_item, runs
from tests.support.item_events import PATCH, SHELL, TEXT, UNKNOWN, added, completed, done, item, piece
from tests.support.mutants import ARGUMENTS, NAMES, PIECES, made_calls, mutated

E2, F2 = json.dumps({"file_path": "a", "command": "EVIL"}), json.dumps({"command": "ls", "file_path": "a"})
STDIN = json.dumps({"session_id": 1, "chars": "EVIL"})
READ, BASH = item(E2, name="Read", id="f1", call_id="c1"), item(F2, id="f2", call_id="c2")
EMPTY = {"arguments": ""}

SMUGGLED = {
    "another call at the end": [done(item()), completed(item(FINE))],
    "one index twice": [done(item()), done(item(FINE)), completed()],
    "another name at the end": [
        done(item(json.dumps({"file_path": "a", "command": "EVIL"}))),
        completed(item(json.dumps({"file_path": "a", "command": "EVIL"}), name="Read")),
    ],
    "pieces that differ": [added(item("")), piece(EVIL), done(item(FINE)), completed(item(FINE))],
    "arguments said to be done that differ": [
        added(item("")),
        piece(EVIL, whole=True),
        done(item(FINE)),
        completed(item(FINE)),
    ],
    "pieces and what they are said to be differ": [
        added(item("")),
        piece(FINE),
        piece(EVIL, whole=True),
        done(item(FINE)),
        completed(item(FINE)),
    ],
    "pieces before the item": [piece(EVIL), added(item("")), done(item(FINE)), completed(item(FINE))],
    "pieces after the item": [done(item(FINE)), piece(EVIL), completed(item(FINE))],
    "pieces of a call that is never done": [added(item("", name="write_stdin")), piece(STDIN), completed()],
    "whole arguments of a call that is never done": [
        added(item("", name="write_stdin")),
        piece(STDIN, whole=True),
        completed(),
    ],
    "pieces of a call that never ends, beside those that it had": [added(item(FINE)), piece(EVIL), completed()],
    "pieces behind what free text had at first": [
        added(PATCH | {"name": "exec", "input": "EVIL;"}),
        {"type": "response.custom_tool_call_input.delta", "output_index": 0, "delta": "ls"},
        done(PATCH | {"name": "exec", "input": "ls"}),
        completed(),
    ],
    "pieces after they were told whole": [
        added(PATCH | {"name": "exec", "input": ""}),
        {"type": "response.custom_tool_call_input.done", "output_index": 0, "input": "EVIL;"},
        {"type": "response.custom_tool_call_input.delta", "output_index": 0, "delta": "ls"},
        done(PATCH | {"name": "exec", "input": "EVIL;ls"}),
        completed(),
    ],
    "pieces under another item's id": [
        *[added(READ | EMPTY), added(BASH | EMPTY, 1)],
        *[piece(E2, 0) | {"item_id": "f2"}, piece(F2, 1) | {"item_id": "f1"}],
        *[done(READ), done(BASH, 1), completed(READ, BASH)],
    ],
    "two items of one id": [
        *[added(BASH | EMPTY, 0), added(READ | EMPTY | {"id": "f2"}, 1)],
        *[piece(F2, 0) | {"item_id": "f2"}, piece(E2, 1) | {"item_id": "f2"}],
        *[done(BASH, 0), done(READ | {"id": "f2"}, 1), completed(BASH, READ | {"id": "f2"})],
    ],
    "pieces for a call that is not the last": [
        *[added(READ | EMPTY), added(BASH | EMPTY, 1), piece(E2, 0), piece(F2, 1)],
        *[done(READ), done(BASH, 1), completed(READ, BASH)],
    ],
    "calls out of order": [
        *[added(BASH | EMPTY, 1), added(READ | EMPTY, 0), piece(E2, 0)],
        *[done(READ, 0), done(BASH, 1), completed(READ, BASH)],
    ],
    "arguments told whole under another name": [
        added(READ | EMPTY),
        piece(E2, whole=True) | {"name": "Bash"},
        done(READ),
        completed(READ),
    ],
    "an answer that has items when it begins": [
        {"type": "response.created", "response": {"id": "r", "output": [TEXT]}},
        *[added(BASH | EMPTY), added(READ | EMPTY, 1), piece(E2, 1)],
        *[done(BASH), done(READ, 1), completed(BASH, READ)],
    ],
    "an answer that begins once more": [
        *[added(TEXT, 0), added(TEXT, 0), added(TEXT, 0), {"type": "response.created", "response": {"output": []}}],
        *[added(TEXT, 0), added(TEXT, 0), added(BASH | EMPTY, 1), added(READ | EMPTY, 2), piece(E2, 2)],
        *[done(BASH, 1), done(READ, 2), completed(TEXT, BASH, READ)],
    ],
    "a call within a message": [done(TEXT | {"content": [item()]}), completed()],
    "a call within a message that begins": [added(TEXT | {"content": [item()]}), completed()],
    "a call within a message at the end": [completed(TEXT | {"content": [item()]})],
    "a call within a call": [done(item(FINE, then=item())), completed()],
    "a call within what the provider runs": [done({"type": "web_search_call", "action": item()}), completed()],
    "a kind in another case": [done(item(type="Function_Call")), completed()],
    "a kind told twice": [done(item(type="message", Type="function_call")), completed()],
    "keys in another case": [{"type": "response.output_item.done", "output_index": 0, "Item": item()}, completed()],
    "pieces in another case": [added(item("")), piece(FINE) | {"Delta": EVIL}, done(item(FINE)), completed(item(FINE))],
    "arguments in another case": [done(item(FINE, Arguments=EVIL)), completed()],
    "an action in another case": [done(SHELL | {"action": {"command": ["ls"], "Command": ["EVIL"]}}), completed()],
    "an event in another case": [
        added(item("")),
        piece(EVIL) | {"type": "response.Function_Call_Arguments.delta"},
        done(item(FINE)),
        completed(item(FINE)),
    ],
    "pieces of another item": [done(item(FINE)), added(TEXT, 1), piece(EVIL, 1), completed(item(FINE))],
    "pieces that are no text": [added(item("")), piece({"command": "EVIL"}), completed(item(FINE))],
    "a call begun as another": [added(item(EVIL)), done(item(FINE)), completed(item(FINE))],
    "a call that ends as text": [added(item(EVIL)), done(TEXT | {"id": "f"}), completed()],
    "text that ends as a call": [added(TEXT), done(item()), completed()],
    "only at the end": [completed(item())],
    "only at an end that is cut": [{"type": "response.incomplete", "response": {"id": "r", "output": [item()]}}],
    "already at the beginning": [{"type": "response.created", "response": {"id": "r", "output": [item()]}}],
    "an event of an unknown type": [{"type": "response.done", "response": {"id": "r", "output": [item()]}}],
    "an unknown kind of call": [done({"type": "shell_call", "action": {"commands": ["EVIL"]}}), completed()],
    "a name in a namespace": [done(item(FINE, namespace="EVIL")), completed()],
    "no index": [{"type": "response.output_item.done", "item": item()}, completed()],
    "no name": [done(item(name=None)), completed()],
    "arguments that are no text": [done(item({"command": "EVIL"})), completed()],
    "output as an object": [{"type": "response.completed", "response": {"output": {"0": item()}}}],
    "a shell with an environment": [
        done(SHELL | {"action": {"command": ["ls"], "env": {"LD_PRELOAD": "EVIL"}}}),
        completed(),
    ],
}


@pytest.mark.parametrize("case", SMUGGLED)
@pytest.mark.parametrize("named", [True, False])
def test_no_call_is_smuggled_through_a_stream(case, named):
    assert b"EVIL" not in given_out_of("responses", sse(*SMUGGLED[case], named=named))


@pytest.mark.parametrize(
    "answer",
    [
        {"output": {"0": item()}},
        {"output": [], "response": {"output": [item()]}},
        {"output": [item(FINE, namespace="EVIL")]},
        {"output": [item(name=None)]},
        {"output": [item({"command": "EVIL"})]},
        {"output": [TEXT | {"content": [item()]}]},
        {"output": [item(FINE, then=item())]},
        {"output": [item(type="Function_Call")]},
        {"output": [item(type="message", Type="function_call")]},
        {"output": [item(type=["function_call"])]},
        {"output": [item(FINE, Arguments=EVIL)]},
        {"output": [], "Output": [item()]},
        {"output": [item(FINE), UNKNOWN | {"action": {"commands": ["EVIL"]}}]},
        {"output": [PATCH | {"input": "*** Begin Patch\n*** Add File: EVIL\n+x\n*** End Patch"}]},
    ],
)
def test_no_call_is_smuggled_through_a_whole_answer(answer):
    assert "EVIL" not in whole("responses", answer)


ITEMS = [
    {"type": "function_call", "id": "fc_0", "call_id": "call_0", "name": "Bash", "arguments": ARGUMENTS[1]},
    {"type": "function_call", "id": "fc_9", "call_id": "call_9", "name": "Read", "arguments": ARGUMENTS[0]},
    {"type": "custom_tool_call", "id": "fc_8", "call_id": "call_8", "name": "freeform", "input": "EVIL"},
    {"type": "message", "id": "msg_9", "role": "assistant", "content": []},
]
VALUES = {
    "type": [
        *["function_call", "custom_tool_call", "message", "reasoning", "web_search_call", "new_call", "FUNCTION_CALL"],
        *["response.output_item.added", "response.output_item.done", "response.created", "response.completed"],
        *["response.function_call_arguments.delta", "response.function_call_arguments.done", None],
        *["response.custom_tool_call_input.delta", "response.custom_tool_call_input.done"],
    ],
    "output_index": [0, 1, 2, 3],
    "item_id": ["fc_0", "fc_1", "msg_1", "other", "", None],
    "id": ["fc_0", "fc_1", "msg_1", "other", "", None],
    "call_id": ["call_0", "call_1", None],
    "name": [*NAMES, None],
    "arguments": [*PIECES, None],
    "delta": PIECES,
    "input": ["", "ls", "EVIL"],
    "item": ITEMS,
    "output": [[], *([item] for item in ITEMS)],
    "content": [ITEMS, []],
}
CALLS = [*ITEMS[:3], {"Type": "function_call", "Name": "Bash", "Arguments": ARGUMENTS[1]}]


def runs_of(use: ToolUse) -> list[Run]:
    """As agents run it that know this kind of call, in whatever case it is told."""
    if use.form is Form.CUSTOM:
        return [(use.name, use.arguments)]
    if use.name in NAMES:
        return [as_run(use.name, use.arguments)]
    with suppress(ValueError, KeyError, TypeError):
        return list(of_item(folded(json.loads(use.arguments))))
    return []


def given_out(raw: bytes) -> tuple[bytes, Counter[Run]]:
    """What the agent gets, and what of it was judged and allowed."""
    answer, out = responses.stream(None), []
    try:
        for event in parsed(raw):
            out += answer.feed(event)
        uses = answer.uses
    except UnclearAnswer:
        return b"".join(out), Counter()
    if not answer.complete or not answer.holding:
        return b"".join(out), Counter()
    changes = refusals(uses)
    allowed = Counter(run for use in uses if use.key not in changes.by_key for run in runs_of(use))
    return b"".join([*out, *answer.release(changes)]), allowed


@st.composite
def hostile(draw):
    raw = responses_stream(draw(st.sampled_from(["", "words"])), draw(made_calls), draw(st.integers(3, 40)))
    events = draw(mutated([event.json() for event in parsed(raw)], VALUES, CALLS))
    return sse(*events, named=draw(st.booleans()))


@settings(max_examples=400)
@given(raw=hostile(), by_event_line=st.booleans())
def test_no_agent_runs_what_was_not_judged(raw, by_event_line):
    out, allowed = given_out(raw)
    for habit, agent in RESPONSES.items():
        assert runs(agent, out, by_event_line=by_event_line) <= allowed, habit
    for habit, agent in ANYWHERE.items():
        assert runs(agent, out).keys() <= allowed.keys(), habit


@pytest.mark.parametrize("habit", RESPONSES)
@given(text=st.sampled_from(["", "words"]), made=made_calls, size=st.integers(1, 40))
def test_of_a_tidy_answer_every_agent_runs_what_was_judged(habit, text, made, size):
    out, allowed = given_out(responses_stream(text, made, size))
    assert runs(RESPONSES[habit], out) == allowed
    assert allowed == Counter(as_run(*call) for call in made if "EVIL" not in call[1])
