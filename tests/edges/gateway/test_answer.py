"""An answer on its way to the agent: what passes, what is held and judged, and what is said when it fails."""

from __future__ import annotations

import asyncio
import itertools
import json

import pytest

from companion.edges.gateway.replay import document_of
from companion.edges.gateway.respond import BEAT_SECONDS
from companion.model.action import ShellCommand
from companion.model.money import Usage
from companion.model.verdict import PASS, Ask, Deny
from companion.upstream.sender import UpstreamUnreachable
from tests.support.answers import STREAMS
from tests.support.asgi import run
from tests.support.dialects import DIALECTS, DONE, MODULES, parsed, sse
from tests.support.turns import HEAD, Call, decide, pieces
from tests.support.virtual_time import now
from tests.support.wire import READERS

LS, RM = ("Bash", '{"command": "ls"}'), ("Bash", '{"command": "rm -rf build"}')
SECRETS = {"SECRET_AWS_0A1B2C3D": 'a "key"'}


def no_rm(action, facts):
    return Deny("no-rm", "not that") if isinstance(action, ShellCommand) and "rm" in action.command else PASS


def ask_rm(action, facts):
    return Ask("risky", "it deletes") if isinstance(action, ShellCommand) and "rm" in action.command else PASS


def document(name: str, text: str, calls=()) -> dict:
    return document_of(MODULES[name].DIALECT, list(parsed(STREAMS[name](text, calls))))


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("step", [1, 50, 1 << 20])
@pytest.mark.parametrize("calls", [(), (LS,)])
def test_what_nobody_objects_to_passes_byte_for_byte_and_is_counted(name, step, calls):
    raw = STREAMS[name]("so \u00fc\U0001f600", calls)
    call = Call(name, no_rm, stream_options={"include_usage": True})
    assert call.told(raw, step) == raw
    assert call.wire.heads == [(200, [(key.encode(), value.encode()) for key, value in HEAD])]
    assert call.admission.usage == Usage(input=60, cache_read=40, output=5)
    assert call.admission.failure == ""
    assert [line.parent for line in call.keeper.ledger.openings] == ["1"] * len(calls)


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("step", [1, 1 << 20])
def test_of_a_streams_calls_only_the_refused_one_is_another(name, step):
    call = Call(name, no_rm)
    read = READERS[name](call.told(STREAMS[name]("so", [LS, RM, LS]), step))
    assert (read.text, read.done, len(read.calls)) == ("so", True, 3)
    assert (read.calls[0], read.calls[2]) == (LS, LS)
    assert "rm -rf" not in str(read.calls)
    assert "not that" in read.calls[1][1]
    assert [line.code for line in call.keeper.ledger.closings].count("no-rm") == 1


@pytest.mark.parametrize("name", DIALECTS)
def test_a_call_gets_the_keys_that_the_model_was_shown_and_no_other(name):
    made = [("Bash", '{"command": "echo SECRET_AWS_0A1B2C3D SECRET_AWS_00000000"}')]
    call = Call(name, no_rm, lookup=SECRETS.get)
    read = READERS[name](call.told(STREAMS[name]("SECRET_AWS_0A1B2C3D", made)))
    assert read.text == 'a "key"'
    assert [json.loads(told) for _, told in read.calls] == [{"command": 'echo a "key" SECRET_AWS_00000000'}]
    unknown = Call(name, no_rm)
    assert READERS[name](unknown.told(STREAMS[name]("", made))).calls == made


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("calls", [(), (RM,), (LS,)])
@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_stream_that_breaks_off_gives_out_no_call_and_says_so(name, calls, share):
    raw = STREAMS[name]("so it is " * 9, calls)
    call = Call(name, no_rm)
    read = READERS[name](call.told(raw[: int(len(raw) * share)]))
    assert (read.calls, read.done) == ([], False)
    assert "broke off" in read.error
    assert "broke off" in call.admission.failure
    assert call.admission.usage.flags == ("estimated",)
    assert call.keeper.ledger.openings == []


@pytest.mark.parametrize("name", DIALECTS)
def test_a_stream_that_can_be_read_in_two_ways_gives_out_no_call_and_says_so(name):
    raw = STREAMS[name]("so", [LS])
    for spoilt in (raw.replace(b'"name"', b'"name": "Read", "name"'), raw.replace(b'"Bash"', b"7")):
        call = Call(name, no_rm)
        read = READERS[name](call.told(spoilt))
        assert (read.text, read.calls) == ("so", [])
        assert "cannot be read" in read.error
        assert "cannot be read" in call.admission.failure


def test_an_event_without_an_end_gives_out_nothing_and_says_so():
    call = Call("messages", no_rm)
    read = READERS["messages"](call.told(b"data: " + b"x" * 33 * 1024 * 1024, 1 << 20))
    assert "cannot be read" in read.error


