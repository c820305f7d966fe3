"""What leaves beside the body: the query and the headers. They are scanned as the body is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, unquote_plus

from companion.model.action import CallMade, CallResult, TextKind
from companion.upstream.sender import forwarded


@dataclass(frozen=True)
class Envelope:
    """`path` is the API's own, from /v1 on; `query` comes without its question mark; `headers` are those that leave."""

    path: str
    query: str
    headers: Mapping[str, str]

    @property
    def path_with_query(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    @cached_property
    def digest(self) -> bytes:
        """Names the texts."""
        return hashlib.sha256("\0".join(("envelope", *self.texts())).encode("utf-8", "surrogatepass")).digest()

    @property
    def size(self) -> int:
        return len(self.query) + sum(map(len, self.headers.values()))

    def texts(self) -> tuple[str, ...]:
        """The query, then each header's value."""
        return unquote_plus(self.query), *self.headers.values()

    def kinds(self) -> Mapping[int, TextKind]:
        return {}

    def calls(self) -> tuple[CallMade, ...]:
        return ()

    def results(self) -> tuple[CallResult, ...]:
        return ()

    @property
    def is_answer(self) -> bool:
        return False

    def amended(self, texts: Sequence[str]) -> tuple[str, dict[str, str]]:
        """Path with query, and headers, from as many texts as `texts` has."""
        query, *values = texts
        told = self.query if query == self.texts()[0] else quote(query, safe="=&/:,;@!$'()*-._~")
        return f"{self.path}?{told}" if told else self.path, dict(zip(self.headers, values, strict=True))


def read_envelope(path: str, query: str, headers: Mapping[str, str]) -> Envelope:
    """`headers` as the agent sent them."""
    return Envelope(path, query, forwarded(headers))
