"""Answers of models that write their tool calls as text: held from the first `<` on, judged, and told anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from companion.edges.gateway.dialect import AnswerStream, DialectModule, UnclearAnswer, objects_in
from companion.edges.gateway.pieces import index_of
from companion.edges.gateway.sse import SseEvent, build
from companion.edges.gateway.tooluse import Changes, ToolUse
from companion.edges.gateway.written import calls_in, changed, uses_of
from companion.model.action import Dialect
from companion.model.money import Usage
from companion.policy.redaction import Lookup, restore

_MOST_HELD = 64 * 1024 * 1024
_Object = dict[str, Any]


class _Form(Protocol):
    """Where a dialect's answers have their text. Methods raise UnclearAnswer for text that agents join differently."""

    def piece(self, data: _Object) -> str | None:
        """The text of an event; None for an event without."""
        ...

    def with_piece(self, event: SseEvent, data: _Object, text: str) -> bytes:
        """The event with this text in the place of its own."""
        ...

    def texts(self, document: _Object) -> list[str]:
        """Those of a whole answer, which agents join."""
        ...

    def with_texts(self, document: _Object, texts: Sequence[str]) -> _Object: ...

    def beat(self, inner: AnswerStream, last: _Object | None) -> bytes:
        """Adds nothing; `last` is the piece of text that was given last."""
        ...


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise UnclearAnswer("an answer with calls as text has text that is no string")
    return value


class _Chat:
    def piece(self, data: _Object) -> str | None:
        found = None
        for choice in objects_in(data.get("choices"), "choices"):
            text = _text((choice.get("delta") or {}).get("content"))
            if text and index_of(choice):
                raise UnclearAnswer("an answer with calls as text has several choices")
            found = text if found is None else found
        return found

    def with_piece(self, event: SseEvent, data: _Object, text: str) -> bytes:  # noqa: ARG002 - as the other form
        choices = [
            choice if index_of(choice) else choice | {"delta": (choice.get("delta") or {}) | {"content": text}}
            for choice in data["choices"]
        ]
        return build(data | {"choices": choices})

    def texts(self, document: _Object) -> list[str]:
        choices = objects_in(document.get("choices"), "choices")
        texts = [_text((choice.get("message") or {}).get("content")) or "" for choice in choices]
        if any(texts[1:]):
            raise UnclearAnswer("an answer with calls as text has several choices")
        return texts[:1]

    def with_texts(self, document: _Object, texts: Sequence[str]) -> _Object:
        first, *others = document["choices"]
        return document | {"choices": [first | {"message": first["message"] | {"content": texts[0]}}, *others]}

    def beat(self, inner: AnswerStream, last: _Object | None) -> bytes:  # noqa: ARG002
        return inner.beat()


class _Messages:
    def piece(self, data: _Object) -> str | None:
        if data.get("type") == "content_block_delta" and data["delta"].get("type") == "text_delta":
            return _text(data["delta"].get("text"))
        if data.get("type") == "content_block_start" and data["content_block"].get("type") == "text":
            return _text(data["content_block"].get("text")) or None
        return None

    def with_piece(self, event: SseEvent, data: _Object, text: str) -> bytes:
        key = "delta" if "delta" in data else "content_block"
        return build(data | {key: data[key] | {"text": text}}, event.name)

    def texts(self, document: _Object) -> list[str]:
        blocks = objects_in(document.get("content"), "content")
        return [_text(block.get("text")) or "" for block in blocks if block.get("type") == "text"]

    def with_texts(self, document: _Object, texts: Sequence[str]) -> _Object:
        left = iter(texts)
        told = [block | {"text": next(left)} if block.get("type") == "text" else block for block in document["content"]]
        # An API takes no block without text when it comes back.
        return document | {"content": [block for block in told if block.get("type") != "text" or block["text"]]}

    def beat(self, inner: AnswerStream, last: _Object | None) -> bytes:  # noqa: ARG002
        if last is None:
            return build({"type": "ping"}, "ping")
        delta = {"type": "text_delta", "text": ""}
        return build({"type": "content_block_delta", "index": last["index"], "delta": delta}, "content_block_delta")


