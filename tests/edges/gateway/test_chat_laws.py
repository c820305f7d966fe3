"""However a stream of chunks is cut, mixed and misspelt: each kind of reader runs what was judged, or nothing."""

from __future__ import annotations

import copy
import itertools
from contextlib import suppress

from hypothesis import event, given, settings
from hypothesis import strategies as st

from companion.edges.gateway.dialect import AnswerStream, UnclearAnswer
from companion.edges.gateway.tools import Unreadable, read_use
from companion.edges.gateway.tooluse import Called, Changes, Rewritten, Said, ToolUse
from tests.support.chat_habits import TEXTS, USUAL, WARY, is_within
from tests.support.dialects import DONE, EVIL, FINE, fed, sse

NESTED = '{"command": "ls", "description": {"command": "EVIL"}}'
CUTS = (NESTED.index('{"command": "EVIL"'), NESTED.index("}}") + 1)

made = st.tuples(
    st.sampled_from(["function", "function", "custom"]),
    st.sampled_from(["Bash", "Read", "deploy"]),
    st.sampled_from([NESTED, EVIL, FINE, '{"file_path": "\U0001f600"}', "{}", ""]),
    st.sets(st.integers(1, len(NESTED)), max_size=3) | st.just(set(CUTS)),
)


def cut(text: str, places: set[int]) -> list[str]:
    ends = [0, *sorted(place for place in places if place < len(text)), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(ends)]


def chunk(choice: dict) -> dict:
    return {"id": "c", "created": 1, "model": "m", "choices": [choice | {"finish_reason": None}]}


def as_told(calls: list) -> list[dict]:
    """Chunks as a tidy server sends them."""
    told = []
    for index, (form, name, text, places) in enumerate(calls):
        pieces = [{"index": index, "id": f"c{index}", "type": form, form: {"name": name, TEXTS[form]: ""}}]
        pieces += [{"index": index, form: {TEXTS[form]: piece}} for piece in cut(text, places)]
        told += [chunk({"index": 0, "delta": {"tool_calls": [piece]}}) for piece in pieces]
    return told


def the_choice(told: dict) -> dict:
    return told["choices"][-1]


def the_piece(told: dict) -> dict:
    pieces = (the_choice(told)["delta"] or {}).get("tool_calls") or [{}]
    return pieces[-1]


def the_parts(told: dict) -> dict:
    piece = the_piece(told)
    return next((piece[form] for form in TEXTS if isinstance(piece.get(form), dict)), {})


def sets(where, **options):
    """Mutations that put one of several values under a key."""
    return [
        lambda chunks, at, where=where, key=key, value=value: where(chunks[at]).__setitem__(key, copy.deepcopy(value))
        for key, values in options.items()
        for value in values
    ]


def takes(where, *keys):
    return [lambda chunks, at, where=where, key=key: where(chunks[at]).pop(key, None) for key in keys]


def moves(chunks, at):
    chunks.insert((at * 7 + 3) % len(chunks), chunks.pop(at))


def doubles(chunks, at):
    chunks.insert(at, copy.deepcopy(chunks[at]))


def joins(chunks, at):
    """The pieces of two chunks in one."""
    if at + 1 < len(chunks):
        own, other = (the_choice(one)["delta"].setdefault("tool_calls", []) for one in chunks[at : at + 2])
        if isinstance(own, list) and isinstance(other, list):
            own += other
            del chunks[at + 1]


def beside(choice):
    return lambda chunks, at: chunks[at]["choices"].insert(0, copy.deepcopy(choice))


def between(told):
    return lambda chunks, at: chunks.insert(at, copy.deepcopy(told))


def to_the_old_field(chunks, at):
    delta = the_choice(chunks[at])["delta"]
    if parts := the_parts(chunks[at]):
        delta.pop("tool_calls")
        delta["function_call"] = parts


def misspells(where, key, other):
    def mutate(chunks, at):
        told = where(chunks[at])
        if key in told:
            told[other] = told.pop(key)

    return mutate


def doubles_misspelt(where, key, other, value):
    def mutate(chunks, at):
        where(chunks[at])[other] = copy.deepcopy(value)

    return mutate


def halves(chunks, at):
    """A letter cut between its halves, over this piece and the next."""
    for told, half in zip(chunks[at : at + 2], "\ud83d\ude00", strict=False):
        for key in TEXTS.values():
            if isinstance(the_parts(told).get(key), str):
                the_parts(told)[key] = half if half == "\ud83d" else half + the_parts(told)[key]


def names_event(name):
    return lambda chunks, at: chunks[at].__setitem__("event", name)


def the_delta(told: dict) -> dict:
    return the_choice(told)["delta"]


