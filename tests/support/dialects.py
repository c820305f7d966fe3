"""The three dialects fed as an upstream feeds them, and what an agent gets out of it.

A hostile model's answer carries a call with the word EVIL. `refusals` stands for the gate: it refuses what it reads
EVIL in, and what it cannot read. So EVIL among the bytes for the agent means that it would run what nobody judged.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from hypothesis import strategies as st

from companion.edges.gateway import chat, messages, responses
from companion.edges.gateway.dialect import AnswerStream
from companion.edges.gateway.sse import SseEvent, SseParser
from companion.edges.gateway.tools import Unreadable, read_use
from companion.edges.gateway.tooluse import Changes, Said, ToolUse
from companion.policy.redaction import Lookup

MODULES = {"chat": chat, "messages": messages, "responses": responses}
DIALECTS = sorted(MODULES)

DONE = b"data: [DONE]\n\n"
EVIL = json.dumps({"command": "EVIL"})
FINE = json.dumps({"command": "ls"})

NO_INDEX = [True, "0", 0.0, None, -2, [0]]
"""What stands where a place in a list belongs, and is none to every reader."""

texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=40)
arguments = st.dictionaries(st.text("abc", min_size=1, max_size=3), texts, max_size=3).map(json.dumps)
calls = st.lists(st.tuples(st.sampled_from(["Bash", "Read", "run_commands"]), arguments), max_size=3)


def sse(*events: Mapping, named: bool = True) -> bytes:
    """Events as an upstream writes them; `named` puts a type on an event line too."""
    made = [(f"event: {event['type']}\n" if named and "type" in event else "", json.dumps(event)) for event in events]
    return "".join(f"{name}data: {data}\n\n" for name, data in made).encode()


def parsed(raw: bytes, step: int = 1 << 20) -> Iterable[SseEvent]:
    """The events of `raw`, which arrives in pieces of `step` bytes."""
    parser = SseParser()
    for at in range(0, len(raw), step):
        yield from parser.feed(raw[at : at + step])
    yield from parser.close()


def fed(name: str, raw: bytes, lookup: Lookup | None = None, step: int = 1 << 20) -> tuple[AnswerStream, bytes]:
    """The stream when all of `raw` has come, and what passed to the agent meanwhile."""
    answer = MODULES[name].stream(lookup)
    return answer, b"".join(piece for event in parsed(raw, step) for piece in answer.feed(event))


def run(
    name: str, raw: bytes, changes: Changes = Changes(), lookup: Lookup | None = None, step: int = 1 << 20
) -> tuple[AnswerStream, bytes]:
    """As `fed`, and what was held is given out with `changes`."""
    answer, passed = fed(name, raw, lookup, step)
    return answer, passed + (b"".join(answer.release(changes)) if answer.holding else b"")


def is_refused(use: ToolUse) -> bool:
    try:
        return any("EVIL" in repr(part.action) for part in read_use(use).parts)
    except Unreadable:
        return True


def refusals(uses: Iterable[ToolUse]) -> Changes:
    return Changes({use.key: Said("no") for use in uses if is_refused(use)})


def given_out(name: str, raw: bytes, step: int = 1 << 20) -> bytes:
    """What the agent gets of a hostile model's stream."""
    answer, out = MODULES[name].stream(None), []
    try:
        for event in parsed(raw, step):
            out += answer.feed(event)
        changes = refusals(answer.uses)
    except ValueError:
        return b"".join(out)
    if answer.holding:
        out += answer.release(changes)
    return b"".join(out)


def whole(name: str, answer: dict) -> str:
    """What the agent gets of a hostile model's whole answer."""
    try:
        uses = MODULES[name].uses_of(answer)
    except ValueError:
        return ""
    changes = refusals(uses)
    return json.dumps(MODULES[name].change(answer, changes) if changes else answer)
