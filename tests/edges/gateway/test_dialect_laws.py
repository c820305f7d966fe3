"""Laws that the streams of all dialects keep: what is not changed passes byte for byte, what is changed reads so."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from companion.edges.gateway import dialect
from companion.edges.gateway.dialect import UnclearAnswer
from companion.edges.gateway.replay import document_of, events_of
from companion.edges.gateway.tooluse import Called, Changes, Rewritten, Said
from companion.model.money import Usage
from tests.support.answers import STREAMS
from tests.support.dialects import DIALECTS, MODULES, calls, fed, parsed, run, texts
from tests.support.wire import READERS

SECRETS = {"SECRET_AWS_0A1B2C3D": 'two\nlines and "quotes"', "SECRET_GITHUB_FFFFFFFF": "ghp_x"}


def as_utf8(raw: bytes) -> bytes:
    """The same events with every letter as itself and none as an escape."""
    pattern = re.compile(rb"(?<=^data: )\{.*", re.MULTILINE)
    return pattern.sub(lambda data: json.dumps(json.loads(data[0]), ensure_ascii=False).encode(), raw)


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("spelt", [bytes, as_utf8], ids=["escapes", "utf-8"])
@settings(max_examples=60)
@given(text=texts, made=calls, size=st.integers(1, 9), step=st.integers(1, 200))
def test_what_nobody_changes_passes_byte_for_byte(name, spelt, text, made, size, step):
    raw = spelt(STREAMS[name](text, made, size))
    # Letters that some readers take for the end of a line are put right: tests/edges/gateway/test_sse.py.
    assume(not re.search(rb"\xc2\x85|\xe2\x80[\xa8\xa9]", raw))
    answer, passed = fed(name, raw, step=step)
    assert answer.holding is bool(made)
    assert READERS[name](passed).calls == []
    assert passed + (b"".join(answer.release(Changes())) if made else b"") == raw
    assert answer.complete
    assert [(use.name, use.arguments) for use in answer.uses] == made


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("spelt", [bytes, as_utf8], ids=["escapes", "utf-8"])
@settings(max_examples=40)
@given(
    before=texts,
    after=texts | st.sampled_from(["YES", "SECRET_", "SECRET_AWS_0A1B2C3"]),
    placeholder=st.sampled_from([*SECRETS, "SECRET_NOBODY_00000000"]),
    size=st.integers(1, 9),
    step=st.integers(1, 200),
)
def test_placeholders_in_text_are_restored_across_any_chunking(name, spelt, before, after, placeholder, size, step):
    raw = spelt(STREAMS[name](f"{before} {placeholder} {after}", [], size))
    _, out = run(name, raw, lookup=SECRETS.get, step=step)
    assert READERS[name](out).text == f"{before} {SECRETS.get(placeholder, placeholder)} {after}"


becoming = st.sampled_from(
    [None, Rewritten('{"command": "ls -l"}'), Called("Bash", '{"command": "echo no; exit 126"}'), Said("not done")]
)
added = st.sampled_from([Called("Bash", '{"command": "echo x"}'), Said("nor this")])


@pytest.mark.parametrize("name", DIALECTS)
@settings(max_examples=60)
@given(
    text=st.sampled_from(["", "I will look."]),
    made=calls.filter(bool),
    become=st.lists(becoming, min_size=3, max_size=3),
    extra=st.lists(added, max_size=2).map(tuple),
)
def test_changed_calls_read_as_changed_their_neighbours_as_they_were_and_what_is_added_comes_last(
    name, text, made, become, extra
):
    raw = STREAMS[name](text, made)
    answer, _ = fed(name, raw)
    by_key = {use.key: change for use, change in zip(answer.uses, become, strict=False) if change is not None}
    changes = Changes(by_key, extra)

    wanted, said = [], [text] if text else []
    for (tool, told), change in [*zip(made, become, strict=False), *((("", ""), one) for one in extra)]:
        match change:
            case None:
                wanted.append((tool, told))
            case Rewritten():
                wanted.append((tool, change.arguments))
            case Called():
                wanted.append((change.name, change.arguments))
            case Said():
                said.append(change.text)

    _, out = run(name, raw, changes)
    document = MODULES[name].change(document_of(MODULES[name].DIALECT, list(parsed(raw))), changes)
    again = b"".join(event.raw for event in events_of(MODULES[name].DIALECT, document))
    for read in (READERS[name](out), READERS[name](again)):
        assert [(tool, json.loads(told)) for tool, told in read.calls] == [(tool, json.loads(a)) for tool, a in wanted]
        assert re.findall("I will look.|not done|nor this", read.text) == said
        assert ("tool" in read.stop) is (bool(wanted) and name != "responses")
        assert read.done


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("beats", [1, 3])
@pytest.mark.parametrize("text", ["", "first words"])
def test_beats_while_holding_leave_the_answer_as_it_was(name, beats, text):
    made = [("Bash", '{"command": "ls"}'), ("Read", '{"file_path": "a"}')]
    answer, passed = fed(name, STREAMS[name](text, made))
    told = [answer.beat() for _ in range(beats)]
    assert all(told)
    changes = Changes({answer.uses[1].key: Rewritten('{"file_path": "b"}')}, (Called("Bash", '{"command": "x"}'),))
    read = READERS[name](b"".join([passed, *told, *answer.release(changes)]))
    assert read.text == text
    assert read.calls == [made[0], ("Read", '{"file_path": "b"}'), ("Bash", '{"command": "x"}')]
    assert read.done


@pytest.mark.parametrize("name", DIALECTS)
def test_usage_is_read_in_disjoint_buckets_streamed_or_not(name):
    raw = STREAMS[name]("hello", [])
    answer, _ = fed(name, raw)
    assert answer.usage == Usage(input=60, cache_read=40, output=5)
    assert MODULES[name].usage_of(document_of(MODULES[name].DIALECT, list(parsed(raw)))) == answer.usage


@pytest.mark.parametrize("name", DIALECTS)
@given(keep=st.integers(0, 100))
@settings(max_examples=30)
def test_a_stream_cut_short_is_not_complete_and_gives_out_nothing_held(name, keep):
    raw = STREAMS[name]("hello", [("Bash", '{"command": "ls"}')])
    answer, passed = fed(name, raw[: len(raw) * keep // 130])
    assert not answer.complete
    assert READERS[name](passed).calls == []


@pytest.mark.parametrize("name", DIALECTS)
@given(keep=st.integers(0, 100), letters=st.integers(0, 10_000))
@settings(max_examples=30)
def test_of_an_answer_that_broke_off_what_it_told_counts_and_the_rest_is_estimated(name, keep, letters):
    raw = STREAMS[name]("hello " * 50, [])
    answer, passed = fed(name, raw[: len(raw) * keep // 130])
    usage = answer.usage_so_far(letters)
    text = READERS[name](passed).text
    if usage is None:
        assert not text
        assert answer.usage is None
        return
    assert usage.flags[-1] == "estimated"
    assert usage.output >= len(text) / 4
    if answer.usage is not None:
        assert (usage.input, usage.cache_read) == (answer.usage.input, answer.usage.cache_read)
    else:
        assert usage.input * 4 >= letters > (usage.input - 1) * 4


@pytest.mark.parametrize("name", STREAMS)
@given(
    text=st.lists(st.sampled_from([*'a"\\\n\u00fc\u2028 {}[]:,', "_call", "tool_use", '"index": 3', "usage"])).map(
        "".join
    ),
    made=calls,
    size=st.integers(1, 9),
)
def test_what_is_told_by_its_bytes_is_told_as_if_it_were_read(name, text, made, size):
    raw = STREAMS[name](text, made, size)

    def told(*, quickly: bool) -> tuple[list[bytes], object]:
        stream = MODULES[name].stream(None)
        if not quickly:
            stream._is_plain = lambda event: False
        return [piece for event in parsed(raw) for piece in stream.feed(event)], (stream.usage, stream.complete)

    assert told(quickly=True) == told(quickly=False)


@pytest.mark.parametrize("name", DIALECTS)
@given(code=st.sampled_from(["answer-broke-off", "budget-exceeded"]), message=texts)
@settings(max_examples=30)
def test_a_failure_is_one_event_that_agents_show_whatever_its_words(name, code, message):
    [event] = parsed(MODULES[name].stream_error(code, message))
    assert message in READERS[name](event.raw).error
    told = MODULES[name].error(500, code, message)["error"]
    assert (told["message"], told["code"]) == (message, code)


@pytest.mark.parametrize("name", DIALECTS)
def test_what_is_held_has_an_end(name, monkeypatch):
    raw = STREAMS[name]("", [("Bash", json.dumps({"command": "x" * 5000}))])
    monkeypatch.setattr(dialect, "_MOST_HELD", len(raw))
    fed(name, raw)
    monkeypatch.setattr(dialect, "_MOST_HELD", 5000)
    with pytest.raises(UnclearAnswer, match="5000 bytes"):
        fed(name, raw)
