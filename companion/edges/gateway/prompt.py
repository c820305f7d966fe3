"""A request body on its way out: cut into parts, read for what the gateway acts on, rewritten without touching more."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

from msgspec import Struct

from companion.edges.gateway.history import calls_in, may_tell_of_calls, may_tell_of_results, results_in
from companion.edges.gateway.jsontext import (
    StringToken,
    dump,
    read_object,
    read_value,
    splice,
    strings,
    strings_within,
)
from companion.edges.gateway.jsontext import texts as texts_of
from companion.edges.gateway.layout import Place, continued, places
from companion.edges.gateway.sealed import File, documents_of, file_in, may_hold, seals_of, unescaped
from companion.model.action import CallMade, CallResult, TextKind

_WHOLE = Place("", 0, 0)

_KEPT = 20_000
"""Of a user's message, this many characters are remembered: an agent's marks stand at its beginning."""

_MOST_REMEMBERED = 1_024
_LARGEST_REMEMBERED = 1 << 20

_LONG = 8 * 1024
"""From this size on the latest bodies are remembered: an agent's next turn begins as its last one did."""
_MOST_BODIES = 8
_MOST_BYTES = 8 * 1024 * 1024

_SHORT = 64

_READ_OF_A_TOOL = ("type", "name")
_WRITTEN_BY_AGENTS = frozenset({"system", "developer", "user"})


class _Texts(Struct, frozen=True):
    """The strings of a part."""

    texts: tuple[str, ...]
    kinds: Mapping[int, TextKind] = {}
    files: Mapping[int, File] = {}


class _Amendment(Struct, frozen=True):
    """What was asked of a part the last time, and the changes to its bytes that do it."""

    texts: dict[int, str]
    model: str
    changes: list[tuple[int, int, bytes]]


class Part:
    """A value of the top level, or an entry of one of its lists, by its bytes; or a whole body.

    Its `digest` names it: two parts with the same digest have the same texts.
    """

    __slots__ = ("__dict__", "_amendment", "digest", "place", "raw")

    def __init__(self, raw: bytes, place: Place) -> None:
        self.raw = raw
        self.place = place
        name = _name if len(raw) > _SHORT else _name_of_short
        self.digest = name(raw, place.key, place.entry)
        self._amendment: _Amendment | None = None

    def forget(self) -> None:
        """What was read of it, for it can be read again; but not where it was amended, and will be in each turn."""
        if "tokens" in self.__dict__:
            self.__dict__.pop("value", None)
        else:
            self.__dict__.clear()

    @property
    def size(self) -> int:
        return len(self.raw)

    @cached_property
    def value(self) -> Any:
        """Raises ValueError, as `jsontext.read_value`."""
        return read_value(self.raw)

    @cached_property
    def tokens(self) -> tuple[StringToken, ...]:
        key = self.place.key
        within = (key, key) if self.place.entry else (key,) if key else ()
        return tuple(strings(self.raw, within))

    @cached_property
    def _read(self) -> _Texts:
        """Every string in order, and what is special about some of them."""
        if not may_hold(self.raw, self.place.key):
            return _Texts(tuple(self._plain()))
        body = self._as_body()
        seals, documents = seals_of(body), documents_of(body)
        texts: list[str] = []
        files: dict[int, File] = {}
        kinds: dict[int, TextKind] = {}
        for number, token in enumerate(self.tokens):
            text = token.value
            if token.is_key:
                pass
            elif (token.key, text) in seals:
                kinds[number] = TextKind.SEALED
            elif token.key == "arguments" and text in documents:
                text, kinds[number] = unescaped(text), TextKind.JSON
            elif (file := file_in(token.key, text)) is not None:
                files[number], text = file, file.text
                if not file.certain:
                    kinds[number] = TextKind.SEALED
            texts.append(text)
        return _Texts(tuple(texts), kinds, files)

    def _plain(self) -> list[str]:
        value = self.__dict__.get("value")
        # Where it was read just now, its strings need not be looked for.
        return texts_of(self.raw) if value is None else strings_within(value)

    def _as_body(self) -> dict[str, Any]:
        """The part alone in a body: seals are told by where they stand."""
        key, entry = self.place.key, self.place.entry
        if key and not (entry and key in {"messages", "input"}):
            return {}
        return {key: [self.value]} if key else self.value

    def texts(self) -> tuple[str, ...]:
        """Every string; empty where it is a picture, and its text where it is a file as base64."""
        return self._read.texts

    def kinds(self) -> Mapping[int, TextKind]:
        return self._read.kinds

    def calls(self) -> tuple[CallMade, ...]:
        return calls_in(self.value) if may_tell_of_calls(self.raw) else ()

    def results(self) -> tuple[CallResult, ...]:
        return results_in(self.value) if may_tell_of_results(self.raw) else ()

    @cached_property
    def is_answer(self) -> bool:
        said = self.value if self.place.entry else None
        return isinstance(said, dict) and (
            said.get("role") == "assistant" or ("role" not in said and str(said.get("type")).endswith("_call"))
        )

    def amended(self, texts: Sequence[str], model: str) -> list[tuple[int, int, bytes]]:
        """The changes to the part's own bytes that make its texts `texts`, and its top-level model `model`."""
        read = self._read
        pairs = enumerate(zip(read.texts, texts, strict=True))
        others = {number: after for number, (before, after) in pairs if before != after}
        names_model = self.place.key in {"", "model"}
        if not others and not names_model:
            return []
        # With each turn comes the same again.
        last = self._amendment
        if last is not None and last.texts == others and last.model == model:
            return last.changes
        tokens = self.tokens
        told: dict[int, Any] = {
            number: read.files[number].encoded(text) if number in read.files else text
            for number, text in others.items()
        }
        if names_model:
            told |= {number: model for number, one in enumerate(tokens) if _is_model(one) and one.value != model}
        changes = [(tokens[number].start, tokens[number].end, dump(value)) for number, value in sorted(told.items())]
        self._amendment = _Amendment(others, model, changes)
        return changes


