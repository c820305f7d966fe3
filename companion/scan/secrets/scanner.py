"""The scanner: engines, what they found before, and the vault, behind the gatekeeper's port."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from companion.gatekeeper.ports import Examined
from companion.model.action import Part
from companion.model.facts import Confidence, Finding
from companion.policy.redaction import placeholder_for, redact, restore
from companion.scan.secrets import prefilter
from companion.scan.secrets.engine import Engine, Span
from companion.scan.secrets.envfiles import EnvFiles
from companion.scan.secrets.kingfisher import Kingfisher
from companion.scan.secrets.known import KNOWN_VALUES, Hit, KnownValues
from companion.scan.secrets.merge import merge, without_placeholders
from companion.scan.secrets.pem import KeyBlocks
from companion.scan.secrets.plugins import DetectSecrets
from companion.scan.secrets.rules import OwnRules
from companion.scan.secrets.vault import PlaceholderTakenError, Vault

Subject = TypeVar("Subject")
Found = TypeVar("Found")

_SHORTEST_TEXT = 8
_SMALL = 16 * 1024
"""So many bytes of text are scanned where they are: a millisecond at most."""
_LOAD_SECONDS = 60.0


class ScanFailed(Exception):  # noqa: N818 - the gatekeeper names it in a denial, as a sentence
    """A text was not examined to its end: nothing may be sent. Says which engine and why, never the text."""


def default_engines(cache: Path | None = None) -> list[Engine]:
    """Every engine there is; `cache` is a folder for compiled rules."""
    return [KeyBlocks(), OwnRules(), Kingfisher(cache), DetectSecrets()]


class _Examined(Struct, frozen=True):
    """What is remembered of a text: where its secrets are, not what they are."""

    digest: bytes
    spans: tuple[Span, ...]
    hits: tuple[Hit, ...] = ()
    known: int = 0
    """How many known values were looked for in it."""


class SecretScan:
    """Finds, hides and restores secrets. Thread-safe; `scrub` blocks, `scan` does not.

    `seconds` is the longest that a scan may take, loading aside; `remembered` the number of texts whose result is kept.
    """

    def __init__(
        self, machine_key: bytes, engines: Sequence[Engine], *, seconds: float = 5.0, remembered: int = 4_000
    ) -> None:
        self._key = machine_key
        self._engines = tuple(engines)
        light = (engine for engine in engines if isinstance(engine, KeyBlocks | OwnRules))
        self._light = tuple(engine for engine in light if not engine.load())
        self._seconds = seconds
        self._remembered = remembered
        self._vault = Vault(machine_key)
        self._known = KnownValues()
        self._env = EnvFiles()
        self._clean: dict[bytes, tuple[bytes, int]] = {}
        self._memo: OrderedDict[bytes, _Examined] = OrderedDict()
        self._lock = threading.Lock()
        self._missing: dict[str, str] | None = None
        self._ready: tuple[Engine, ...] = ()
        self._rules = b""
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="secrets")

    def load(self) -> None:
        """Makes the engines ready. Seconds the first time; a scan that comes earlier waits for it."""
        missing = {engine.name: engine.load() for engine in self._engines}
        ready = tuple(engine for engine in self._engines if not missing[engine.name])
        rules = " ".join(f"{engine.name}={engine.version}" for engine in ready)
        with self._lock:
            self._ready, self._rules = ready, hashlib.blake2b(rules.encode(), digest_size=16).digest()
            self._missing = missing

    def engines(self) -> dict[str, str]:
        """Each engine's version, or "missing: " and why."""
        missing = self._missing or {}
        found = {
            engine.name: f"missing: {why}" if (why := missing.get(engine.name)) else engine.version
            for engine in self._engines
        }
        return {**found, "hyperscan": prefilter.standing()}

    def close(self) -> None:
        """Lets a scan that is running end by itself and takes no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def scan(self, texts: Sequence[str], workspace: str) -> tuple[Finding, ...]:
        """Findings over all texts, sorted by (text, start), not overlapping. Raises ScanFailed.

        Any occurrence of a secret that is found in one text is found in all of them.
        """
        return await self._in_time(self._scan, tuple(texts), workspace)

    async def _in_time(self, work: Callable[[Subject, str, float], Found], subject: Subject, workspace: str) -> Found:
        loop = asyncio.get_running_loop()
        try:
            if self._missing is None:
                async with asyncio.timeout(_LOAD_SECONDS):
                    await loop.run_in_executor(self._pool, self.load)
            async with asyncio.timeout(self._seconds):
                deadline = time.monotonic() + self._seconds
                return await loop.run_in_executor(self._pool, work, subject, workspace, deadline)
        except TimeoutError:
            raise ScanFailed(f"the scan for secrets took longer than {self._seconds:g} seconds") from None

    async def examine(self, parts: Sequence[Part], workspace: str) -> Examined:
        """Findings in the parts that are not known to be clean: all others have nothing that is known by now.

        Raises ScanFailed. Where every part is clean this waits for nothing.
        """
        if self._missing is not None and self._env.is_fresh(workspace):
            unclean = self._unclean(parts)
            if not unclean:
                return Examined()
            if self._known.is_prepared and sum([parts[number].size for number in unclean]) <= _SMALL:
                # Handing so little over to a thread would take longer than the scan itself.
                return self._examine_parts(parts, workspace, time.monotonic() + self._seconds)
        return await self._in_time(self._examine_parts, parts, workspace)

    def scrub(self, text: str) -> str:
        """`text` with every secret that is known or found replaced by its placeholder. Raises ScanFailed."""
        return redact(text, self._scan((text,), "", time.monotonic() + _LOAD_SECONDS))

    def mask(self, text: str) -> str:
        """`text` without what is known and what the light engines find; for log lines. Quick, and never waits.

        Unlike `scrub` it learns nothing and says nothing of what only a heavy engine would find.
        """
        spans = [span for engine in self._light for span in engine.find(text)]
        for hit in self._known.find(text, 0):
            kind, rule = self._known.entry(hit.value)
            spans.append(Span(hit.start, hit.end, kind, rule, KNOWN_VALUES, Confidence.HIGH))
        findings = [
            _finding(0, span, placeholder_for(text[span.start : span.end], span.type, self._key))
            for span in merge(without_placeholders(text, spans))
        ]
        return redact(text, findings)

    def restore(self, text: str) -> str:
        """`text` with every placeholder that this process gave out replaced by its secret."""
        return restore(text, self.lookup)

    def lookup(self, placeholder: str) -> str | None:
        """The secret behind a placeholder, for stream filters; None when it is not one of ours."""
        return self._vault.lookup(placeholder)

    def _unclean(self, parts: Sequence[Part]) -> list[int]:
        """The numbers of the parts that have to be looked at."""
        now = (self._rules, self._known.count)
        return [number for number, part in enumerate(parts) if self._clean.get(part.digest) != now]

    def _examine_parts(self, parts: Sequence[Part], workspace: str, deadline: float) -> Examined:
        if self._missing is None:
            self.load()
        if not self._env.is_fresh(workspace):
            self._refresh(workspace)
        while True:
            count = self._known.count
            numbers = self._unclean(parts)
            counts = [(number, parts[number].texts()) for number in numbers]
            texts = tuple(text for _, of_part in counts for text in of_part)
            placed, touched = self._placed(texts, deadline)
            if self._known.count == count:
                break
            # What was learnt from one part may stand in another that was clean before.
        self._note_clean(parts, counts, touched, count)
        return Examined(tuple(numbers), texts, _findings(texts, placed))

    def _note_clean(
        self,
        parts: Sequence[Part],
        counts: Sequence[tuple[int, tuple[str, ...]]],
        touched: AbstractSet[str],
        count: int,
    ) -> None:
        state = (self._rules, count)
        with self._lock:
            for number, of_part in counts:
                if touched.isdisjoint(of_part):
                    self._clean[parts[number].digest] = state
            while len(self._clean) > self._remembered:
                del self._clean[next(iter(self._clean))]

    def _refresh(self, workspace: str) -> None:
        self._env.refresh(workspace, lambda value, name: self._known.add(value, "ENV", name, certain=True))

    def _scan(self, texts: tuple[str, ...], workspace: str, deadline: float) -> tuple[Finding, ...]:
        if self._missing is None:
            self.load()
        self._refresh(workspace)
        return _findings(texts, self._placed(texts, deadline)[0])

    def _placed(self, texts: tuple[str, ...], deadline: float) -> tuple[dict[str, list[tuple[Span, str]]], set[str]]:
        """What is found in each text, and the texts that hold anything that looks like a secret or is known."""
        examined: dict[str, _Examined] = {}
        active: set[int] = set()
        for text in texts:
            if len(text) >= _SHORTEST_TEXT and text not in examined:
                examined[text] = self._examine(text, deadline)
                active |= self._learn(text, examined[text].spans)
        placed: dict[str, list[tuple[Span, str]]] = {}
        touched: set[str] = set()
        for text, result in examined.items():
            whole = self._look_for_known(text, result, deadline)
            if whole.spans or whole.hits:
                touched.add(text)
                placed[text] = self._place(text, whole, active)
        return placed, touched

    def _examine(self, text: str, deadline: float) -> _Examined:
        """What the engines find in `text`, now or when it was last seen."""
        data = text.encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(data, digest_size=16, key=self._key[:64], salt=self._rules).digest()
        with self._lock:
            if (remembered := self._memo.get(digest)) is not None:
                self._memo.move_to_end(digest)
                return remembered
        spans: list[Span] = []
        for engine in self._ready:
            _check(deadline)
            try:
                spans += engine.find(text)
            except Exception as error:  # noqa: BLE001 - whatever it was, the text is not examined
                raise ScanFailed(f"the engine {engine.name} failed ({type(error).__name__})") from None
        return self._remember(_Examined(digest, tuple(without_placeholders(text, spans))))

    def _remember(self, result: _Examined) -> _Examined:
        with self._lock:
            self._memo[result.digest] = result
            if len(self._memo) > self._remembered:
                self._memo.popitem(last=False)
        return result

    def _learn(self, text: str, spans: tuple[Span, ...]) -> set[int]:
        """Makes what was found known; gives the numbers of the values."""
        return {
            self._known.add(
                text[span.start : span.end], span.type, span.rule, certain=span.confidence is Confidence.HIGH
            )
            for span in spans
        }

    def _look_for_known(self, text: str, result: _Examined, deadline: float) -> _Examined:
        """`result` with every value in it that is known by now."""
        count = self._known.count
        if result.known >= count:
            return result
        _check(deadline)
        hits = dict.fromkeys((*result.hits, *self._known.find(text, result.known)))
        return self._remember(replace(result, hits=tuple(hits), known=count))

    def _place(self, text: str, result: _Examined, active: set[int]) -> list[tuple[Span, str]]:
        """The spans of `text` with their placeholders. A value that only looked secret counts in its own call alone."""
        spans = list(result.spans)
        for hit in result.hits:
            certain = self._known.is_certain(hit.value)
            if certain or hit.value in active:
                kind, rule = self._known.entry(hit.value)
                confidence = Confidence.HIGH if certain else Confidence.LOW
                spans.append(Span(hit.start, hit.end, kind, rule, KNOWN_VALUES, confidence))
        try:
            return [
                (span, self._vault.keep(text[span.start : span.end], span.type))
                for span in merge(without_placeholders(text, spans))
            ]
        except PlaceholderTakenError as error:
            raise ScanFailed(f"two secrets share the placeholder {error}") from None


def _check(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise ScanFailed("the scan for secrets ran out of time")


def _findings(texts: tuple[str, ...], placed: Mapping[str, list[tuple[Span, str]]]) -> tuple[Finding, ...]:
    return tuple(
        _finding(index, span, placeholder)
        for index, text in enumerate(texts)
        for span, placeholder in placed.get(text, ())
    )


def _finding(text: int, span: Span, placeholder: str) -> Finding:
    return Finding(
        text=text,
        start=span.start,
        end=span.end,
        type=placeholder.split("_")[1],
        rule=span.rule,
        engine=span.engine,
        confidence=span.confidence,
        placeholder=placeholder,
    )
