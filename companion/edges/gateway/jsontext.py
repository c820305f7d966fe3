"""JSON as bytes with string positions, so that one string can be replaced and every other byte stay as it came."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from json.decoder import scanstring  # type: ignore[attr-defined] # typeshed has it not
from json.scanner import make_scanner
from typing import Any

from msgspec import Struct

_MOST_TOKENS = 4_000_000

# Strings whole, a run of plain letters at a time; brackets to know the depth; a colon after a string makes it a key.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]:]', re.DOTALL)


_TEXT = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"', re.DOTALL)


class StringToken(Struct, frozen=True):
    """A string of a JSON text. `start:end` are bytes, quotes included."""

    start: int
    end: int
    depth: int
    """How many objects and arrays enclose it; a member of the top-level object has depth 1."""
    is_key: bool
    key: str
    """The key it is the value of, or, in an array, the key of that array's object; "" at the top."""
    value: str


def read_object(raw: bytes) -> dict[str, Any]:
    """A JSON object that every reader reads alike. Raises ValueError for what two readers could read in two ways.

    That is: text that is not UTF-8, a byte order mark, a key that stands twice, numbers and nesting past all measure.
    """
    found = read_value(raw)
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - bad input, not a bug
    return found


def read_value(raw: bytes) -> Any:
    """As read_object, any JSON value."""
    if _PLAIN.fullmatch(raw):
        # The commonest small values, read alike by everybody.
        return _WORDS[raw] if raw in _WORDS else raw[1:-1].decode() if raw[0] == _QUOTE else int(raw)
    if len(raw) > _MOST_TOKENS and raw.count(b'"') + raw.count(b"{") + raw.count(b"[") > _MOST_TOKENS:
        raise ValueError(f"more than {_MOST_TOKENS} strings, objects and lists")
    try:
        text = raw.decode("utf-8").strip(_BLANKS)
        try:
            # What `decode` does, without looking for blanks twice by an expression.
            value, end = _SCAN(text, 0)
        except StopIteration:
            end = -1
        return value if end == len(text) else _STRICT.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


_STRICT = json.JSONDecoder(object_pairs_hook=_each_key_once)
_SCAN: Callable[[str, int], tuple[Any, int]] = make_scanner(_STRICT)  # type: ignore[arg-type] # takes a decoder
_BLANKS = " \t\n\r"
_PLAIN = re.compile(rb'true|false|null|0|[1-9][0-9]{0,14}|"[ !#-\[\]-~]{0,80}"')
_WORDS: dict[bytes, bool | None] = {b"true": True, b"false": False, b"null": None}
_QUOTE = ord('"')


def texts(raw: bytes) -> list[str]:
    """The values of `strings`, in a third of the time."""
    return [scanstring(text + '"', 0)[0] if "\\" in text else text for text in _TEXT.findall(raw.decode("utf-8"))]


def strings_within(value: Any) -> list[str]:
    """What `texts` finds in the JSON that was read as `value`."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if type(one) is str:
            found.append(one)
        elif type(one) is list:
            waiting += reversed(one)
        elif type(one) is dict:
            for key, inner in reversed(one.items()):
                waiting.append(inner)
                waiting.append(key)
    return found


def strings(raw: bytes, within: Sequence[str] = ()) -> Iterator[StringToken]:
    """Every string of a valid JSON text in order, keys too. What is not valid JSON gives nonsense: parse it first.

    `within` holds the keys of what encloses the text, from the top of its document on.
    """
    keys: list[str] = ["", *within]
    pending: re.Match[bytes] | None = None
    for match in _TOKEN.finditer(raw):
        first = raw[match.start()]
        if first == 0x22:
            if pending is not None:
                yield _token(pending, raw, keys, is_key=False)
            pending = match
            continue
        if first == 0x3A:  # a colon: the string before it was a key
            if pending is not None:
                token = _token(pending, raw, keys, is_key=True)
                keys[-1] = token.value
                yield token
                pending = None
            continue
        if pending is not None:
            yield _token(pending, raw, keys, is_key=False)
            pending = None
        if first in b"{[":
            keys.append(keys[-1])
        else:
            keys.pop()
    if pending is not None:
        yield _token(pending, raw, keys, is_key=False)


def _token(match: re.Match[bytes], raw: bytes, keys: list[str], *, is_key: bool) -> StringToken:
    start, end = match.span()
    inner = raw[start + 1 : end - 1]
    value = json.loads(raw[start:end]) if b"\\" in inner else inner.decode("utf-8")
    return StringToken(start, end, len(keys) - 1, is_key, keys[-1], value)


def splice(raw: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """`raw` with each `(start, end, replacement)` put in; ranges must not overlap."""
    if not changes:
        return raw
    parts: list[bytes] = []
    at = 0
    for start, end, replacement in sorted(changes):
        parts += [raw[at:start], replacement]
        at = end
    parts.append(raw[at:])
    return b"".join(parts)


def dump(value: Any) -> bytes:
    """Compact JSON in UTF-8. Lone surrogates, which UTF-8 cannot carry, stay escaped."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def rewrite(raw: bytes, change: Callable[[StringToken], str]) -> bytes:
    """`raw` with each string as `change` returns it; a string that comes back equal keeps its bytes."""
    changes: list[tuple[int, int, bytes]] = []
    for token in strings(raw):
        value = change(token)
        if value != token.value:
            changes.append((token.start, token.end, dump(value)))
    return splice(raw, changes)


def rewrite_value(raw: bytes, key: str, old: str, new: str) -> bytes:
    """`raw` with each string value `old` under `key` replaced by `new`."""
    return rewrite(
        raw, lambda token: new if token.key == key and not token.is_key and token.value == old else token.value
    )