def _name(raw: bytes, key: str, entry: bool) -> bytes:
    named = hashlib.sha256(_head(key, entry=entry))
    named.update(raw)
    return named.digest()


_name_of_short = lru_cache(maxsize=4_096)(_name)
"""Model, temperature, whether to stream: the same few come with every call."""


@lru_cache(maxsize=256)
def _head(key: str, *, entry: bool) -> bytes:
    return f"{key}\0{entry:d}\0".encode()


def _is_model(token: StringToken) -> bool:
    return token.key == "model" and token.depth == 1 and not token.is_key


class Prompt(Struct, frozen=True):
    """A body as its parts. `skeleton` is what the dialects read of it, without long texts that they do not read."""

    raw: bytes
    parts: tuple[Part, ...]
    skeleton: dict[str, Any]
    marked: bool = True
    """Whether a placeholder may stand in it."""

    def amended(self, texts: Sequence[str], examined: Sequence[int], model: str, *, with_usage: bool = False) -> bytes:
        """The body with `texts` as the texts of the parts `examined`, in order, and `model` as the one asked for.

        `with_usage` asks a chat stream for its usage.
        """
        changes: list[tuple[int, int, bytes]] = []
        told: dict[int, Sequence[str]] = {}
        at = 0
        for number in examined:
            count = len(self.parts[number].texts())
            told[number] = texts[at : at + count]
            at += count
        if self.skeleton.get("model") != model:
            for number, part in enumerate(self.parts):
                if part.place.key in {"", "model"}:
                    told.setdefault(number, part.texts())
        for number, words in told.items():
            part = self.parts[number]
            start = part.place.start
            changes += [(start + left, start + right, new) for left, right, new in part.amended(words, model)]
        raw = splice(self.raw, changes)
        return _asking_usage(raw, self.skeleton) if with_usage else raw

    def digest(self, besides: frozenset[str]) -> bytes:
        """Names what the body says, but for the values of the keys `besides`."""
        whole = hashlib.sha256()
        for part in self.parts:
            if part.place.key == "":
                kept = {key: value for key, value in self.skeleton.items() if key not in besides}
                whole.update(json.dumps(kept, sort_keys=True).encode())
            elif part.place.key not in besides:
                whole.update(part.digest)
        return whole.digest()


def _asking_usage(raw: bytes, body: Mapping[str, Any]) -> bytes:
    if "stream_options" not in body:
        at = raw.index(b"{") + 1
        return splice(raw, [(at, at, b'"stream_options":{"include_usage":true},')])
    options = body["stream_options"]
    kept = options if isinstance(options, dict) else {}
    return dump(json.loads(raw) | {"stream_options": kept | {"include_usage": True}})


