"""Model calls whose answers are given out in memory: a real turn before a real gate, without a daemon."""

from __future__ import annotations

import asyncio
import itertools
import json

from companion.contract.types import Answer
from companion.edges.gateway.answer import StreamedAnswer, WholeAnswer
from companion.edges.gateway.envelope import read_envelope
from companion.edges.gateway.gate import WireGate
from companion.edges.gateway.held import HeldAnswers
from companion.edges.gateway.prompt import read_prompt
from companion.edges.gateway.respond import Responder
from companion.edges.gateway.turn import Turn
from companion.gatekeeper.admission import Admission
from companion.model.action import ModelCall
from companion.model.exchange import NOWHERE, Exchange, Origin
from companion.model.verdict import Decision
from companion.upstream.sender import Reply
from tests.support.asgi import Wire, run
from tests.support.dialects import MODULES
from tests.support.rooms import NOON, gatekeeper

HEAD = [("content-type", "text/event-stream"), ("x-companion-exchange", "1")]


def body(name: str, **more) -> dict:
    tools = [{"type": "function", "name": "Bash"}, {"type": "function", "function": {"name": "Bash"}}]
    return {"model": "m", "input" if name == "responses" else "messages": [], "tools": tools, "stream": True} | more


class Call:
    """One model call: the turn, its admission, what the agent got, and the gate's own books."""

    def __init__(self, name: str, guard, keeper=None, id: str = "1", lookup=None, **more) -> None:
        module, self.wire, self.lookup = MODULES[name], Wire(), lookup
        self.keeper = keeper or gatekeeper([("test", guard)])
        prompt = read_prompt(json.dumps(body(name, **more)).encode())
        exchange = Exchange(id, NOON, Origin("cline", "key", workspace="/w"), ModelCall(module.DIALECT, "m"))
        ids = (f"{id}-{number}" for number in itertools.count())
        gate = WireGate(self.keeper, lambda _: None, lambda: next(ids), lambda: NOON)
        asked, envelope = module.read_request(prompt.skeleton), read_envelope("/v1/x", "", {})
        self.turn = Turn(module, asked, prompt, envelope, exchange, Responder(self.wire.send), gate, None)
        self.admission = Admission(exchange, Decision(exchange.action), NOWHERE)

    async def answer(self, chunks, *, streamed: bool = True, holding=None, status: int = 200):
        """Reads all of `chunks` and gives the answer out."""
        answer = (StreamedAnswer if streamed else WholeAnswer)(self.turn, self.lookup)
        await answer.read(self.admission, Reply(status, HEAD, chunks), HEAD)
        await answer.give(self.admission, HeldAnswers() if holding is None else holding)
        return answer

    def told(self, raw: bytes, step: int = 64) -> bytes:
        """What the agent gets of a stream that comes at once."""
        run(self.answer(pieces(raw, step)))
        assert self.wire.over
        return self.wire.body

    def told_whole(self, raw: bytes, status: int = 200) -> WholeAnswer:
        return run(self.answer(pieces(raw), streamed=False, status=status))


async def pieces(raw: bytes, step: int = 64):
    for at in range(0, len(raw), step):
        yield raw[at : at + step]


async def decide(keeper, after: float, *, approve: bool) -> int:
    """A person who answers what waits after so many seconds; how much waited."""
    await asyncio.sleep(after)
    waiting = keeper.asking.approvals.pending()
    for approval in waiting:
        keeper.asking.approvals.answer(approval.id, Answer(approve, "cli"))
    return len(waiting)
