"""Laws of the three dialects' streams: what is not changed passes byte for byte, what is changed reads as changed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.edges.gateway import chat, messages, responses
from companion.edges.gateway.sse import SseParser
from companion.edges.gateway.tooluse import Called, Changes, Rewritten, Said
from companion.model.money import Usage
from tests.support.answers import STREAMS
from tests.support.wire import READERS

MODULES = {"chat": chat, "messages": messages, "responses": responses}
DIALECTS = sorted(MODULES)
SECRETS = {"SECRET_AWS_0A1B2C3D": 'two\nlines and "quotes"', "SECRET_GITHUB_FFFFFFFF": "ghp_x"}

texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=40)
arguments = st.dictionaries(st.text("abc", min_size=1, max_size=3), texts, max_size=3).map(json.dumps)
calls = st.lists(st.tuples(st.sampled_from(["Bash", "Read", "run_commands"]), arguments), max_size=3)


def run(name: str, raw: bytes, changes: Changes = Changes(), *, lookup=None, step: int = 64):
    """What the agent gets, and the stream object, when `raw` arrives in pieces of `step` bytes."""
    answer = MODULES[name].stream(lookup)
    parser, out = SseParser(), []
    for at in range(0, len(raw), step):
        for event in parser.feed(raw[at : at + step]):
            out += answer.feed(event)
    for event in parser.close():
        out += answer.feed(event)
    if answer.holding:
        out += answer.release(changes)
    return b"".join(out), answer


@pytest.mark.parametrize("name", DIALECTS)
@settings(max_examples=60, deadline=None)
@given(text=texts, made=calls, size=st.integers(1, 9), step=st.integers(1, 200))
def test_what_nobody_changes_passes_byte_for_byte(name, text, made, size, step):
    raw = STREAMS[name](text, made, size)
    out, answer = run(name, raw, step=step)
    assert out == raw
    assert answer.complete
    assert [(use.name, json.loads(use.arguments)) for use in answer.uses] == [(n, json.loads(a)) for n, a in made]


@pytest.mark.parametrize("name", DIALECTS)
@settings(max_examples=60, deadline=None)
@given(
    before=texts,
    after=texts,
    placeholder=st.sampled_from([*SECRETS, "SECRET_NOBODY_00000000"]),
    size=st.integers(1, 9),
    step=st.integers(1, 200),
)
def test_placeholders_in_text_are_restored_across_any_chunking(name, before, after, placeholder, size, step):
    text = f"{before} {placeholder} {after}"
    out, _ = run(name, STREAMS[name](text, [], size), lookup=SECRETS.get, step=step)
    assert READERS[name](out).text == f"{before} {SECRETS.get(placeholder, placeholder)} {after}"


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize(
    "change",
    [Rewritten('{"command": "ls -l"}'), Called("Bash", '{"command": "echo no; exit 126"}'), Said("not done")],
    ids=["rewritten", "called", "said"],
)
@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("text", ["", "I will look."])
def test_a_changed_call_reads_as_changed_and_its_neighbours_as_they_were(name, change, which, text):
    made = [("Read", '{"file_path": "a"}'), ("Bash", '{"command": "rm -rf /"}'), ("Read", '{"file_path": "b"}')]
    _, answer = run(name, STREAMS[name](text, made))
    changes = Changes({answer.uses[which].key: change})
    out, _ = run(name, STREAMS[name](text, made), changes)
    read = READERS[name](out)
    wanted = list(made)
    if isinstance(change, Said):
        del wanted[which]
        assert change.text in read.text
    else:
        wanted[which] = (change.name if isinstance(change, Called) else made[which][0], change.arguments)
        assert read.text == text
    assert read.calls == wanted
    assert read.done


@pytest.mark.parametrize("name", DIALECTS)
def test_an_added_call_comes_last(name):
    made = [("Read", '{"file_path": "a"}')]
    out, _ = run(name, STREAMS[name]("hm", made), Changes(extra=(Called("Bash", '{"command": "echo x"}'),)))
    assert READERS[name](out).calls == [*made, ("Bash", '{"command": "echo x"}')]


@pytest.mark.parametrize("name", DIALECTS)
def test_when_the_only_call_becomes_text_the_answer_no_longer_stops_for_tools(name):
    raw = STREAMS[name]("", [("Bash", '{"command": "rm"}')])
    _, answer = run(name, raw)
    out, _ = run(name, raw, Changes({answer.uses[0].key: Said("no")}))
    read = READERS[name](out)
    assert read.calls == []
    assert "tool" not in read.stop


@pytest.mark.parametrize("name", DIALECTS)
def test_beats_while_holding_leave_the_answer_as_it_was(name):
    made = [("Bash", '{"command": "ls"}'), ("Read", '{"file_path": "a"}')]
    raw = STREAMS[name]("first words", made)
    answer = MODULES[name].stream(None)
    out = [piece for event in SseParser().feed(raw) for piece in answer.feed(event)]
    beats = [answer.beat() for _ in range(3)]
    assert all(beats)
    changes = Changes({answer.uses[1].key: Rewritten('{"file_path": "b"}')})
    read = READERS[name](b"".join([*out, *beats, *answer.release(changes)]))
    assert read.text == "first words"
    assert read.calls == [made[0], ("Read", '{"file_path": "b"}')]


@pytest.mark.parametrize("name", DIALECTS)
def test_usage_is_read_in_disjoint_buckets(name):
    _, answer = run(name, STREAMS[name]("hello", []))
    assert answer.usage == Usage(input=60, cache_read=40, output=5)


@pytest.mark.parametrize("name", DIALECTS)
@given(keep=st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_a_stream_cut_short_is_not_complete(name, keep):
    raw = STREAMS[name]("hello", [("Bash", '{"command": "ls"}')])
    cut = raw[: len(raw) * keep // 130]
    answer = MODULES[name].stream(None)
    parser = SseParser()
    for event in [*parser.feed(cut), *parser.close()]:
        answer.feed(event)
    assert not answer.complete


TRAPS = [*'a"\\\n\u00fc\u2028 {}[]:,', "_call", "tool_use", '"index": 3', "usage"]


@pytest.mark.parametrize("name", STREAMS)
@given(
    text=st.lists(st.sampled_from([*'a"\\\n\u00fc\u2028 {}[]:,', "_call", "tool_use", '"index": 3', "usage"])).map(
        "".join
    ),
    made=calls,
    size=st.integers(1, 9),
)
def test_law_what_is_told_by_its_bytes_is_told_as_if_it_were_read(name, text, made, size):
    raw = STREAMS[name](text, made, size)

    def told(*, quickly: bool) -> tuple[list[bytes], object]:
        stream = MODULES[name].stream(None)
        if not quickly:
            stream._is_plain = lambda event: False
        return [piece for event in SseParser().feed(raw) for piece in stream.feed(event)], (
            stream.usage,
            stream.complete,
        )

    assert told(quickly=True) == told(quickly=False)
