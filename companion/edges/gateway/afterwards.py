"""Looks at what models said once the agents have it: a secret that stands there is told, and known from then on.

In its session's next turn the same texts come back in the prompt, and are remembered then. The last answer of a session
comes back nowhere.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from msgspec import Struct

from companion.edges.gateway.dialect import UnclearAnswer
from companion.edges.gateway.jsontext import dump, strings_within
from companion.edges.gateway.prompt import PromptReader
from companion.edges.gateway.sealed import CARRIERS
from companion.gatekeeper.ports import Listener, SecretScanner
from companion.gatekeeper.tasks import spawn
from companion.model.action import CallMade, CallResult, Dialect, Part, TextKind
from companion.model.exchange import Exchange
from companion.model.facts import KEPT, Confidence, Finding

Document = Callable[[], dict[str, Any]]
"""Makes the document that an answer is. Raises UnclearAnswer."""

_MOST_WAITING = 2_000
_PAUSE = 0.25
"""Seconds for which answers are gathered: whoever waits for one goes first."""
_ENOUGH = 64
"""So many do not wait for more."""
_AT_A_TIME = 2
_NAME = "look at answers"


class _Texts:
    """The plain texts of an answer, as a part that a scanner takes."""

    __slots__ = ("_texts", "digest", "size")

    def __init__(self, texts: Sequence[str]) -> None:
        raw = "\0".join(texts).encode("utf-8", "surrogatepass")
        self._texts = tuple(texts)
        self.size = len(raw)
        self.digest = hashlib.blake2b(raw, digest_size=16, person=b"answer").digest()

    def texts(self) -> tuple[str, ...]:
        return self._texts

    def kinds(self) -> Mapping[int, TextKind]:
        return {}

    def calls(self) -> tuple[CallMade, ...]:
        return ()

    def results(self) -> tuple[CallResult, ...]:
        return ()

    @property
    def is_answer(self) -> bool:
        return True


class _Answer(Struct, frozen=True):
    exchange: str
    """Its id. No more of it is kept: it holds the prompt."""
    workspace: str
    dialect: Dialect
    document: Document

    def parts(self) -> Sequence[Part]:
        """As it will come back in the next turn, so that what is opaque there is opaque here. Raises UnclearAnswer."""
        said = _SAID[self.dialect](self.document())
        texts = strings_within(said)
        return PromptReader().read(dump(said)).parts if not CARRIERS.isdisjoint(texts) else [_Texts(texts)]


class _Read(Struct, frozen=True):
    """An answer with its parts; none, and why, where it could not be read."""

    answer: _Answer
    parts: Sequence[Part] = ()
    problem: str = ""


class AnswerScan:
    """Finds secrets in answers. `offer` never waits; answers beyond `most` that wait at once are told as unread.

    What cannot be read, as an answer that broke off, is told as unread too.
    """

    def __init__(self, scanner: SecretScanner, listener: Listener, most: int = _MOST_WAITING) -> None:
        self._scanner = scanner
        self._listener = listener
        self._most = most
        self._waiting: list[_Answer] = []
        self._task: asyncio.Task[None] | None = None
        self._enough = asyncio.Event()

    def offer(self, exchange: Exchange, dialect: Dialect, document: Document) -> None:
        """Looks at the document soon. One of numbers alone is left out."""
        if dialect not in _SAID:
            return
        if len(self._waiting) >= self._most:
            self._unread(exchange.id, "too many answers came at once")
            return
        self._waiting.append(_Answer(exchange.id, exchange.origin.workspace, dialect, document))
        if len(self._waiting) >= _ENOUGH:
            self._enough.set()
        if self._task is None or self._task.done():
            self._task = spawn(self._look(), _NAME, self._failed)

    async def done(self) -> None:
        """Waits until every answer that was offered has been looked at."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def _look(self) -> None:
        while self._waiting:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PAUSE):
                    await self._enough.wait()
            self._enough.clear()
            answers, self._waiting = self._waiting, []
            of_places: dict[str, list[_Read]] = {}
            for read in await asyncio.to_thread(_read, answers):
                if read.problem:
                    self._unread(read.answer.exchange, read.problem)
                of_places.setdefault(read.answer.workspace, []).append(read)
            for workspace, some in of_places.items():
                await self._examine(some, workspace)

    async def _examine(self, answers: list[_Read], workspace: str) -> None:
        parts = [part for read in answers for part in read.parts]
        whose = [read.answer.exchange for read in answers for _ in read.parts]
        try:
            examined = await self._scanner.examine(parts, workspace)
        except Exception as error:  # noqa: BLE001 - whatever it was, it must not keep the others from being read
            if len(answers) > 1:
                for one in answers:
                    await self._examine([one], workspace)
            else:
                self._unread(answers[0].answer.exchange, f"the scan failed ({type(error).__name__})")
            return
        if not examined.findings:
            return
        owners = [whose[number] for number in examined.numbers for _ in parts[number].texts()]
        found: dict[str, list[Finding]] = {}
        for finding in examined.findings:
            if finding.confidence is Confidence.HIGH:
                found.setdefault(owners[finding.text], []).append(finding)
        for exchange, findings in found.items():
            self._tell(exchange, findings)

    def _tell(self, exchange: str, findings: list[Finding]) -> None:
        each = {finding.placeholder: finding for finding in findings}
        known = sum(finding.type == KEPT for finding in each.values())
        text = f"the answer holds {', '.join(sorted(each))}"
        if known:
            text += f"; in your own secret files: {known}"
        types = Counter(finding.type for finding in each.values())
        self._listener.notice("answer.secret", exchange, text, {"types": dict(types), "known": known})

    def _unread(self, exchange: str, why: str) -> None:
        self._listener.notice("answer.unread", exchange, f"not searched for secrets: {why}", {})

    def _failed(self, where: str, error: BaseException) -> None:
        self._listener.notice("failure", where, str(error), {"error": error})


def _read(answers: Sequence[_Answer]) -> list[_Read]:
    found = []
    for number, answer in enumerate(answers, 1):
        if number % _AT_A_TIME == 0:
            # Whoever serves calls has the interpreter back after some answers, not after all of them.
            time.sleep(0)
        try:
            found.append(_Read(answer, answer.parts()))
        except UnclearAnswer as unclear:
            found.append(_Read(answer, problem=str(unclear)))
        except Exception as error:  # noqa: BLE001 - as in a scan
            found.append(_Read(answer, problem=f"the scan failed ({type(error).__name__})"))
    return found


def _chat(answer: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "assistant"} | choice["message"] for choice in _dicts(answer, "choices", "message")]}


def _message(answer: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "assistant", "content": answer.get("content")}]}


def _response(answer: dict[str, Any]) -> dict[str, Any]:
    return {"input": answer.get("output")}


def _dicts(value: dict[str, Any], key: str, inner: str) -> list[dict[str, Any]]:
    entries = value.get(key)
    found = entries if isinstance(entries, list) else []
    return [entry for entry in found if isinstance(entry, dict) and isinstance(entry.get(inner), dict)]


_SAID: dict[Dialect, Callable[[dict[str, Any]], dict[str, Any]]] = {
    Dialect.CHAT: _chat,
    Dialect.MESSAGES: _message,
    Dialect.RESPONSES: _response,
}