CONTENT = {"index": 0, "delta": {"content": "hm"}, "finish_reason": None}
MUTATIONS = [
    *sets(the_piece, index=[0, 1, 2, -1], id=["c0", "c1", "c9", "", None], type=["function", "custom", "", None, 5]),
    *sets(the_parts, name=["Bash", "Read", "", None], arguments=["", EVIL, "}"], input=["x"]),
    *sets(the_choice, index=[0, 1], finish_reason=["tool_calls", "stop", 7], logprobs=[{}, 5]),
    *sets(the_delta, content=["hm", "", 5, []], role=["assistant", 5], tool_calls=[[], None, {}]),
    *sets(dict, id=["d"]),
    *sets(lambda told: told, usage=[None, {"prompt_tokens": 1}], created=[2, "x", True], model=[5]),
    *sets(lambda told: told, obfuscation=["abc", float("nan")]),
    *takes(the_piece, "index", "id", "type", "function"),
    *takes(the_parts, "name", "arguments"),
    *takes(the_choice, "index", "finish_reason"),
    moves,
    moves,
    doubles,
    joins,
    joins,
    beside({"index": 0, "delta": {}}),
    beside({"index": 1, "delta": {}}),
    beside({"index": 1, "delta": {"content": "hm"}}),
    between(chunk(CONTENT)),
    between(chunk(CONTENT)),
    between(chunk({"index": 0, "delta": {}})),
    between({"choices": [CONTENT | {"finish_reason": "stop", "delta": {}}]}),
    between({"choices": [], "usage": {"prompt_tokens": 1}}),
    between({}),
    to_the_old_field,
    to_the_old_field,
    halves,
    names_event("ping"),
    names_event("message"),
    misspells(the_delta, "tool_calls", "Tool_Calls"),
    misspells(the_delta, "tool_calls", "tool_call\u017f"),
    misspells(the_choice, "delta", "Delta"),
    misspells(the_parts, "arguments", "Arguments"),
    doubles_misspelt(the_parts, "arguments", "ARGUMENTS", EVIL),
    doubles_misspelt(the_parts, "name", "Name", "Bash"),
    doubles_misspelt(the_piece, "index", "Index", 0),
    doubles_misspelt(the_choice, "index", "Index", 0),
]

streams = st.builds(
    lambda calls, mutations: mutated(as_told(calls), mutations),
    st.lists(made, min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, len(MUTATIONS) - 1), st.integers(0, 30)), max_size=5),
)


def mutated(chunks: list[dict], mutations: list) -> bytes:
    for number, at in mutations:
        # What another mutation took away stays as it is.
        with suppress(LookupError, TypeError, AttributeError):
            MUTATIONS[number](chunks, at % len(chunks))
    raw = b""
    for told in [*chunks, chunk({"index": 0, "delta": {}})]:
        name = told.pop("event", "")
        raw += (f"event: {name}\n".encode() if name else b"") + sse(told)
    return raw + sse({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}) + DONE


def is_readable(use: ToolUse) -> bool:
    try:
        return bool(read_use(use))
    except Unreadable:
        return False


def meant(told: list) -> list:
    return [(form, name, text or ("{}" if form == "function" else "")) for form, name, text in told]


def released(answer: AnswerStream, passed: bytes, changes: Changes) -> bytes:
    return passed + (b"".join(answer.release(changes)) if answer.holding else b"")


@settings(max_examples=400)
@given(streams)
def test_every_reader_runs_what_was_judged_or_nothing(raw):
    try:
        answer, passed = fed("chat", raw)
        uses = answer.uses
    except UnclearAnswer:
        event("unclear")
        return
    # What cannot be read is refused at the gate.
    changes = Changes({use.key: Said("no") for use in uses if not is_readable(use)})
    judged = [(use.form.value, use.name, use.arguments) for use in uses if use.key not in changes.by_key]
    out = released(answer, passed, changes)
    event("as it came" if out == raw else "told anew" if not changes else "changed")
    for habit in USUAL:
        assert meant(habit.read(out)) == judged, habit
    for habit in WARY:
        assert is_within(meant(habit.read(out)), judged), habit


becoming = st.sampled_from([None, Rewritten("{}"), Called("Bash", '{"command": "x"}'), Said("no")])


@settings(max_examples=200)
@given(
    streams,
    st.lists(becoming, min_size=4, max_size=4),
    st.lists(becoming.filter(lambda one: type(one) in {Called, Said}), max_size=2),
)
def test_every_reader_runs_the_calls_as_they_were_changed(raw, become, extra):
    try:
        answer, passed = fed("chat", raw)
        uses = answer.uses
    except UnclearAnswer:
        return
    if not uses:
        return
    changes = Changes({use.key: one for use, one in zip(uses, become, strict=False) if one}, tuple(extra))
    wanted = []
    for use in uses:
        match changes.by_key.get(use.key):
            case None:
                wanted.append((use.form.value, use.name, use.arguments))
            case Rewritten(text):
                wanted.append((use.form.value, use.name, text))
            case Called(name, text):
                wanted.append(("function", name, text))
    wanted += [("function", one.name, one.arguments) for one in extra if isinstance(one, Called)]
    out = released(answer, passed, changes)
    for habit in USUAL:
        assert sorted(meant(habit.read(out))) == sorted(wanted), habit


@settings(max_examples=100)
@given(st.lists(made, min_size=1, max_size=3))
def test_what_a_tidy_server_sends_passes_as_it_came(calls):
    raw = mutated(as_told(calls), [])
    answer, passed = fed("chat", raw)
    assert released(answer, passed, Changes()) == raw
    assert [(use.form.value, use.name, use.arguments) for use in answer.uses] == meant([call[:3] for call in calls])
