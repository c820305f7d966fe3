"""What the gateway needs to know of a wire dialect. One module a dialect fulfils it: chat, messages, responses."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from companion.edges.gateway.jsontext import StringToken, dump, rewrite
from companion.edges.gateway.sse import SseEvent, wrap
from companion.edges.gateway.tooluse import Changes, Form, ToolUse
from companion.model.action import Dialect
from companion.model.money import Usage
from companion.policy.redaction import Lookup, restore
from companion.policy.stream import RestoreFilter

_PLACEHOLDER_MARK = b"SECRET_"

_MOST_HELD = 64 * 1024 * 1024


class UnclearAnswer(ValueError):  # noqa: N818 - what came, not a kind of error
    """An answer that agents could read in more than one way. The message says where; nothing that is held goes out."""


class Asked(Struct, frozen=True):
    """What a request body says, as far as the gateway acts on it."""

    model: str
    stream: bool
    tools: tuple[str, ...]
    max_output_tokens: int | None
    instructions: tuple[str, ...]
    """Texts that the agent's own code writes (system, developer), in order: the only place where markers count."""
    context: tuple[str, ...] = ()
    """User messages that an agent's code may have written as a whole (Codex puts its working directory there)."""
    words: str = ""
    """What the person said last."""


_LETTERS_A_TOKEN = 4
_NO_TEXT = frozenset({"type", "id", "name", "role", "signature"})


def letters_in(data: dict[str, Any]) -> int:
    """How much an event adds to what the model wrote: text, thinking and arguments, in characters."""
    waiting = [data.get("delta"), *(choice.get("delta") for choice in data.get("choices") or [])]
    letters = 0
    while waiting:
        match waiting.pop():
            case str(text):
                letters += len(text)
            case dict(parts):
                waiting += [part for key, part in parts.items() if key not in _NO_TEXT]
            case list(parts):
                waiting += parts
            case _:
                pass
    return letters


