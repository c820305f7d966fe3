"""The heads of requests. An agent's are the same from call to call, so what is read of one is remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from msgspec import Struct

from companion.edges.gateway.agents import client_of, session_of
from companion.edges.gateway.envelope import Envelope, read_envelope

_MOST = 256
_LARGEST = 8 * 1024
_LENGTH = b"content-length"

_Said = tuple[str, bytes, tuple[tuple[bytes, bytes], ...]]


class Head(Struct, frozen=True):
    """What a request says before its body."""

    path: str
    """The API's own, from /v1 on."""
    headers: Mapping[str, str]
    """All of them but the body's length, names in lower case; of one that comes twice the last."""
    hosts: tuple[str, ...]
    """The value of each Host header, in lower case."""
    envelope: Envelope
    """What of it leaves."""
    client: str
    session: str


class Heads:
    """Reads heads and remembers the latest, in memory only: there are keys in them."""

    def __init__(self) -> None:
        self._known: OrderedDict[_Said, Head] = OrderedDict()

    def read(self, path: str, query: bytes, raw: Sequence[tuple[bytes, bytes]]) -> Head:
        """`raw` as ASGI gives headers, names in lower case."""
        said = path, query, tuple([pair for pair in raw if pair[0] != _LENGTH])
        if (known := self._known.get(said)) is not None:
            return known
        head = read_head(*said)
        if len(path) + len(query) + sum(len(name) + len(value) for name, value in said[2]) <= _LARGEST:
            self._known[said] = head
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        return head


def read_head(path: str, query: bytes, raw: Sequence[tuple[bytes, bytes]]) -> Head:
    """As Heads.read, anew."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in raw if name != _LENGTH}
    return Head(
        path=path,
        headers=headers,
        hosts=tuple([value.decode("latin-1").lower() for name, value in raw if name == b"host"]),
        envelope=read_envelope(path, query.decode("latin-1"), headers),
        client=client_of(headers),
        session=session_of(headers),
    )
