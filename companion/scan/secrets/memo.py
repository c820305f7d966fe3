"""What is remembered of texts that were examined: where their secrets are, not what they are."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

from msgspec import Struct

from companion.scan.secrets.engine import Span
from companion.scan.secrets.known import Hit


class Result(Struct, frozen=True):
    """What was found in one text."""

    digest: bytes
    """Of the text and of the rules that it was examined under."""
    spans: tuple[Span, ...] = ()
    hits: tuple[Hit, ...] = ()
    known: int = 0
    """How many known values were looked for in it."""


class Memo:
    """The results of the last `limit` texts, by keyed digest and version of the rules. Safe from several threads."""

    def __init__(self, key: bytes, limit: int) -> None:
        self._key = key[:64]
        self._limit = limit
        self._lock = threading.Lock()
        self._results: OrderedDict[bytes, Result] = OrderedDict()

    def digest(self, text: str, rules: bytes) -> bytes:
        data = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, digest_size=16, key=self._key, salt=rules).digest()

    def get(self, digest: bytes) -> Result | None:
        with self._lock:
            found = self._results.get(digest)
            if found is not None:
                self._results.move_to_end(digest)
            return found

    def put(self, result: Result) -> Result:
        """Remembers it in the place of what was known of its text."""
        with self._lock:
            self._results[result.digest] = result
            if len(self._results) > self._limit:
                self._results.popitem(last=False)
        return result
