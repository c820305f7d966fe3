"""The scripted model over HTTP."""

import json

import httpx
import pytest

from companion.demo.model import MODELS, ScriptedModel, serve
from companion.demo.play import PLACEHOLDER, Read, Run, Say, Write
from companion.demo.record import Capture

PLAY = (Run("git status", note="First a look."), Write("n.md", f"rotate {PLACEHOLDER}"), Say(f"Done. {PLACEHOLDER}"))
TOOLS = [{"type": "function", "function": {"name": name}} for name in ("run_commands", "read_files", "editor")]
RESULT = {"role": "tool", "tool_call_id": "c", "content": "on branch main, SECRET_GITHUB_0A1B2C3D"}


def chat(*turns, **fields):
    messages = [{"role": "user", "content": "go on"}, *turns]
    return {"model": "scripted-act", "messages": messages, "tools": TOOLS, **fields}


@pytest.fixture
async def capture():
    return Capture()


@pytest.fixture
async def http(capture):
    transport = httpx.ASGITransport(ScriptedModel(PLAY, capture).app)
    async with httpx.AsyncClient(transport=transport, base_url="http://model") as client:
        yield client


def said(response):
    assert response.status_code == 200, response.text
    return response.json()["choices"][0]["message"]


async def test_it_plays_step_after_step(http):
    first = said(await http.post("/v1/chat/completions", json=chat()))
    assert first["content"] == "First a look."
    assert json.loads(first["tool_calls"][0]["function"]["arguments"]) == {"commands": ["git status"]}
    second = said(await http.post("/v1/chat/completions", json=chat(RESULT)))
    arguments = json.loads(second["tool_calls"][0]["function"]["arguments"])
    assert arguments == {"path": "n.md", "new_text": "rotate SECRET_GITHUB_0A1B2C3D"}
    for results in (2, 3):
        last = said(await http.post("/v1/chat/completions", json=chat(*[RESULT] * results)))
        assert "tool_calls" not in last
        assert last["content"].startswith("Done.")


async def test_without_a_placeholder_the_text_says_so(http):
    second = said(await http.post("/v1/chat/completions", json=chat({"role": "tool", "content": "nothing"})))
    assert "rotate no placeholder" in second["tool_calls"][0]["function"]["arguments"]


async def test_without_tools_it_gives_a_title(http):
    assert said(await http.post("/v1/chat/completions", json=chat(tools=[])))["content"] == "Short title"


async def test_without_a_fitting_tool_it_says_what_it_was_offered(http):
    only = [{"type": "function", "function": {"name": "ask_question"}}]
    assert "ask_question" in said(await http.post("/v1/chat/completions", json=chat(tools=only)))["content"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("path", "turns"), [("chat/completions", "messages"), ("messages", "messages"), ("responses", "input")]
)
async def test_the_same_request_gets_the_same_bytes_and_the_asked_model_back(http, path, turns, stream):
    body = {"model": "some-other", turns: [{"role": "user", "content": "go on"}], "stream": stream}
    body["tools"] = [{"name": "Bash", "type": "function", "input_schema": {}}]
    answers = [await http.post(f"/v1/{path}", json=body) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert answers[0].status_code == 200
    assert b'"some-other"' in answers[0].content
    assert answers[0].headers["content-type"].startswith("text/event-stream" if stream else "application/json")
    other = await http.post(f"/v1/{path}", json={**body, "metadata": {"n": "1"}})
    assert other.content != answers[0].content


async def test_the_prompt_is_mostly_cached_from_the_second_turn_on(http):
    first = (await http.post("/v1/chat/completions", json=chat())).json()["usage"]
    assert first["prompt_tokens"] == len(json.dumps(chat(), separators=(",", ":")).encode()) // 4
    assert first["prompt_tokens_details"]["cached_tokens"] == 0
    second = (await http.post("/v1/chat/completions", json=chat(RESULT))).json()["usage"]
    assert second["prompt_tokens_details"]["cached_tokens"] / second["prompt_tokens"] > 0.85


async def test_a_marked_messages_prompt_is_written_to_the_cache_first(http):
    block = {"type": "text", "text": "go on", "cache_control": {"type": "ephemeral"}}
    body = {"model": "m", "messages": [{"role": "user", "content": [block]}], "tools": [{"name": "Bash"}]}
    usage = (await http.post("/v1/messages?beta=true", json=body)).json()["usage"]
    assert usage["cache_creation_input_tokens"] > usage["input_tokens"] > usage["cache_read_input_tokens"] == 0


async def test_the_small_routes(http):
    assert [model["id"] for model in (await http.get("/v1/models")).json()["data"]] == list(MODELS)
    assert (await http.head("/")).status_code == 200
    counted = await http.post("/v1/messages/count_tokens", content=b"x" * 400)
    assert counted.json() == {"input_tokens": 100}


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/v1/chat/completions", 404, "not_found_error"),
        ("POST", "/v1/embeddings", 404, "not_found_error"),
        ("POST", "/v1/messages", 400, "invalid_request_error"),
        ("POST", "/v1/responses", 400, "invalid_request_error"),
    ],
)
async def test_what_it_cannot_answer_is_an_error_in_the_dialects_shape(http, method, path, status, kind):
    response = await http.request(method, path, content=b"no json")
    assert response.status_code == status
    assert response.json()["error"]["type"] == kind


async def test_compressed_bodies_are_refused(http):
    response = await http.post("/v1/responses", content=b"\x28\xb5", headers={"content-encoding": "zstd"})
    assert response.status_code == 400
    assert "uncompressed" in response.json()["error"]["message"]


async def test_every_request_is_captured_whole(http, capture):
    await http.post("/v1/messages?beta=true", content=b"\xff raw", headers={"x-api-key": "k"})
    await http.get("/v1/models")
    first, second = capture.requests
    assert (first.method, first.target, first.body) == ("POST", "/v1/messages?beta=true", b"\xff raw")
    assert ("x-api-key", "k") in first.headers
    assert (second.method, second.target) == ("GET", "/v1/models")


async def test_served_on_a_free_port_side_by_side():
    async with httpx.AsyncClient(trust_env=False) as client:
        with serve(ScriptedModel((Read("a"),)).app) as one, serve(ScriptedModel((Say("b"),)).app) as two:
            assert one != two
            streamed = await client.post(f"{one}/v1/chat/completions", json=chat(stream=True))
            assert streamed.text.count("data: ") > 4
            assert streamed.text.endswith("data: [DONE]\n\n")
            assert said(await client.post(f"{two}/v1/chat/completions", json=chat()))["content"] == "b"
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{one}/v1/models")
