"""`GET /v1/models`: the tiers' aliases, in the shape that OpenAI's and Anthropic's clients both read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from companion.model.action import Tier
from companion.upstream.routes import ALIAS_PREFIX, Routes


def models_listing(routes: Routes, headers: Mapping[str, str]) -> dict[str, Any]:
    """The aliases, and the models that tiers name."""
    shown = routes.shown()
    named = [entry.partition("/")[2] for entry in shown.values()]
    aliases = [f"{ALIAS_PREFIX}{tier}" for tier in Tier if tier in shown and not shown[tier].endswith("/*")]
    if f"{ALIAS_PREFIX}{Tier.PLAN}" in aliases and f"{ALIAS_PREFIX}{Tier.ACT}" in aliases:
        aliases.append(f"{ALIAS_PREFIX}auto")
    ids = list(dict.fromkeys([*aliases, *(name for name in named if name != "*")]))
    if "anthropic-version" in headers:
        listed = [
            {"type": "model", "id": id_, "display_name": id_, "created_at": "1970-01-01T00:00:00Z"} for id_ in ids
        ]
        first, last = (ids[0], ids[-1]) if ids else (None, None)
        return {"data": listed, "has_more": False, "first_id": first, "last_id": last}
    return {
        "object": "list",
        "data": [{"id": id_, "object": "model", "created": 0, "owned_by": "companion"} for id_ in ids],
    }
