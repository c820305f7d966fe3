"""A request body on its way out: what is scanned of it, and how it is rewritten without touching any other byte."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from companion.edges.gateway.jsontext import StringToken, dump, splice, strings
from companion.edges.gateway.sealed import encoded, file_in, seals_of


@dataclass(frozen=True, slots=True)
class Prompt:
    """A body with the positions of its strings."""

    raw: bytes
    tokens: tuple[StringToken, ...]
    texts: tuple[str, ...]
    """Every string in order; "" where it is sealed or a picture, and its text where it is a text file as base64."""
    files: Mapping[int, str]
    """Which of the texts came as base64, and what stood before it."""

    def amended(self, texts: Sequence[str], model: str, *, with_usage: bool = False) -> bytes:
        """The body with amended texts and another model; `with_usage` asks a chat stream for its usage."""
        changes: list[tuple[int, int, bytes]] = []
        for number, (token, old, new) in enumerate(zip(self.tokens, self.texts, texts, strict=True)):
            if token.key == "model" and token.depth == 1 and not token.is_key and token.value != model:
                changes.append((token.start, token.end, dump(model)))
            elif old != new:
                told = encoded(self.files[number], new) if number in self.files else new
                changes.append((token.start, token.end, dump(told)))
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


def read_prompt(raw: bytes, body: dict[str, Any]) -> Prompt:
    """`body` is `raw`, parsed."""
    tokens = tuple(strings(raw))
    seals = seals_of(body)
    texts: list[str] = []
    files: dict[int, str] = {}
    for number, token in enumerate(tokens):
        text = token.value
        if token.is_key:
            pass
        elif (token.key, text) in seals:
            text = ""
        elif (file := file_in(token.key, text)) is not None:
            files[number], text = file
        texts.append(text)
    return Prompt(raw, tokens, tuple(texts), files)
