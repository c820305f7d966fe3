"""Who serves a call: a tier by rules, a key's narrow choice, or the cache."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.support.daemons import PATIENT, companion
from tests.support.scenes import DIALECTS, GITHUB, PATHS, Scene
from tests.support.upstreams import send, upstream
from tests.support.wire import READERS


def test_what_was_asked_before_is_answered_from_the_cache_where_the_person_wants_it(tmp_path):
    answer = {"object": "list", "data": [{"embedding": [0.1]}], "usage": {"prompt_tokens": 8}}
    with companion() as made, upstream(lambda handler, body: send(handler, json.dumps(answer).encode())) as up:
        made.configure("[cache]\nenabled = true\n")
        made.up("--upstream", up.url)
        body = {"model": "text-embedding-3-small", "input": f"my token is {GITHUB}"}
        first, second = (made.post("/v1/embeddings", body) for _ in range(2))
        assert first.content == second.content
        assert "x-companion-cache" not in first.headers
        assert second.headers["x-companion-cache"] == "hit"
        assert len(up.requests) == 1
        lines = made.lines()
        assert [line.calls for line in lines] == [1, 0]
        assert (lines[1].cost_pd, lines[1].input_tokens, lines[1].ending) == (0, 0, "served")
        assert "cache-hit" in [remark.code for remark in lines[1].remarks]
        made.post("/v1/embeddings", body | {"input": "another"})
        assert len(up.requests) == 2


AUTO = """
[upstreams.main]
url = "{url}"
[tiers.plan]
upstream = "main"
model = "big"
[tiers.act]
upstream = "main"
model = "mid"
[tiers.small]
upstream = "main"
model = "little"
"""


@pytest.fixture(scope="module")
def tiered():
    with companion() as made, upstream(lambda handler, body: None) as up:
        made.configure(AUTO.format(url=up.url) + PATIENT)
        made.up()
        yield made, up


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize(
    ("text", "tools", "model", "code"),
    [
        ("make a title", False, "little", "auto-small"),
        ("run the tests", True, "mid", "auto-ordinary"),
        ("refactor this", True, "big", "auto-words"),
    ],
)
def test_auto_chooses_by_its_rules_and_the_record_says_which(tiered, tmp_path, name, text, tools, model, code):
    made, up = tiered
    scene = Scene(made, up, tmp_path)
    up.requests.clear()
    body = scene.body(name, text) | {"model": "companion/auto"}
    if not tools:
        del body["tools"]
    answer = made.post(PATHS[name], body)
    assert json.loads(up.requests[0][2])["model"] == model
    assert (answer.headers["x-companion-model"], answer.headers["x-companion-upstream"]) == (model, "main")
    line = made.lines("model")[-1]
    assert (line.model, line.tier) == (model, {"little": "small", "mid": "act", "big": "plan"}[model])
    assert code in [remark.code for remark in line.remarks]


def test_a_better_model_may_act_all_the_same(tiered, tmp_path):
    made, up = tiered
    scene = Scene(made, up, tmp_path)
    scene.calls = [("Write", json.dumps({"file_path": str(tmp_path / "new.txt"), "content": "x"}))]
    body = scene.body("messages", "refactor this", tools=("Write",)) | {"model": "companion/auto"}
    read = READERS["messages"](made.post(PATHS["messages"], body).content)
    assert [call for call, _ in read.calls] == ["Write"], "only the model is the plan tier's"


def test_a_narrow_key_is_not_led_out_of_its_tiers(tiered, tmp_path):
    made, up = tiered
    scene = Scene(made, up, tmp_path)
    up.requests.clear()
    key = json.loads(made.run("keys", "create", "narrow", "--tier", "act", "--json").stdout)["secret"]
    headers = {"authorization": f"Bearer {key}"}
    body = scene.body("chat", "refactor this") | {"model": "companion/auto"}
    answer = httpx.post(made.gateway + PATHS["chat"], json=body, headers=headers, trust_env=False)
    assert answer.headers["x-companion-model"] == "mid"
