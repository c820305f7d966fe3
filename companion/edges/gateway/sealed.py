"""Strings of a request body that are not text: what a provider has signed or encrypted, and files as base64.

Everything else is scanned. A signature counts only where its dialect puts one, and only in the form of one.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

_SEAL = re.compile(r"[A-Za-z0-9+/_=-]{64,}")
_BASE64 = re.compile(r"(?P<head>data:[\w/+.;=-]+;base64,)?(?P<data>(?:[A-Za-z0-9+/]|\r?\n){64,}+\s*+(?:=\s*+){0,2})")
_BASE64_KEYS = frozenset({"data", "url", "image_url", "file_data"})
_CARRIERS = _BASE64_KEYS | {"thinking", "signature", "encrypted_content"}
_KEYS = re.compile(rb'"(?:%b)"\s*:|\\u00[2-7]' % "|".join(sorted(_CARRIERS)).encode())

# How PNG, JPEG, GIF, WebP and WAV, PDF, MP3, Ogg, FLAC and ZIP begin.
_MEDIA = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"%PDF-", b"ID3", b"\xff\xfb", b"OggS", b"fLaC", b"PK\x03\x04")


def may_hold(raw: bytes, key: str) -> bool:
    """Whether a JSON text under `key` may hold any such string. Quick, and True where escapes could spell its key."""
    return key in _CARRIERS or _KEYS.search(raw) is not None


def seals_of(body: dict[str, Any]) -> frozenset[tuple[str, str]]:
    """Key and value of each string that a provider has signed: to change one is to break the call."""
    return frozenset(
        (key, value)
        for block in _blocks(body)
        for key, value in _seals(block)
        if isinstance(value, str) and (key == "thinking" or _SEAL.fullmatch(value))
    )


def _blocks(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Blocks of Messages, reasoning details of Chat Completions, items of Responses."""
    for message in _objects(body.get("messages")):
        for block in (*_objects(message.get("content")), *_objects(message.get("reasoning_details"))):
            yield block
            yield from _objects(block.get("content") if block.get("type") == "web_search_tool_result" else None)
    yield from _objects(body.get("input"))


def _objects(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _seals(block: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    signature = block.get("signature")
    match block.get("type"):
        case "thinking" if isinstance(signature, str) and _SEAL.fullmatch(signature):
            yield from (("thinking", block.get("thinking")), ("signature", signature))
        case "redacted_thinking" | "reasoning.encrypted":
            yield "data", block.get("data")
        case "reasoning" | "compaction" | "web_search_result":
            yield "encrypted_content", block.get("encrypted_content")
        case "reasoning.text":
            yield "signature", signature
        case _:
            pass


def file_in(key: str, value: str) -> tuple[str, str] | None:
    """For base64 under a key that carries files: what comes before it, and its text; the text is "" for media."""
    found = _BASE64.fullmatch(value) if key in _BASE64_KEYS else None
    if found is None:
        return None
    # A line may end anywhere: the first letters decode only without the ends.
    head, data = found["head"] or "", "".join(found["data"].split())
    try:
        if base64.b64decode(data[:64]).startswith(_MEDIA):
            return head, ""
        text = base64.b64decode(data).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return None if "\0" in text else (head, text)


def encoded(head: str, text: str) -> str:
    """`text` as `file_in` found it."""
    return head + base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