class AnswerStream(ABC):
    """A streamed answer: events from the model in, bytes for the agent out.

    From the first tool call on everything is held; `uses` is whole when the model is done, and `release` gives out
    what was held, with the changes that the gate made. Text before that passes with placeholders restored.
    """

    def __init__(self, lookup: Lookup | None) -> None:
        """`lookup` is None where the model saw no placeholder: then nothing is restored and nothing held back."""
        self._lookup = lookup
        self._filters: dict[Any, RestoreFilter] = {}
        self._held: list[SseEvent] = []
        self._held_bytes = 0
        self._letters = 0
        self._overhead = 0
        """Bytes of an event around its text, once there was one."""
        self.holding = False
        self.failed = ""
        """What the model's side said when it failed in mid-stream."""
        self.complete = False
        """Whether the answer came to its proper end."""
        self.over = False
        """Whether the event came after which agents read no more."""
        self.passes_usage = True
        """Whether the agent gets what tells nothing but the usage: not where companion alone asked for it."""

    @property
    @abstractmethod
    def usage(self) -> Usage | None:
        """Tokens as far as the stream told them."""

    def usage_so_far(self, prompt_letters: int) -> Usage | None:
        """Of an answer that broke off: what it told, and an estimate of what it did not. None when it never began.

        Providers charge for what was written before a hang-up, and some tell the usage only at the end.
        """
        told = self.usage
        if not (self._letters or told):
            return None
        known = told or Usage(input=-(-prompt_letters // _LETTERS_A_TOKEN))
        output = max(known.output, -(-self._letters // _LETTERS_A_TOKEN))
        return replace(known, output=output, flags=(*known.flags, "estimated"))

    @property
    @abstractmethod
    def uses(self) -> list[ToolUse]:
        """The calls held, in order."""

    def feed(self, event: SseEvent) -> list[bytes]:
        """What may go to the agent now. Raises UnclearAnswer."""
        if self._lookup is None and not self.holding and self._overhead and self._is_plain(event):
            self._letters += max(0, len(event.data) - self._overhead)
            return [event.raw]
        try:
            data = event.json()
            event = self._agreeing(event, data)
            self._observe(data)
            if letters := letters_in(data):
                self._letters += letters
                self._overhead = len(event.data) - letters
            if not self.passes_usage and self._tells_only_usage(data):
                return []
            if not self.holding:
                return self._restored(event, data)
        except UnclearAnswer:
            raise
        except (ValueError, TypeError, AttributeError, KeyError) as odd:
            raise UnclearAnswer(f"an event is not of this dialect ({odd})") from odd
        self._held.append(event)
        self._held_bytes += len(event.raw)
        if self._held_bytes > _MOST_HELD:
            raise UnclearAnswer(f"more than {_MOST_HELD} bytes from the first tool call on")
        return []

    @staticmethod
    def _agreeing(event: SseEvent, data: dict[str, Any]) -> SseEvent:
        """The event with an event line that says what the data says: agents go by the one or by the other."""
        if not event.name or not data:
            return event
        if data.get("type") == event.name:
            return event
        kind = data.setdefault("type", event.name)
        if not isinstance(kind, str) or not kind.isprintable():
            raise UnclearAnswer("an event has no type")
        told = dump(data)
        return replace(event, raw=wrap(told, kind), name=kind, data=told)

    def _is_plain(self, event: SseEvent) -> bool:  # noqa: ARG002 - a dialect may know some
        """Whether the event can be nothing but a piece of text or of thinking, however it is read.

        Told by its bytes: most events of an answer are such pieces, and reading each takes longer than all else.
        """
        return False

    @staticmethod
    def _tells_only_usage(data: dict[str, Any]) -> bool:  # noqa: ARG004 - as above
        """Whether the event exists only because usage was asked for."""
        return False

    @abstractmethod
    def _observe(self, data: dict[str, Any]) -> None:
        """Notes what the event adds; sets `holding` at the first call."""

    @abstractmethod
    def _restored(self, event: SseEvent, data: dict[str, Any]) -> list[bytes]:
        """The event as the agent gets it, with placeholders restored."""

    @abstractmethod
    def release(self, changes: Changes) -> list[bytes]:
        """What was held, changed as the gate decided. Called once, after the last event."""

    @abstractmethod
    def beat(self) -> bytes:
        """An event that this dialect's agents count as progress and that adds nothing. Called only while holding."""

    def restorer(self, key: Any, lookup: Lookup) -> RestoreFilter:
        """The filter of one block of text."""
        return self._filters.setdefault(key, RestoreFilter(lookup))


class DialectModule(Protocol):
    """The face of a dialect's module."""

    DIALECT: Dialect

    def read_request(self, body: dict[str, Any]) -> Asked:
        """Raises BadRequest when the body cannot be one of this dialect."""
        ...

    def stream(self, lookup: Lookup | None) -> AnswerStream: ...

    def uses_of(self, answer: dict[str, Any], raw: bytes = b"") -> list[ToolUse]:
        """`raw` are the bytes that the answer was read from, where they are at hand. Raises UnclearAnswer."""
        ...

    def usage_of(self, answer: dict[str, Any]) -> Usage | None: ...

    def change(self, answer: dict[str, Any], changes: Changes) -> dict[str, Any]: ...

    def error(self, status: int, code: str, message: str) -> dict[str, Any]:
        """An error body in this dialect's own shape."""
        ...

    def stream_error(self, code: str, message: str) -> bytes:
        """An error inside a stream that has already begun."""
        ...


class BadRequest(ValueError):  # noqa: N818 - an answer, not a fault
    """The body is not what the dialect asks for; the message says where."""


def unchanged(answer: dict[str, Any], changes: Changes) -> dict[str, Any]:  # noqa: ARG001 - there are no calls to change
    """`DialectModule.change` of a dialect whose answers ask for nothing."""
    return answer


def never_streamed(lookup: Lookup | None) -> AnswerStream:  # noqa: ARG001 - as above
    """`DialectModule.stream` of a dialect that has none. Raises UnclearAnswer."""
    raise UnclearAnswer("answers on this path are not streamed")


def restore_arguments(use: ToolUse, lookup: Lookup) -> str:
    """A call's arguments restored; inside JSON text the secret is escaped as JSON."""
    return restore(use.arguments, lookup, json_escaped=use.form is not Form.CUSTOM)


def restore_strings(raw: bytes, lookup: Lookup, left_alone: frozenset[str] = frozenset()) -> bytes:
    """JSON bytes with placeholders restored in every string but those under the keys of `left_alone`."""
    if _PLACEHOLDER_MARK not in raw:
        return raw

    def restored(token: StringToken) -> str:
        if token.is_key or token.key in left_alone:
            return token.value
        # A function's arguments are JSON text inside a JSON string; a tool may have an argument of that name.
        document = token.key == "arguments" and token.value.lstrip().startswith("{")
        return restore(token.value, lookup, json_escaped=document)

    return rewrite(raw, restored)


def objects_in(value: Any, what: str) -> list[dict[str, Any]]:
    """A list of objects from the wire; nothing for null. Raises UnclearAnswer for anything else."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise UnclearAnswer(f"{what} is not a list of objects")
    return value


def index_in(value: Any, what: str) -> int:
    """A place in a list, from the wire. Raises UnclearAnswer for what only some readers take for one."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnclearAnswer(f"{what} is not a place in a list")
    return value


_HOLDERS = frozenset({dict, list})


def refuse_elsewhere(document: Any, is_call: Callable[[dict[str, Any]], bool], judged: list[Any]) -> None:
    """Raises UnclearAnswer where an object that `is_call` stands anywhere but in `judged` (by identity).

    `document` is as json.loads made it.
    """
    known = {id(value) for value in judged}
    waiting = [document] if type(document) in _HOLDERS else []
    while waiting:
        value = waiting.pop()
        if id(value) in known:
            continue
        inner = value
        if type(value) is dict:
            if is_call(value):
                raise UnclearAnswer("a tool call stands where none belongs")
            inner = value.values()
        waiting += [one for one in inner if type(one) in _HOLDERS]


def refuse_misspelt(value: dict[str, Any], names: frozenset[str]) -> None:
    """Raises UnclearAnswer for a key that some readers, those that are blind to case, take for one of `names`."""
    for key in value:
        if key not in names and key.casefold() in names:
            raise UnclearAnswer(f"the key {key!a} is not {key.casefold()} to every reader")


def whole_letters(text: str) -> str:
    """Text that came in pieces, joined; letters that were cut between their two UTF-16 halves are whole again.

    Raises UnclearAnswer for half a letter, which some readers keep and others take for U+FFFD.
    """
    if text.isascii():
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise UnclearAnswer("half a letter stands in a tool call") from None


def strings_in(value: Any) -> str:
    """The text of a message's content, whether a string or a list of blocks that carry `text`."""
    return "\n".join(texts_in(value))


def texts_in(value: Any) -> tuple[str, ...]:
    """As `strings_in`, each block by itself."""
    if isinstance(value, str):
        return (value,)
    blocks = value if isinstance(value, list) else []
    return tuple(block["text"] for block in blocks if isinstance(block, dict) and isinstance(block.get("text"), str))


_MOST_WORDS = 20_000
_AGENTS_OWN = re.compile(r"\s*<(system-reminder|environment_|hook_context|mode_notice|command-)")


def last_words(messages: Any) -> str:
    """What the person said last, of a list of messages or input items; notes that agents add in the same role aside."""
    for message in reversed(messages if isinstance(messages, list) else []):
        if not isinstance(message, dict) or message.get("role") != "user":
            continue
        said = [text for text in texts_in(message.get("content")) if text and not _AGENTS_OWN.match(text)]
        if said:
            return "\n".join(said)[:_MOST_WORDS]
    return messages[:_MOST_WORDS] if isinstance(messages, str) else ""


def whole_number(value: Any) -> int:
    """A token count from the wire: 0 for anything that is not a number of tokens."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
