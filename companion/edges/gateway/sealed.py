"""Strings of a request body that are not plain text: the one list of what is scanned otherwise, or not at all.

| string | what is done with it |
|---|---|
| what a provider signed or encrypted (`seals_of`) | only what is certainly a secret is hidden in it |
| the arguments of a call, JSON in a string (`documents_of`) | searched without needless escapes, hidden with them |
| a text file as base64 (`file_in`) | searched and amended as its text |
| another file as base64, neither text nor known media | searched as letters, for what is certainly a secret |
| pictures, sounds, PDF and archives as base64 | left alone: nobody looks into them |

Everything else, ids and keys among it, is plain text, in whatever block it stands. A signature counts only where its
dialect puts one, and only in the form of one.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_SEAL = re.compile(r"[A-Za-z0-9+/_=-]{64,}")
_BASE64 = re.compile(r"(?P<head>data:[^,]{0,200};base64,)?(?P<data>(?:[A-Za-z0-9+/]|\r?\n){64,}+\s*+(?:=\s*+){0,2})")
_BASE64_KEYS = frozenset({"data", "url", "image_url", "file_data"})
CARRIERS = _BASE64_KEYS | {"thinking", "signature", "encrypted_content", "arguments"}
"""The keys under which a string stands that may be none of plain text."""
_KEYS = tuple((f'"{key}"'.encode(), re.compile(rf'"{key}"\s*:'.encode()).search) for key in sorted(CARRIERS))
_SPELT = re.compile(rb"\\u00[2-7]")

_CALLS = frozenset({"function_call", "mcp_call", "mcp_approval_request"})
# An escaped letter (of two halves, where it takes two), a slash, or any other escape, which stays.
_ESCAPE = re.compile(
    r"\\(?:(?P<code>u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4})|(?P<plain>/)|.)",
    re.DOTALL,
)

# How PNG, JPEG, GIF, WebP and WAV, PDF, MP3, Ogg, FLAC and ZIP begin.
_MEDIA = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"%PDF-", b"ID3", b"\xff\xfb", b"OggS", b"fLaC", b"PK\x03\x04")


def may_hold(raw: bytes, key: str) -> bool:
    """Whether a JSON text under `key` may hold any such string. Quick, and True where escapes could spell its key."""
    if key in CARRIERS:
        return True
    # Most have none of the names, and to look for each is quicker than one expression for all.
    for name, is_key in _KEYS:
        if name in raw and is_key(raw):
            return True
    return b"\\u00" in raw and _SPELT.search(raw) is not None


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


def documents_of(body: dict[str, Any]) -> frozenset[str]:
    """The arguments of calls that are JSON in a string, as an agent sends them again with what was said."""
    calls: list[Any] = []
    for message in _objects(body.get("messages")):
        calls += [call.get("function") for call in _objects(message.get("tool_calls"))]
        calls.append(message.get("function_call"))
    calls += [item for item in _objects(body.get("input")) if item.get("type") in _CALLS]
    told = (call.get("arguments") for call in calls if isinstance(call, dict))
    return frozenset(text for text in told if isinstance(text, str) and text.lstrip()[:1] in {"{", "["})


def unescaped(document: str) -> str:
    """A JSON document in which no letter is written as an escape that need not be: the same to every JSON reader.

    Writers differ in what they escape, and a secret must be found however it is spelt.
    """
    return _ESCAPE.sub(_letter, document) if "\\u" in document or "\\/" in document else document


def _letter(match: re.Match[str]) -> str:
    if match["plain"]:
        return "/"
    if match["code"] is None:
        return match.group()
    letter: str = json.loads(f'"{match.group()}"')
    return match.group() if letter < " " or letter in '"\\' or "\ud800" <= letter <= "\udfff" else letter


@dataclass(frozen=True, slots=True)
class File:
    """A file that stands as base64 in a string."""

    head: str
    """What comes before it."""
    text: str
    """"" for media."""
    codec: str = "utf-8"

    @property
    def certain(self) -> bool:
        """Whether it is known to be text."""
        return self.codec == "utf-8"

    def encoded(self, text: str) -> str:
        """The string with another text in it."""
        return self.head + base64.b64encode(text.encode(self.codec, "surrogatepass")).decode()


def file_in(key: str, value: str) -> File | None:
    """The file that `value` is, where `key` is one that carries files."""
    found = _BASE64.fullmatch(value) if key in _BASE64_KEYS else None
    if found is None:
        return None
    # A line may end anywhere: the first letters decode only without the ends.
    head, data = found["head"] or "", "".join(found["data"].split())
    try:
        if base64.b64decode(data[:64]).startswith(_MEDIA):
            return File(head, "")
        raw = base64.b64decode(data)
    except binascii.Error:
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        # Every byte is a letter of Latin-1, and comes back as it was.
        return File(head, raw.decode("latin-1"), "latin-1")
    return None if "\0" in text else File(head, text)
