"""A model call from its body to its answer: what is refused, what leaves, what comes back, and one line for each."""

from __future__ import annotations

import asyncio
import json
import threading
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.contract.types import Answer
from companion.edges.gateway import calls
from companion.edges.gateway.cache import AnswerCache
from companion.edges.gateway.calls import Incoming
from companion.edges.gateway.heads import read_head
from companion.edges.gateway.prompt import PromptReader
from companion.edges.gateway.respond import Responder
from companion.gatekeeper.meter import Meter
from companion.gatekeeper.runaway import RunawayBrake
from companion.model.action import ModelCall, Tier
from companion.model.budget import ALL, Budget, Window
from companion.model.record import Ending
from companion.model.scope import Dimension, KeyScope, VirtualKey
from companion.model.verdict import PASS, Ask, Deny
from companion.policy.auto import AutoRules
from companion.upstream.routes import TierTarget
from companion.upstream.sender import Target
from companion.upstream.tries import Candidate
from tests.support.answers import STREAMS
from tests.support.asgi import Wire, run
from tests.support.dialects import DIALECTS
from tests.support.gateways import KEY, MAIN, MODULES, Examiner, Gateway, Told, says
from tests.support.rooms import NOON, Prices, gatekeeper
from tests.support.wire import READERS

HUSH, PLACEHOLDER = "HUSH", "SECRET_WORD_00000000"
SPARE = Target("spare", "https://spare.example", "sk-spare", "anthropic")
OK = {
    "messages": {"content": [{"type": "text", "text": "ok"}], "usage": {"input_tokens": 3, "output_tokens": 2}},
    "chat": {
        "choices": [{"index": 0, "message": {"content": "ok"}}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    },
    "responses": {"output": [], "usage": {"input_tokens": 3, "output_tokens": 2}},
}


def body(name: str, text: str = "hi", **more: object) -> dict:
    spoken = [{"role": "user", "content": text}]
    return {"model": "m", "max_tokens": 9, "input" if name == "responses" else "messages": spoken} | more


def answering(name: str = "messages", **given) -> Gateway:
    return Gateway(says(body=OK[name]), **given)


def ask(made: Gateway, name: str, told: object, **given) -> Told:
    return run(made.serve(name, told, **given))


def denies(code: str):
    return [("test", lambda action, facts: Deny(code, "it is not to be", "ask another"))]


NONE = [b"", b"nonsense", b"[]", b'"m"', b'{"model": 1}', b'{"messages": 3, "input": 3, "model": "m"}', b"\xff\xfe"]
NAMES = ["", "m\\ud800", "m\\u0000", "m\\r\\nx: y", "ä", "m m", "m" * 201]


@pytest.mark.parametrize("name", DIALECTS)
def test_a_body_that_is_none_is_told_so_in_the_dialects_shape_and_is_no_exchange(name):
    made = answering(name)
    odd = [json.dumps(body(name)).replace('"m"', f'"{model}"').encode() for model in NAMES]
    twice = json.dumps(body(name)).replace('"model"', '"model": "x", "model"').encode()
    for raw in [*NONE, *odd, twice]:
        answer = ask(made, name, raw)
        assert answer.status == 400, raw
        assert answer.json()["error"]["message"].startswith("companion: "), raw
    assert (made.requests, made.lines) == ([], [])


@pytest.mark.parametrize(("tiers", "model"), [({}, "m"), ({Tier.ACT: TierTarget(MAIN)}, "companion/act")])
def test_what_nobody_serves_is_told_with_what_to_configure_and_is_no_exchange(tiers, model):
    made = Gateway(says(), tiers)
    answer = ask(made, "messages", body("messages", model=model))
    assert (answer.status, "[tiers.act]" in answer.json()["error"]["message"]) == (400, True)
    assert (made.requests, made.lines) == ([], [])


def breaks(error: Exception):
    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    return answer


SSE = STREAMS["messages"]("ok", [])


@pytest.mark.parametrize(
    ("answer", "stream", "status", "ending", "left", "cost"),
    [
        (says(body=OK["messages"]), False, 200, Ending.SERVED, 1, 5),
        (says(body=OK["messages"], status=201), False, 201, Ending.SERVED, 1, 5),
        (says(body=SSE, kind="text/event-stream; charset=utf-8"), True, 200, Ending.SERVED, 1, 105),
        # An agent may ask for a stream and get a document; what is no stream to it must not come as one.
        (says(body=OK["messages"]), True, 200, Ending.SERVED, 1, 5),
        (says(body=SSE, kind="text/event-stream"), False, 502, Ending.FAILED, 1, None),
        (says(body=b"<html>", kind="text/html"), False, 502, Ending.FAILED, 1, None),
        (says(status=302, location="https://evil.example"), False, 502, Ending.FAILED, 1, None),
        (says(status=304), False, 502, Ending.FAILED, 1, None),
        (says(status=400, body={"error": "as it came"}), False, 400, Ending.FAILED, 1, 0),
        (says(status=529, body={"error": "as it came"}), True, 529, Ending.FAILED, 1, 0),
        (breaks(httpx.ConnectError("x")), False, 502, Ending.FAILED, 0, None),
        (breaks(httpx.ReadTimeout("x")), False, 502, Ending.FAILED, 1, None),
        (breaks(httpx.RemoteProtocolError("x")), True, 502, Ending.FAILED, 1, None),
    ],
)
def test_whatever_an_upstream_does_there_is_one_line_with_what_left_and_what_is_due(
    answer, stream, status, ending, left, cost
):
    made = Gateway(answer)
    given_out = ask(made, "messages", body("messages", stream=stream))
    assert given_out.status == status
    assert not {"location", "transfer-encoding"} & set(given_out.headers)
    assert [(kind, how) for kind, how, _ in made.lines] == [("model", ending)]
    [line] = made.keeper.ledger.closings
    assert (line.calls, line.cost.picodollars if line.cost else None) == (left, cost)
    assert (line.cost is None) is (left == 0), "what left and is not known is not nothing"
    assert b"evil" not in given_out.body


def test_what_nobody_thought_of_fails_the_exchange_and_goes_on_up():
    made = Gateway(breaks(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        ask(made, "messages", body("messages"))
    assert [how for _, how, _ in made.lines] == [Ending.FAILED]


@pytest.mark.parametrize("name", DIALECTS)
def test_an_answer_says_who_served_it_and_under_which_exchange_whatever_the_upstream_says(name):
    upstream = says(body=OK[name], x_companion_exchange="theirs", x_companion_model="theirs", x_kept="1")
    made = Gateway(upstream, {Tier.PLAN: TierTarget(MAIN, "big"), Tier.ACT: TierTarget(MAIN)})
    answer = ask(made, name, body(name), x_companion_tier="plan")
    [opening] = made.keeper.ledger.openings
    found = {key.removeprefix("x-companion-"): value for key, value in answer.headers.items() if "companion" in key}
    assert found == {"exchange": opening.id, "tier": "plan", "upstream": "main", "model": "big"}
    assert answer.headers["x-kept"] == "1"
    assert json.loads(made.requests[0].content)["model"] == "big"
    assert (opening.tier, opening.model, opening.key_id) == ("plan", "m", KEY.id)


@given(st.lists(st.sampled_from(["body", "key", "query", "header", "model"]), min_size=1, unique=True))
def test_law_no_secret_leaves_wherever_it_stands(places):
    made = answering()
    spoken = body("messages", HUSH if "body" in places else "hi")
    spoken["metadata"] = {HUSH if "key" in places else "x": 1}
    if "model" in places:
        spoken["model"] = HUSH
    answer = ask(made, "messages", spoken, query=HUSH * ("query" in places), x_odd=HUSH if "header" in places else "x")
    left = repr([(request.url, request.headers.raw, request.content) for request in made.requests])
    assert HUSH not in left
    assert (answer.status == 200) is (len(made.requests) == 1)
    written = repr((made.keeper.ledger.openings, made.keeper.ledger.closings, made.heard.notices))
    assert HUSH.lower() not in written.lower()


class Everything(frozenset):
    """Every digest there is."""

    def __contains__(self, _: object) -> bool:
        return True


@pytest.mark.parametrize(
    ("told", "headers", "restored"),
    [
        (body("messages", HUSH), {}, True),
        (body("messages", f"it was {PLACEHOLDER}"), {}, True),
        (body("messages"), {"x_odd": HUSH}, True),
        (body("messages"), {}, False),
        (body("messages", "SECRET_WORD_FFFFFFFF"), {}, False),
        # The upstream keeps the conversation: what the model was shown earlier is not in this call.
        (body("responses", previous_response_id="r1"), {}, True),
        (body("responses", conversation="c1"), {}, True),
        (body("responses", previous_response_id=""), {}, False),
    ],
)
@pytest.mark.parametrize("clean", [False, True])
def test_a_placeholder_becomes_its_secret_where_the_model_was_shown_it_and_nowhere_else(told, headers, restored, clean):
    """Also where no part of the prompt had to be examined again."""
    name = "responses" if "input" in told else "messages"
    scanner = Examiner(clean=Everything() if clean and HUSH not in repr((told, headers)) else frozenset())
    made = Gateway(says(body=OK[name] | {"x": PLACEHOLDER}), scanner=scanner)
    answer = ask(made, name, told, **headers)
    assert (HUSH.encode() in answer.body, PLACEHOLDER.encode() in answer.body) == (restored, not restored)


@pytest.mark.parametrize(
    ("shown", "said", "why"),
    [
        ("SECRET_WORD_FFFFFFFF", "SECRET_WORD_FFFFFFFF twice SECRET_WORD_FFFFFFFF", "its secret is not known"),
        (PLACEHOLDER, f"{PLACEHOLDER} SECRET_OTHER_12345678", "the model made it up"),
        (PLACEHOLDER, PLACEHOLDER, ""),
    ],
)
def test_a_placeholder_that_stays_is_noted_once(shown, said, why):
    made = Gateway(says(body=OK["messages"] | {"x": said}))
    ask(made, "messages", body("messages", shown))
    noted = [notice for notice in made.heard.notices if notice[0] == "placeholder.unknown"]
    assert len(noted) == bool(why)
    assert why in repr(noted)
    assert HUSH not in repr(noted)


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_comes_in_the_form_in_which_this_agent_shows_it_and_nothing_leaves(name, stream):
    made = answering(name, guards=denies("not-that"))
    answer = ask(made, name, body(name, stream=stream))
    words = "companion refused this (not-that): it is not to be. ask another."
    if name == "responses" and stream:
        assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
        assert READERS[name](answer.body).error.startswith(words)
    else:
        assert (answer.status, answer.headers["x-should-retry"]) == (400, "false")
        assert answer.json()["error"]["message"] == words
    assert made.requests == []
    assert made.lines == [("model", Ending.REFUSED, "not-that")]


def metered(*budgets: Budget, most: int) -> Gateway:
    meter = Meter(ZoneInfo("UTC"), lambda: NOON, budgets)
    tiers = {Tier.ACT: TierTarget(MAIN, "cheap", others=(Candidate(SPARE, "dear"),))}

    def answer(request: httpx.Request) -> httpx.Response:
        return says(status=500)(request) if request.url.host == "main.example" else says(body=OK["messages"])(request)

    return Gateway(answer, tiers, keeper=gatekeeper([], meter=meter, prices=Prices(most=most), scanner=Examiner()))


def test_a_budget_stops_a_call_before_it_leaves():
    made = metered(Budget(Dimension.GLOBAL, ALL, Window.DAY, 10), most=60)
    answer = ask(made, "messages", body("messages"))
    assert (answer.status, answer.headers["x-should-retry"]) == (402, "false")
    assert made.requests == []
    assert made.lines == [("model", Ending.REFUSED, "budget-exceeded")]


def test_a_budget_stops_a_call_on_its_way_to_one_who_is_too_dear():
    made = metered(Budget(Dimension.MODEL, "dear", Window.DAY, 10), most=60)
    answer = ask(made, "messages", body("messages"))
    assert (answer.status, "companion spend" in answer.json()["error"]["message"]) == (402, True)
    assert [request.url.host for request in made.requests] == ["main.example"]
    assert made.lines == [("model", Ending.REFUSED, "budget-exceeded")]


def test_the_one_who_serves_in_the_end_is_the_one_who_is_named_and_charged():
    made = metered(most=60)
    answer = ask(made, "messages", body("messages"))
    [line] = made.keeper.ledger.closings
    assert (answer.status, line.upstream, line.model, line.calls) == (200, "spare", "dear", 2)
    assert [json.loads(request.content)["model"] for request in made.requests] == ["cheap", "dear"]


@pytest.mark.parametrize(
    ("models", "asked", "code"),
    [((), "main.example", "allowed"), (("de*",), "spare.example", "allowed"), (("other",), None, "key-model")],
)
def test_a_key_goes_only_where_it_may(models, asked, code):
    tiers = {Tier.ACT: TierTarget(MAIN, "cheap", others=(Candidate(SPARE, "dear"),))}
    made = answering(tiers=tiers)
    ask(made, "messages", body("messages"), key=VirtualKey("key-2", KeyScope("ci", models=models)))
    assert [request.url.host for request in made.requests] == ([asked] if asked else [])
    assert [code for *_, code in made.lines] == [code]


def test_an_agent_that_calls_without_end_is_refused_and_each_refusal_is_written_down():
    made = answering(brake=RunawayBrake(2, 0, lambda: 0.0))
    statuses = [ask(made, "messages", body("messages")).status for _ in range(4)]
    assert statuses == [200, 200, 400, 400]
    assert len(made.requests) == 2
    assert [code for *_, code in made.lines] == ["allowed", "allowed", "runaway", "runaway"]


TIERS = {
    Tier.PLAN: TierTarget(MAIN, "big"),
    Tier.ACT: TierTarget(MAIN, "mid"),
    Tier.SMALL: TierTarget(MAIN, "little"),
}


@pytest.mark.parametrize(
    ("asked", "headers", "tiers", "enabled", "served", "noted"),
    [
        ("companion/auto", {}, (), True, "little", ["auto-small"]),
        ("companion/auto", {}, (Tier.SMALL,), True, "little", ["auto-small"]),
        ("companion/auto", {}, (Tier.ACT,), True, "mid", []),
        ("companion/auto", {}, (), False, "mid", []),
        # Whoever plans has chosen already.
        ("companion/auto", {"x_companion_tier": "plan"}, (), True, "big", []),
        ("companion/act", {}, (), True, "mid", []),
        ("m", {}, (), True, "mid", []),
    ],
)
def test_auto_chooses_where_it_is_asked_for_and_may(asked, headers, tiers, enabled, served, noted):
    made = answering(tiers=TIERS, guards=[], auto=lambda: AutoRules(enabled=enabled))
    key = VirtualKey("key-2", KeyScope("ci", tiers=tiers))
    answer = ask(made, "messages", body("messages", model=asked), key=key, **headers)
    assert json.loads(made.requests[0].content)["model"] == served
    assert answer.headers["x-companion-tier"] == {"little": "small", "mid": "act", "big": "plan"}[served]
    [line] = made.keeper.ledger.closings
    assert [remark.code for remark in line.remarks] == noted


def test_an_answer_is_kept_only_where_it_was_one():
    answers = [says(status=500), says(body=b"nonsense"), says(body=OK["chat"]), says(body=OK["chat"] | {"id": "2"})]

    def answer(request: httpx.Request) -> httpx.Response:
        return answers.pop(0)(request)

    made = Gateway(answer, cache=AnswerCache(10_000, 60, lambda: 0.0))
    question = body("chat", temperature=0)
    found = [ask(made, "chat", question) for _ in range(5)]
    assert [one.status for one in found] == [500, 502, 200, 200, 200]
    assert len({one.body for one in found[2:]}) == 1
    assert [one.headers.get("x-companion-cache") for one in found] == [None, None, None, "hit", "hit"]
    lines = made.keeper.ledger.closings
    assert [(line.calls, line.cost.picodollars) for line in lines] == [(1, 0), (1, None), (1, 5), (0, 0), (0, 0)]
    assert [line.usage is None for line in lines] == [True, True, False, True, True], "no token is counted twice"
    ask(made, "chat", question, key=VirtualKey("key-2", KeyScope("another")))
    assert len(made.requests) == 4, "another key asks another question"


def test_what_an_upstream_says_of_asking_again_stands():
    busy = json.dumps({"error": {"type": "budget_exceeded"}}).encode()
    plain, told = Gateway(says(429, busy)), Gateway(says(429, busy, x_should_retry="true"))
    assert ask(plain, "chat", body("chat")).headers["x-should-retry"] == "false"
    assert ask(told, "chat", body("chat")).headers["x-should-retry"] == "true"


def asks_of_tools(action, facts):
    return PASS if isinstance(action, ModelCall) else Ask("hm", "it may be bad")


@pytest.mark.parametrize("same", [True, False])
def test_whoever_asks_again_while_the_answer_is_held_gets_that_one(same):
    stream = STREAMS["messages"]("so", [("Bash", '{"command": "ls"}')])
    made = Gateway(says(body=stream, kind="text/event-stream"), guards=[("test", asks_of_tools)])
    question = body("messages", stream=True, tools=[{"name": "Bash", "input_schema": {}}])
    other = KEY if same else VirtualKey("key-2", KeyScope("another"))

    async def twice() -> list[Told]:
        first = asyncio.create_task(made.serve("messages", question))
        await asyncio.sleep(5)
        second = asyncio.create_task(made.serve("messages", question, key=other))
        await asyncio.sleep(5)
        for waiting in made.keeper.asking.approvals.pending():
            made.keeper.asking.approvals.answer(waiting.id, Answer(True, "cli", digest=waiting.digest))
        return [await first, await second]

    first, second = run(twice())
    assert len(made.requests) == len([kind for kind, *_ in made.lines if kind == "model"]) == (1 if same else 2)
    assert second.headers.get("x-companion-attached") == (first.headers["x-companion-exchange"] if same else None)
    assert ("call.attached" in [name for name, *_ in made.heard.notices]) is same
    reads = [READERS["messages"](one.body) for one in (first, second)]
    assert reads[0] == reads[1]
    assert (reads[0].text, reads[0].calls) == ("so", [("Bash", '{"command": "ls"}')])


@pytest.mark.parametrize("large", [False, True])
async def test_a_large_body_is_read_off_the_loop(monkeypatch, large):
    monkeypatch.setattr(calls, "_LARGE", 1 if large else 1 << 20)
    threads = []

    class Reader(PromptReader):
        def read(self, raw: bytes):
            threads.append(threading.get_ident())
            return super().read(raw)

    made = answering(reader=Reader())
    assert (await made.serve("messages", body("messages"))).status == 200
    assert (threads != [threading.get_ident()]) is large


def test_the_workspace_and_the_client_are_those_that_the_agent_names():
    made = answering()
    ask(made, "messages", body("messages"), x_companion_workspace="/w", x_companion_client="claude")
    [opening] = made.keeper.ledger.openings
    assert (opening.workspace, opening.client) == ("/w", "claude")


TEXT = {"type": "text", "text": "ok"}
CALL = {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "ls"}}


class Looking(Wire):
    """Remembers how many lines were closed when the end of the answer came; may break there."""

    def __init__(self, made: Gateway, error: BaseException | None = None) -> None:
        super().__init__()
        self.made, self.error = made, error
        self.closed = -1

    async def send(self, message) -> None:
        await super().send(message)
        if self.over:
            self.closed = len(self.made.keeper.ledger.closings)
            if self.error is not None:
                raise self.error


@pytest.mark.parametrize(("content", "closed"), [([TEXT], 0), ([TEXT, CALL], 2)])
async def test_the_agent_has_an_answer_before_its_line_is_closed_unless_there_is_something_to_judge(content, closed):
    made = Gateway(says(body=OK["messages"] | {"content": content}), guards=[])
    wire = Looking(made)
    incoming = Incoming(read_head("/v1/messages", b"", []), json.dumps(body("messages")).encode(), KEY)
    await made.calls.serve(incoming, MODULES["messages"], Responder(wire.send))
    assert wire.closed == closed
    assert [ending for _, ending, _ in made.lines] == [Ending.SERVED] * (1 if closed == 0 else 2)


@pytest.mark.parametrize("error", [asyncio.CancelledError(), OSError("gone"), KeyError("odd")])
async def test_a_call_went_well_also_where_its_answer_finds_nobody(error):
    made = answering()
    wire = Looking(made, error)
    incoming = Incoming(read_head("/v1/messages", b"", []), json.dumps(body("messages")).encode(), KEY)
    with pytest.raises(type(error)):
        await made.calls.serve(incoming, MODULES["messages"], Responder(wire.send))
    assert made.lines == [("model", Ending.SERVED, "allowed")]
    [line] = made.keeper.ledger.closings
    assert line.usage is not None
