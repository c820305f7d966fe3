"""The gateway in one process: a real gatekeeper and dispatcher, keys in a dict, and an upstream that is a function."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from companion.edges.gateway.app import GatewayApp
from companion.edges.gateway.calls import Incoming, ModelCalls
from companion.edges.gateway.dialect import DialectModule
from companion.edges.gateway.gate import WireGate
from companion.edges.gateway.heads import read_head
from companion.edges.gateway.listing import Listing
from companion.edges.gateway.respond import Responder
from companion.edges.http1.protocol import GONE
from companion.gatekeeper.ports import Examined
from companion.gatekeeper.runaway import RunawayBrake
from companion.model.action import Part, Tier
from companion.model.scope import KeyScope, VirtualKey
from companion.policy.guards import GUARDS
from companion.upstream.dispatch import Dispatcher
from companion.upstream.faults import Faults
from companion.upstream.routes import Routes, TierTarget
from companion.upstream.sender import Sender, Target
from tests.support.asgi import Wire
from tests.support.dialects import MODULES
from tests.support.rooms import NOON, Heard, Scanner, gatekeeper
from tests.support.scenes import PATHS

MAIN = Target("main", "https://main.example", "sk-provider", "anthropic")
ACT = {Tier.ACT: TierTarget(MAIN)}
SECRET = "cmp-the-secret"
KEY = VirtualKey("key-1", KeyScope("laptop"))
HOST = "127.0.0.1:4141"
JSON = {"content-type": "application/json"}

Answer = Callable[[httpx.Request], httpx.Response]


class Examiner(Scanner):
    """Looks at every part but those that the test says are clean."""

    def __init__(self, fail: Exception | None = None, clean: frozenset[bytes] = frozenset()) -> None:
        super().__init__(fail)
        self.clean = clean

    async def examine(self, parts: Sequence[Part], workspace: str) -> Examined:
        numbers = tuple(number for number, part in enumerate(parts) if part.digest not in self.clean)
        texts = tuple(text for number in numbers for text in parts[number].texts())
        return Examined(numbers, texts, await self.scan(texts, workspace))


class Keys(dict[str, VirtualKey]):
    """Keys by their secret; `over` names the secrets that have ended, each with its words."""

    def __init__(self, known: Mapping[str, VirtualKey], over: Mapping[str, str] = {}) -> None:
        super().__init__(known)
        self.over = dict(over)

    def authenticate(self, secret: str) -> VirtualKey | None:
        return self.get(secret)

    def lapsed(self, secret: str) -> str:
        return self.over.get(secret, "")


@dataclass(frozen=True)
class Told:
    """What the agent got."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def told(wire: Wire) -> Told:
    """Of an answer that is over; each header stands in it once."""
    assert wire.over
    [(status, headers)] = wire.heads
    named = {name.decode(): value.decode("latin-1") for name, value in headers}
    assert len(named) == len(headers), headers
    return Told(status, named, wire.body)


class Gateway:
    """`answer` is the upstream, for every target; requests are kept as they left. Parts may be given by name."""

    def __init__(self, answer: Answer, tiers: Mapping[Tier, TierTarget] = ACT, **given: Any) -> None:
        self.answer = answer
        self.requests: list[httpx.Request] = []
        self.heard = Heard()
        self.keeper = given.pop("keeper", None) or gatekeeper(
            given.pop("guards", GUARDS), scanner=given.pop("scanner", None) or Examiner(), listener=self.heard
        )
        ids = (f"id-{number:04}" for number in itertools.count())
        next_id, clock = (lambda: next(ids)), (lambda: NOON)
        lookup = self.keeper.scanner.lookup
        self.sender = Sender(httpx.MockTransport(self._answer))
        self.routes = Routes(tiers)
        self.calls = ModelCalls(
            self.keeper,
            WireGate(self.keeper, lookup, next_id, clock),
            Dispatcher(self.sender, given.pop("faults", None) or Faults(retries=0)),
            self.routes,
            lookup,
            next_id,
            clock,
            given.pop("brake", None) or RunawayBrake(0, 0, lambda: 0.0),
            **given,
        )
        self.keys = Keys({SECRET: KEY})
        self.hosts = frozenset({HOST, "localhost:4141"})
        listing = Listing(self.routes, self.sender)
        self.app = GatewayApp(self.calls, listing, self.keys, self.heard, lambda: self.hosts)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        # Whoever answers at once would leave no moment in which the agent could go.
        await asyncio.sleep(0)
        return self.answer(request)

    @property
    def lines(self) -> list[tuple[str, str, str]]:
        """Kind, ending and code of every exchange; each has one opening and one closing, or this fails."""
        openings, closings = self.keeper.ledger.openings, self.keeper.ledger.closings
        ended = {line.id: line for line in closings}
        assert sorted(ended) == sorted(line.id for line in openings)
        assert len(ended) == len(openings) == len(closings)
        return [(line.kind, ended[line.id].ending, ended[line.id].code) for line in openings]

    async def serve(self, name: str, body: object, key: VirtualKey = KEY, query: str = "", **headers: str) -> Told:
        """A model call that the door has let in. `body` is JSON, or its bytes."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
        return await self.serve_by(MODULES[name], Incoming(read_head(PATHS[name], query.encode(), named), raw, key))

    async def serve_by(self, module: DialectModule, incoming: Incoming) -> Told:
        wire = Wire()
        await self.calls.serve(incoming, module, Responder(wire.send))
        return told(wire)

    async def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        body: bytes | Sequence[bytes] = b"",
    ) -> Told:
        """A request at the door, with this host's name and a key where `headers` says nothing of them."""
        wire = Wire()
        pieces = [body] if isinstance(body, bytes) else list(body)
        await self.app(scope(method, path, headers), Agent(*pieces).receive, wire.send)
        return told(wire)


def scope(
    method: str,
    path: str,
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    agent: Agent | None = None,
) -> dict[str, Any]:
    """As the server makes it of a request; of an `agent` it says when that has gone."""
    path, _, query = path.partition("?")
    given = list(headers.items() if isinstance(headers, Mapping) else headers)
    named = {name.lower() for name, _ in given}
    usual = {"host": HOST, "authorization": f"Bearer {SECRET}", **JSON}
    every = [*given, *((name, value) for name, value in usual.items() if name not in named)]
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in every]
    made = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": raw}
    return made if agent is None else {**made, "extensions": {GONE: agent.tell_when_gone}}


class Agent:
    """Sends its body in these pieces, and stays until it leaves."""

    def __init__(self, *pieces: bytes, whole: bool = True) -> None:
        count = len(pieces)
        self._messages = [
            {"type": "http.request", "body": piece, "more_body": number < count or not whole}
            for number, piece in enumerate(pieces, 1)
        ]
        self._gone = asyncio.Event()
        self.listeners: list[Callable[[], None]] = []
        self.asked = 0
        """How often the server asked for more."""

    def leave(self) -> None:
        self._gone.set()
        for listener in tuple(self.listeners):
            listener()

    def tell_when_gone(self, listener: Callable[[], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return partial(self.listeners.remove, listener)

    async def receive(self) -> dict[str, Any]:
        self.asked += 1
        await asyncio.sleep(0)
        if self._messages:
            return self._messages.pop(0)
        await self._gone.wait()
        return {"type": "http.disconnect"}


def says(status: int = 200, body: object = b"{}", kind: str = "application/json", **headers: str) -> Answer:
    """An upstream that gives this answer to everything."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"content-type": kind} | {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: httpx.Response(status, headers=named, content=raw)