_Value = tuple[Any, bool]
"""What is kept of a part, and whether a placeholder may stand in it."""


class _Cut(Struct, frozen=True):
    """A body that was cut."""

    raw: bytes
    places: tuple[Place, ...]
    parts: tuple[Part, ...]
    values: tuple[_Value, ...]


class PromptReader:
    """Reads bodies and remembers what it read of their parts. Any thread may use it."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, _Value] = OrderedDict()
        self._latest: tuple[_Cut, ...] = ()

    def read(self, raw: bytes) -> Prompt:
        """Raises ValueError for what two readers could read in two ways (`jsontext.read_object`)."""
        cut = self._cut(raw)
        if cut is None:
            return Prompt(raw, (Part(raw, _WHOLE),), read_object(raw))
        skeleton: dict[str, Any] = {}
        marked = False
        for place, (value, has_mark) in zip(cut.places, cut.values, strict=True):
            marked = marked or has_mark
            if place.entry:
                if place.key in skeleton:
                    skeleton[place.key].append(value)
                else:
                    skeleton[place.key] = [value]
            else:
                skeleton[place.key] = value
        return Prompt(raw, cut.parts, skeleton, marked)

    def _cut(self, raw: bytes) -> _Cut | None:
        latest = self._latest if len(raw) >= _LONG else ()
        before, found = next(
            ((cut, found) for cut in latest if (found := continued(raw, cut.raw, cut.places))), (None, None)
        )
        if before and found:
            cut_places, same = found
            parts, values = list(before.parts[:same]), list(before.values[:same])
            for part in parts:
                part.forget()
        else:
            same, parts, values = 0, [], []
            if (whole := places(raw)) is None:
                return None
            cut_places = whole
        for place in cut_places[same:]:
            part = Part(raw[place.start : place.end], place)
            parts.append(part)
            values.append(self._value(part))
        cut = _Cut(raw, cut_places, tuple(parts), tuple(values))
        if len(raw) >= _LONG:
            self._remember(cut, before)
        return cut

    def _remember(self, cut: _Cut, before: _Cut | None) -> None:
        """In the place of the body that it goes on from, as the latest."""
        kept, size = [cut], len(cut.raw)
        for one in self._latest:
            size += len(one.raw)
            if one is not before and size <= _MOST_BYTES and len(kept) < _MOST_BODIES:
                kept.append(one)
        self._latest = tuple(kept)

    def _value(self, part: Part) -> _Value:
        known = self._known.get(part.digest)
        if known is not None:
            self._known.move_to_end(part.digest)
            return known
        value = part.value
        # An escaped letter could hide the mark.
        kept = _kept(part.place, value), b"SECRET" in part.raw or b"\\u" in part.raw
        if len(part.raw) <= _LARGEST_REMEMBERED:
            self._known[part.digest] = kept
            if len(self._known) > _MOST_REMEMBERED:
                self._known.popitem(last=False)
        return kept


def read_prompt(raw: bytes) -> Prompt:
    """As PromptReader.read, by a reader that remembers nothing."""
    return PromptReader().read(raw)


def _kept(place: Place, entry: Any) -> Any:
    """What a dialect reads of a value."""
    if place.key == "tools" and isinstance(entry, list):
        return [_tool(one) if isinstance(one, dict) else one for one in entry]
    if not place.entry:
        return entry
    if not isinstance(entry, dict):
        return entry if not isinstance(entry, str) else entry[:_KEPT]
    kept = {name: entry[name] for name in ("role", "type") if name in entry}
    if entry.get("role") in _WRITTEN_BY_AGENTS and "content" in entry:
        most = _KEPT if entry["role"] == "user" else None
        kept["content"] = _words(entry["content"], most)
    return kept


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {name: tool[name] for name in _READ_OF_A_TOOL if name in tool}
    for name in ("function", "custom"):
        if isinstance(tool.get(name), dict):
            kept[name] = {"name": tool[name].get("name", "")}
    if isinstance(tool.get("tools"), list):
        kept["tools"] = [_tool(one) for one in tool["tools"] if isinstance(one, dict)]
    return kept


def _words(content: Any, most: int | None) -> Any:
    if isinstance(content, str):
        return content[:most]
    blocks = content if isinstance(content, list) else []
    return [
        {"text": block["text"][:most]}
        for block in blocks
        if isinstance(block, dict) and isinstance(block.get("text"), str)
    ]