_FORMS: Mapping[Dialect, _Form] = {Dialect.CHAT: _Chat(), Dialect.MESSAGES: _Messages()}

DIALECTS = frozenset(_FORMS)
"""In which agents read calls as text."""


class WrittenStream:
    """As AnswerStream, of an answer whose calls are text. What comes before the first `<` passes as it comes."""

    def __init__(self, module: DialectModule, names: frozenset[str], lookup: Lookup | None) -> None:
        """`names` are those of the tools."""
        self._form = _FORMS[module.DIALECT]
        self._inner = module.stream(None)
        self._names = names
        self._lookup = lookup
        # A placeholder may come in pieces: where there may be one, the whole text is restored at once.
        self.holding = lookup is not None
        self.passes_usage = True
        self._held: list[tuple[SseEvent, _Object, list[bytes]]] = []
        """Each event with what it is without any change."""
        self._held_bytes = 0
        self._texts: list[str] = []
        self._given = 0
        self._last: _Object | None = None

    @property
    def complete(self) -> bool:
        return self._inner.complete

    @property
    def over(self) -> bool:
        return self._inner.over

    @property
    def failed(self) -> str:
        return self._inner.failed

    @property
    def usage(self) -> Usage | None:
        return self._inner.usage

    def usage_so_far(self, prompt_letters: int) -> Usage | None:
        return self._inner.usage_so_far(prompt_letters)

    @property
    def uses(self) -> list[ToolUse]:
        return uses_of(calls_in("".join(self._texts), self._names))

    def feed(self, event: SseEvent) -> list[bytes]:
        """Raises UnclearAnswer."""
        inner = self._inner
        inner.passes_usage = self.passes_usage
        told = inner.feed(event)
        if inner.holding:
            raise UnclearAnswer("a native tool call comes where none was offered")
        if not told:
            return []
        try:
            data = event.json()
            piece = self._form.piece(data)
        except (ValueError, TypeError, AttributeError, KeyError) as odd:
            raise UnclearAnswer(f"an event is not of this dialect ({odd})") from odd
        if piece is not None:
            self._texts.append(piece)
            self.holding = self.holding or "<" in piece
        if not self.holding:
            self._given += len(piece or "")
            self._last = data if piece is not None else self._last
            return told
        self._held.append((event, data, told))
        self._held_bytes += len(event.raw)
        if self._held_bytes > _MOST_HELD:
            raise UnclearAnswer(f"more than {_MOST_HELD} bytes from the first tag on")
        return []

    def release(self, changes: Changes) -> list[bytes]:
        """What was held, changed as the gate decided. Called once, after the last event."""
        before = after = "".join(self._texts)
        if changes:
            after = changed(before, calls_in(before, self._names), changes, self._names)
        if self._lookup is not None:
            after = restore(after, self._lookup)
        if after == before:
            return [raw for _, _, told in self._held for raw in told]
        return list(self._told(after[self._given :]))

    def _told(self, text: str) -> Iterator[bytes]:
        left = text
        for event, data, told in self._held:
            if self._form.piece(data) is None:
                yield from told
            else:
                yield from told[:-1]
                yield self._form.with_piece(event, data, left)
                left = ""

    def beat(self) -> bytes:
        """An event that agents count as progress and that adds nothing."""
        return self._form.beat(self._inner, self._last)


def uses_in(module: DialectModule, document: _Object, names: frozenset[str]) -> list[ToolUse]:
    """The calls in the text of a whole answer. Raises UnclearAnswer."""
    return uses_of(calls_in("".join(_FORMS[module.DIALECT].texts(document)), names))


def change_in(module: DialectModule, document: _Object, changes: Changes, names: frozenset[str]) -> _Object:
    """The answer after the gate's changes."""
    form = _FORMS[module.DIALECT]
    texts = form.texts(document)
    text = "".join(texts)
    after = changed(text, calls_in(text, names), changes, names)
    return form.with_texts(document, [after, *("" for _ in texts[1:])])
