"""What there is to ask for: aliases, tiers' models, upstreams' models, in the asking client's shape."""

from __future__ import annotations

import json

import pytest

from companion.edges.gateway.listing import Listing, aliases, entry, names_in, shaped
from companion.model.action import Tier
from companion.upstream.routes import Routes, TierTarget
from companion.upstream.sender import Sender, Target
from tests.support.upstreams import send, upstream

ANTHROPIC = {"anthropic-version": "2023-06-01"}


def target(url: str, provider: str = "unknown", name: str = "main") -> Target:
    return Target(name, url, "sk-provider", provider)


def listing(sender: Sender, one: Target, clock=lambda: 0.0) -> Listing:
    return Listing(Routes({Tier.PLAN: TierTarget(one, "big"), Tier.ACT: TierTarget(one, "mid")}), sender, clock)


def answer(handler, body) -> None:
    send(handler, json.dumps({"data": [{"id": "big"}, {"id": "new-model"}]}).encode(), "application/json")


async def test_aliases_come_first_and_every_name_once():
    with upstream(answer) as up:
        async with Sender() as sender:
            models = await listing(sender, target(up.url)).models()
    assert models == ["companion/plan", "companion/act", "companion/auto", "big", "mid", "new-model"]


@pytest.mark.parametrize(("provider", "key"), [("anthropic", "x-api-key"), ("openai", "authorization")])
async def test_an_upstream_is_asked_with_its_own_key_and_once_in_a_while(provider, key):
    now = 0.0
    with upstream(answer) as up:
        async with Sender() as sender:
            made = listing(sender, target(up.url, provider), lambda: now)
            await made.models()
            await made.models()
            assert len(up.requests) == 1
            now = 301.0
            await made.models()
        assert [path for path, _, _ in up.requests] == ["/v1/models"] * 2
        assert "sk-provider" in up.requests[0][1][key]


async def test_an_upstream_that_is_gone_is_left_out():
    async with Sender() as sender:
        assert await listing(sender, target("http://127.0.0.1:1")).models() == [
            "companion/plan",
            "companion/act",
            "companion/auto",
            "big",
            "mid",
        ]


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ({"data": [{"id": "a"}, {"id": 3}, "b", {"id": ""}, {"id": "x\ny"}, {"id": "l" * 201}, {}]}, ("a",)),
        ({"data": {"id": "a"}}, ()),
        ({}, ()),
    ],
)
def test_what_is_no_name_is_left_out(raw, names):
    assert names_in(raw) == names


def test_auto_stands_only_where_there_is_something_to_choose_from():
    assert aliases({"act": "main/*", "plan": "main/big"}) == ["companion/plan"]
    assert aliases({"act": "main/mid", "plan": "main/big"})[-1] == "companion/auto"


def test_each_client_reads_its_own_shape():
    assert (
        shaped(["a", "b"], {})["data"][0]
        == entry("a", {})
        == {
            "id": "a",
            "object": "model",
            "created": 0,
            "owned_by": "companion",
        }
    )
    told = shaped(["a", "b"], ANTHROPIC)
    assert (told["first_id"], told["last_id"], told["has_more"]) == ("a", "b", False)
    assert told["data"][1]["type"] == "model"
    assert shaped([], ANTHROPIC)["first_id"] is None
