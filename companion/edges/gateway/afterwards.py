"""Looks at what models said once the agents have it: a secret that stands there is told, and known from then on.

In its session's next turn the same texts come back in the prompt, and are remembered then. The last answer of a session
comes back nowhere.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from companion.edges.gateway.dialect import UnclearAnswer
from companion.edges.gateway.jsontext import dump
from companion.edges.gateway.prompt import PromptReader
from companion.gatekeeper.ports import Listener, SecretScanner
from companion.gatekeeper.tasks import spawn
from companion.model.action import Dialect
from companion.model.exchange import Exchange
from companion.model.facts import KEPT, Confidence, Finding

Document = Callable[[], dict[str, Any]]
"""Makes the document that an answer is. Raises UnclearAnswer."""

_MOST_WAITING = 256
_PAUSE = 0.05
"""Seconds for which answers are gathered: whoever waits for one goes first."""
_NAME = "look at answers"


class AnswerScan:
    """Finds secrets in answers. `offer` never waits; answers beyond `most` that wait at once are told as unread."""

    def __init__(self, scanner: SecretScanner, listener: Listener, most: int = _MOST_WAITING) -> None:
        self._scanner = scanner
        self._listener = listener
        self._most = most
        self._waiting: deque[tuple[Exchange, Dialect, Document]] = deque()
        self._task: asyncio.Task[None] | None = None

    def offer(self, exchange: Exchange, dialect: Dialect, document: Document) -> None:
        """Looks at the document soon. One of numbers alone is left out."""
        if dialect not in _SAID:
            return
        if len(self._waiting) >= self._most:
            self._unread(exchange, "too many answers came at once")
            return
        self._waiting.append((exchange, dialect, document))
        if self._task is None or self._task.done():
            self._task = spawn(self._look(), _NAME, self._failed)

    async def done(self) -> None:
        """Waits until every answer that was offered has been looked at."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def _look(self) -> None:
        await asyncio.sleep(_PAUSE)
        while self._waiting:
            exchange, dialect, document = self._waiting.popleft()
            try:
                await self._examine(exchange, dialect, document)
            except UnclearAnswer:
                # It broke off, and its line in the ledger says so.
                continue
            except Exception as error:  # noqa: BLE001 - one that fails must not keep the others from being read
                self._unread(exchange, f"the scan failed ({type(error).__name__})")

    async def _examine(self, exchange: Exchange, dialect: Dialect, document: Document) -> None:
        prompt = await asyncio.to_thread(_as_prompt, dialect, document)
        examined = await self._scanner.examine(prompt.parts, exchange.origin.workspace)
        sure = [finding for finding in examined.findings if finding.confidence is Confidence.HIGH]
        if sure:
            self._tell(exchange, sure)

    def _tell(self, exchange: Exchange, sure: list[Finding]) -> None:
        kept = {finding.placeholder: finding for finding in sure}
        types = Counter(finding.type for finding in kept.values())
        known = sum(finding.type == KEPT for finding in kept.values())
        text = f"the answer holds {', '.join(sorted(kept))}"
        if known:
            text += f"; in your own secret files: {known}"
        self._listener.notice("answer.secret", exchange.id, text, {"types": dict(types), "known": known})

    def _unread(self, exchange: Exchange, why: str) -> None:
        self._listener.notice("answer.unread", exchange.id, f"not searched for secrets: {why}", {})

    def _failed(self, where: str, error: BaseException) -> None:
        self._listener.notice("failure", where, str(error), {"error": error})


def _as_prompt(dialect: Dialect, document: Document) -> Any:
    """The answer as it will come back in the next turn, so that what is opaque there is opaque here."""
    return PromptReader().read(dump(_SAID[dialect](document())))


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