FAILURES = {
    "chat": {"error": {"message": "overloaded"}},
    "messages": {"type": "error", "error": {"message": "overloaded"}},
    "responses": {"type": "response.failed", "response": {"error": {"message": "overloaded"}}, "sequence_number": 0},
}


@pytest.mark.parametrize("name", DIALECTS)
def test_an_upstreams_own_failure_is_told_once_also_where_it_would_have_been_held(name):
    failure = sse(FAILURES[name])
    call = Call(name, no_rm)
    assert call.told(failure) == failure
    assert call.admission.failure == "overloaded"
    begun = STREAMS[name]("", [LS])
    begun = begun[: begun.rindex(b"\n\n", 0, len(begun) * 2 // 3) + 2]
    call = Call(name, no_rm)
    out = call.told(begun + failure)
    assert out.count(b"overloaded") == 1
    assert READERS[name](out).calls == []


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("calls", [[], [LS], [RM]])
def test_usage_that_only_companion_asked_for_is_not_passed_on(wanted, calls):
    call = Call("chat", no_rm, stream_options={"include_usage": wanted})
    out = call.told(STREAMS["chat"]("so", calls))
    assert (b'"usage"' in out) is wanted
    assert READERS["chat"](out).done
    assert call.admission.usage == Usage(input=60, cache_read=40, output=5)


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("cut", [1, 2, 30])
def test_an_event_that_is_cut_short_cannot_be_read_also_where_it_looks_like_text(name, cut):
    raw = STREAMS[name]("so it is, and no otherwise", [], 26)
    [whole] = [event.raw for event in parsed(raw) if event.raw.count(b"otherwise") == 1 and b"elta" in event.raw]
    call = Call(name, no_rm)
    out = call.told(raw.replace(whole, whole + whole[: -2 - cut] + b"\n\n"))
    assert "cannot be read" in call.admission.failure
    assert call.admission.failure in READERS[name](out).error


def test_what_comes_first_is_passed_on_before_the_rest_is_there():
    raw, seen = STREAMS["messages"]("so it is", []), []
    call = Call("messages", no_rm)

    async def slowly():
        for event in parsed(raw):
            yield event.raw
            seen.append(call.wire.body)

    run(call.answer(slowly()))
    assert seen == list(itertools.accumulate(event.raw for event in parsed(raw)))


@pytest.mark.parametrize("name", DIALECTS)
def test_after_the_last_word_nothing_is_passed_on_and_nobody_waits(name):
    raw = STREAMS[name]("so", [])
    more = STREAMS[name]("", [RM])

    async def never_ending():
        yield raw + more
        yield more
        await asyncio.sleep(1000)

    async def main() -> float:
        await call.answer(never_ending())
        return now()

    call = Call(name, no_rm, stream_options={"include_usage": True})
    assert run(main()) < 1
    assert call.wire.body == raw
    assert call.admission.failure == ""


def test_an_upstream_that_breaks_is_charged_for_what_it_told():
    raw = STREAMS["messages"]("so it is " * 9, [])

    async def breaking():
        yield raw[: len(raw) // 2]
        raise UpstreamUnreachable("main", "broken", "it broke")

    call = Call("messages", no_rm)
    with pytest.raises(UpstreamUnreachable):
        run(call.answer(breaking()))
    assert call.admission.usage.flags == ("estimated",)
    assert call.admission.usage.output > 1


def test_a_chunk_of_many_events_leaves_the_loop_to_others():
    text = b"".join(event.raw for event in parsed(STREAMS["chat"]("x" * 1000, [], 1)))
    call, turns = Call("chat", no_rm), 0

    async def other() -> None:
        nonlocal turns
        while not call.wire.over:
            await asyncio.sleep(0)
            turns += 1

    async def main() -> None:
        await asyncio.gather(call.answer(pieces(text, 1 << 20)), other())

    run(main())
    assert turns >= 10
    assert call.wire.pieces[0] == next(iter(parsed(text))).raw, "what comes first waits for nothing"


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("approve", [True, False])
def test_while_a_model_is_slow_or_a_person_decides_the_stream_is_kept_alive(name, approve):
    raw = STREAMS[name]("so", [RM])
    events = [event.raw for event in parsed(raw)]
    call = Call(name, ask_rm)

    beats = []

    async def slowly():
        yield b"".join(events[:-2])
        before = len(call.wire.pieces)
        await asyncio.sleep(3.5 * BEAT_SECONDS)
        beats.append(len(call.wire.pieces) - before)
        yield b"".join(events[-2:])

    async def main() -> None:
        await asyncio.gather(call.answer(slowly()), decide(call.keeper, 7 * BEAT_SECONDS, approve=approve))

    run(main())
    read = READERS[name](call.wire.body)
    assert (read.text, read.done, len(read.calls)) == ("so", True, 1)
    assert (read.calls == [RM]) is approve
    first_words, last_words = 2, 1
    assert beats == [3]
    assert len(call.wire.pieces) == first_words + 3 + 3 + last_words


@pytest.mark.parametrize("name", DIALECTS)
def test_a_document_without_calls_passes_byte_for_byte_and_is_counted(name):
    raw = json.dumps(document(name, "so \u00fc"), indent=3).encode()
    call = Call(name, no_rm, stream=False)
    answer = call.told_whole(raw)
    assert call.wire.body == raw
    assert dict(call.wire.heads[0][1])[b"content-length"] == str(len(raw)).encode()
    assert call.admission.usage == Usage(input=60, cache_read=40, output=5)
    kept = answer.to_keep([("x-kept", "1"), ("request-id", "r"), ("content-length", "9"), ("date", "d")])
    assert (kept.status, kept.raw) == (200, raw)
    assert kept.headers == (("x-kept", "1"), ("content-type", "application/json"))


@pytest.mark.parametrize("name", DIALECTS)
def test_an_answer_that_asks_for_something_or_is_not_plainly_one_is_not_kept(name):
    assert Call(name, no_rm).told_whole(json.dumps(document(name, "so", [LS])).encode()).to_keep([]) is None
    assert Call(name, no_rm).told_whole(json.dumps(document(name, "so")).encode(), status=206).to_keep([]) is None
    assert run(Call(name, no_rm).answer(pieces(STREAMS[name]("so", [])))).to_keep([]) is None


@pytest.mark.parametrize("name", DIALECTS)
def test_of_a_documents_calls_only_the_refused_one_is_another(name):
    call = Call(name, no_rm, lookup=SECRETS.get)
    made = [LS, RM, ("Bash", '{"command": "echo SECRET_AWS_0A1B2C3D"}')]
    call.told_whole(json.dumps(document(name, "SECRET_AWS_0A1B2C3D", made)).encode())
    told = json.loads(call.wire.body)
    uses = MODULES[name].uses_of(told)
    assert [json.loads(use.arguments)["command"] for use in uses][::2] == ["ls", 'echo a "key"']
    assert "not that" in uses[1].arguments
    assert b"rm -rf" not in call.wire.body
    assert b"SECRET_AWS" not in call.wire.body
    assert dict(call.wire.heads[0][1])[b"content-length"] == str(len(call.wire.body)).encode()


def test_what_is_signed_keeps_its_placeholders():
    thought = {"type": "thinking", "thinking": "SECRET_AWS_0A1B2C3D", "signature": "SECRET_AWS_0A1B2C3D"}
    made = document("messages", "SECRET_AWS_0A1B2C3D")
    made["content"].insert(0, thought)
    call = Call("messages", no_rm, lookup=SECRETS.get)
    call.told_whole(json.dumps(made).encode())
    content = json.loads(call.wire.body)["content"]
    assert (content[0], content[1]["text"]) == (thought, 'a "key"')


UNREADABLE = {
    "no json": b"<html>EVIL</html>",
    "a list": b'["EVIL"]',
    "a key twice": b'{"choices":[],"choices":[{"message":{"content":"EVIL"}}],"content":[],"content":["EVIL"]}',
    "no utf-8": b'{"EVIL":"\xff"}',
    "lists as words": b'{"choices":"EVIL","content":"EVIL","output":"EVIL"}',
    "usage as a word": b'{"usage":{"prompt_tokens_details":"EVIL","input_tokens_details":"EVIL"},"content":["EVIL"]}',
    "nothing": b"",
}


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_document_that_cannot_be_read_is_not_given_out_and_the_agent_is_told_why(name, kind):
    call = Call(name, no_rm)
    call.told_whole(UNREADABLE[kind])
    [(status, _)] = call.wire.heads
    error = json.loads(call.wire.body)["error"]
    assert (status, error["code"]) == (502, "answer-unreadable")
    assert error["message"] == f"companion: {call.admission.failure}"
    assert "EVIL" not in error["message"]


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("approve", [True, False])
def test_while_a_person_decides_on_a_document_blanks_come_before_it(name, approve):
    call = Call(name, ask_rm)
    raw = json.dumps(document(name, "so", [RM])).encode()

    async def main() -> None:
        answering = call.answer(pieces(raw), streamed=False)
        await asyncio.gather(answering, decide(call.keeper, 3.5 * BEAT_SECONDS, approve=approve))

    run(main())
    assert call.wire.body.startswith(b"   {")
    assert b"content-length" not in dict(call.wire.heads[0][1])
    assert (b"rm -rf" in call.wire.body) is approve
    assert (call.wire.body == b"   " + raw) is approve


def test_the_last_word_alone_ends_a_stream():
    call = Call("chat", no_rm)
    assert call.told(DONE) == DONE
    assert (call.admission.failure, call.admission.usage) == ("", None)
