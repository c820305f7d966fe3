"""`GET /v1/models`: the tiers' aliases, the models that tiers name, and those that the upstreams list.

In the shape that the asking client reads: Anthropic's for whoever sends its version header, else OpenAI's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from companion.edges.gateway.dialect import BadRequest
from companion.edges.gateway.turn import parse_object, read_whole
from companion.model.action import Dialect, Tier
from companion.upstream.routes import ALIAS_PREFIX, Routes
from companion.upstream.sender import Sender, Target, UpstreamUnreachable

_FRESH_SECONDS = 300.0
_WAIT_SECONDS = 3.0
_MOST_MODELS = 2_000
_LONGEST_NAME = 200
_ANTHROPIC_VERSION = {"anthropic-version": "2023-06-01"}
_OK = 200


@dataclass(frozen=True, slots=True)
class _Known:
    models: tuple[str, ...]
    until: float


@dataclass(frozen=True, slots=True)
class Listing:
    """Knows what there is to ask for. An upstream that does not answer in time is left out, and asked again later."""

    routes: Routes
    sender: Sender
    now: Callable[[], float] = time.monotonic
    known: dict[str, _Known] = field(default_factory=dict[str, _Known])

    async def models(self) -> list[str]:
        """Aliases first, then what tiers name, then what upstreams list; each once."""
        listed = await asyncio.gather(*(self._listed(target) for target in self.routes.targets().values()))
        own = [*aliases(self.routes.shown()), *self.routes.named_models()]
        return list(dict.fromkeys([*own, *(name for names in listed for name in names)]))

    async def _listed(self, target: Target) -> tuple[str, ...]:
        found = self.known.get(target.name)
        if found is None or found.until <= self.now():
            found = _Known(await self._ask(target), self.now() + _FRESH_SECONDS)
            self.known[target.name] = found
        return found.models

    async def _ask(self, target: Target) -> tuple[str, ...]:
        anthropic = target.provider == "anthropic"
        dialect, headers = (Dialect.MESSAGES, _ANTHROPIC_VERSION) if anthropic else (Dialect.CHAT, {})
        try:
            async with (
                asyncio.timeout(_WAIT_SECONDS),
                self.sender.send(target, "GET", "/v1/models", headers, b"", dialect) as reply,
            ):
                raw = await read_whole(reply.chunks)
                return names_in(await parse_object(raw)) if reply.status == _OK else ()
        except (UpstreamUnreachable, TimeoutError, BadRequest):
            return ()


def aliases(shown: Mapping[str, str]) -> list[str]:
    """The aliases that a tier stands behind; `auto` where there is something to choose from."""
    found = [f"{ALIAS_PREFIX}{tier}" for tier in Tier if tier in shown and not shown[tier].endswith("/*")]
    if f"{ALIAS_PREFIX}{Tier.PLAN}" in found and f"{ALIAS_PREFIX}{Tier.ACT}" in found:
        found.append(f"{ALIAS_PREFIX}auto")
    return found


def names_in(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that an upstream's list tells, in either shape; what is no name of a model is left out."""
    data = document.get("data")
    entries = data if isinstance(data, list) else []
    names = (entry.get("id") for entry in entries[:_MOST_MODELS] if isinstance(entry, dict))
    return tuple(
        name
        for name in names
        if isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME and name.isascii() and name.isprintable()
    )


def shaped(ids: Sequence[str], headers: Mapping[str, str]) -> dict[str, Any]:
    """The whole list, as this client reads it."""
    entries = [entry(one, headers) for one in ids]
    if "anthropic-version" in headers:
        first, last = (ids[0], ids[-1]) if ids else (None, None)
        return {"data": entries, "has_more": False, "first_id": first, "last_id": last}
    return {"object": "list", "data": entries}


def entry(id_: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """One model, as this client reads it."""
    if "anthropic-version" in headers:
        return {"type": "model", "id": id_, "display_name": id_, "created_at": "1970-01-01T00:00:00Z"}
    return {"id": id_, "object": "model", "created": 0, "owned_by": "companion"}
