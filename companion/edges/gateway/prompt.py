"""A request body on its way out: what is scanned of it, and how it is rewritten without touching any other byte."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from companion.edges.gateway.jsontext import StringToken, dump, splice, strings

# Values that are bytes or ids, not text: changing one breaks the call, and a model does not read them as words.
_OPAQUE_KEYS = frozenset({"signature", "encrypted_content", "thinking"})
_ID_KEYS = frozenset({"id", "call_id", "tool_call_id", "tool_use_id", "item_id", "previous_response_id", "fingerprint"})
_LONGEST_ID = 128
_BASE64 = re.compile(r"(?:data:[\w/+.-]+;base64,)?[A-Za-z0-9+/_=\s-]{256,}")
_BASE64_KEYS = frozenset({"data", "url", "image_url", "file_data"})


@dataclass(frozen=True, slots=True)
class Prompt:
    """A body with the positions of its strings."""

    raw: bytes
    tokens: tuple[StringToken, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """Every string in order; "" where it is opaque."""
        return tuple("" if _is_opaque(token) else token.value for token in self.tokens)

    def amended(self, texts: Sequence[str], model: str, *, with_usage: bool = False) -> bytes:
        """The body with amended texts and another model; `with_usage` asks a chat stream for its usage."""
        changes = [
            (token.start, token.end, dump(new))
            for token, old, new in zip(self.tokens, self.texts, texts, strict=True)
            if old != new
        ]
        changes += [
            (token.start, token.end, dump(model))
            for token in self.tokens
            if token.key == "model" and token.depth == 1 and not token.is_key and token.value != model
        ]
        raw = splice(self.raw, changes)
        return _asking_usage(raw) if with_usage else raw


def _asking_usage(raw: bytes) -> bytes:
    body = json.loads(raw)
    options = body.get("stream_options")
    if options is None and "stream_options" not in body:
        at = raw.index(b"{") + 1
        return splice(raw, [(at, at, b'"stream_options":{"include_usage":true},')])
    kept = options if isinstance(options, dict) else {}
    return dump(body | {"stream_options": kept | {"include_usage": True}})


def read_prompt(raw: bytes) -> Prompt:
    return Prompt(raw, tuple(strings(raw)))


def _is_opaque(token: StringToken) -> bool:
    if token.is_key:
        return False
    if token.key in _OPAQUE_KEYS:
        return True
    if token.key in _ID_KEYS:
        return len(token.value) <= _LONGEST_ID
    return token.key in _BASE64_KEYS and _BASE64.fullmatch(token.value) is not None
