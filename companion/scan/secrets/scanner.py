"""The scanner: engines, what they found before, and the vault, behind the gatekeeper's port."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from functools import partial
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from companion.gatekeeper.ports import Examined
from companion.model.action import Part, TextKind
from companion.model.facts import KEPT, Confidence, Finding
from companion.policy.redaction import fingerprint_of, placeholder_for, redact, restore
from companion.scan.secrets import prefilter
from companion.scan.secrets.accepted import Accepted, none_accepted, without_accepted
from companion.scan.secrets.engine import Engine, Span, TooMuchError, allowed
from companion.scan.secrets.envfiles import EnvFiles, env_values
from companion.scan.secrets.kingfisher import Kingfisher
from companion.scan.secrets.known import KNOWN_VALUES, KnownValues
from companion.scan.secrets.memo import Memo, Result
from companion.scan.secrets.merge import merge, without_placeholders
from companion.scan.secrets.pem import KeyBlocks
from companion.scan.secrets.placing import (
    WHOLE,
    Key,
    Placed,
    finding_of,
    findings_of,
    is_doubted,
    is_whole,
    meant,
    whole,
)
from companion.scan.secrets.plugins import DetectSecrets
from companion.scan.secrets.rules import OwnRules
from companion.scan.secrets.search import MEGABYTE, ScanFailed, Search, Work, check
from companion.scan.secrets.vault import PlaceholderTakenError, Vault

Subject = TypeVar("Subject")
Found = TypeVar("Found")

_SHORTEST_TEXT = 8
_SMALL = 16 * 1024
"""So many bytes of text are scanned where they are, if they take no longer than `_AT_ONCE`."""
_AT_ONCE = 0.005
_LOAD_SECONDS = 60.0

_MOST_HITS = 2_000
"""Of known values in one text, and again for each further megabyte of it."""
_LONGEST_KNOWN = 64 * 1024


def default_engines(cache: Path | None = None) -> list[Engine]:
    """Every engine there is; `cache` is a folder for compiled rules."""
    return [KeyBlocks(), OwnRules(), Kingfisher(cache), DetectSecrets()]


class Named(Struct, frozen=True):
    """A secret that somebody asks after."""

    fingerprint: str
    env_file: str = ""
    """The file that keeps it, where it is a value of one."""


class SecretScan:
    """Finds, hides and restores secrets. Thread-safe; `scrub` blocks, `scan` does not.

    `seconds` is the longest that a scan may take, loading aside; `remembered` the number of texts whose result is kept.
    `patience` is how many times as much work a text may take as where an agent waits. `accepted` is asked of every
    finding anew: what is remembered is what engines see, whatever a person accepted.
    """

    def __init__(
        self,
        machine_key: bytes,
        engines: Sequence[Engine],
        *,
        seconds: float = 5.0,
        remembered: int = 4_000,
        patience: float = 1.0,
        accepted: Accepted = none_accepted,
    ) -> None:
        self._key = machine_key
        self._accepted = accepted
        self._patience = patience
        self._engines = tuple(engines)
        # These are never missing; loading them is left to `load`, or to the first log line.
        self._light = tuple(engine for engine in engines if isinstance(engine, KeyBlocks | OwnRules))
        self._seconds = seconds
        self._remembered = remembered
        self._vault = Vault(machine_key)
        self._known = KnownValues()
        self._env = EnvFiles()
        self._clean: dict[bytes, tuple[bytes, int]] = {}
        self._memo = Memo(machine_key, remembered)
        self._lock = threading.Lock()
        self._missing: dict[str, str] | None = None
        self._rules = b""
        self._search = Search((), b"", self._memo, patience)
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="secrets")

    def load(self) -> None:
        """Makes the engines ready. Seconds the first time; a scan that comes earlier waits for it."""
        missing = {engine.name: engine.load() for engine in self._engines}
        ready = tuple(engine for engine in self._engines if not missing[engine.name])
        rules = " ".join(f"{engine.name}={engine.version}" for engine in ready)
        with self._lock:
            self._rules = hashlib.blake2b(rules.encode(), digest_size=16).digest()
            self._search = Search(ready, self._rules, self._memo, self._patience)
            self._missing = missing

    def engines(self) -> dict[str, str]:
        """Each engine's version, or "missing: " and why."""
        missing = self._missing or {}
        found = {
            engine.name: f"missing: {why}" if (why := missing.get(engine.name)) else engine.version
            for engine in self._engines
        }
        return {**found, "hyperscan": prefilter.standing()}

    def apart(self) -> SecretScan:
        """A scanner that knows what this one knows by now, and keeps to itself what it learns from then on."""
        other = copy(self)
        other._known, other._vault = self._known.fork(), Vault(self._key)  # noqa: SLF001 - one of us
        other._memo, other._clean = Memo(self._key, self._remembered), {}  # noqa: SLF001
        other._search = self._search.remembering(other._memo)  # noqa: SLF001
        return other

    def read_env_files(self, workspace: str) -> None:
        """Learns the workspace's values as they are now. Blocks."""
        self._refresh(workspace)

    def find(self, text: str, place: str) -> tuple[Finding, ...]:
        """Findings in one text that stands at `place`, by what is known now. Blocks. Raises ScanFailed."""
        return self._scan((text,), "", Work(time.monotonic() + self._seconds), place)

    def named(self, name: str) -> Named | None:
        """The secret that a placeholder or a fingerprint names, if it was met since the start."""
        secret = self._vault.find(name)
        return None if secret is None else Named(fingerprint_of(secret, self._key), self._known.env_file(secret))

    def close(self) -> None:
        """Lets a scan that is running end by itself and takes no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def scan(self, texts: Sequence[str], workspace: str, place: str = "") -> tuple[Finding, ...]:
        """Findings over all texts, sorted by (text, start), not overlapping. Raises ScanFailed.

        Any occurrence of a secret that is found in one text is found in all of them. `place` is the file that they
        stand in, where that is known.
        """
        return await self._in_time(partial(self._scan, place=place), tuple(texts), workspace)

    async def _in_time(self, work: Callable[[Subject, str, Work], Found], subject: Subject, workspace: str) -> Found:
        loop = asyncio.get_running_loop()
        try:
            if self._missing is None:
                async with asyncio.timeout(_LOAD_SECONDS):
                    await loop.run_in_executor(self._pool, self.load)
            async with asyncio.timeout(self._seconds):
                patience = Work(time.monotonic() + self._seconds)
                return await loop.run_in_executor(self._pool, work, subject, workspace, patience)
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
                try:
                    with allowed(_AT_ONCE):
                        return self._examine_parts(
                            parts, workspace, Work(time.monotonic() + self._seconds, is_short=True)
                        )
                except TooMuchError:
                    # There are texts that keep the engines busy; the loop has others to serve.
                    pass
        return await self._in_time(self._examine_parts, parts, workspace)

    def learn(self, text: str, name: str) -> None:
        """Makes the values known that stand in a file like `.env`; `name` says which."""
        for value in env_values(text):
            self._known.add(value, KEPT, name, certain=True)

    def scrub(self, text: str) -> str:
        """`text` with every secret that is known or found replaced by its placeholder. Raises ScanFailed."""
        return redact(text, self._scan((text,), "", Work(time.monotonic() + _LOAD_SECONDS)))

    def mask(self, text: str) -> str:
        """`text` without what is known and what the light engines find; for log lines. Quick, and never waits.

        Unlike `scrub` it learns nothing and says nothing of what only a heavy engine would find.
        """
        spans = [span for engine in self._light for span in engine.find(text)]
        for hit in self._known.find(text, 0):
            kind, rule = self._known.entry(hit.value)
            spans.append(Span(hit.start, hit.end, kind, rule, KNOWN_VALUES, Confidence.HIGH))
        findings = []
        for span in merge(without_placeholders(text, spans)):
            secret = text[span.start : span.end]
            placeholder = self._vault.placeholder(secret) or placeholder_for(secret, span.type, self._key)
            findings.append(finding_of(0, span, placeholder))
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

    def _examine_parts(self, parts: Sequence[Part], workspace: str, work: Work) -> Examined:
        if self._missing is None:
            self.load()
        if not self._env.is_fresh(workspace):
            self._refresh(workspace)
        examined: dict[Key, Result] = {}
        while True:
            count = self._known.count
            numbers = self._unclean(parts)
            counts = [(number, parts[number].texts()) for number in numbers]
            kinds: dict[int, TextKind] = {}
            texts: list[str] = []
            for number, of_part in counts:
                kinds |= {len(texts) + place: kind for place, kind in parts[number].kinds().items()}
                texts += of_part
            placed, touched = self._placed(texts, kinds, workspace, work, examined)
            if self._known.count == count:
                break
            # What was learnt from one part may stand in another that was clean before.
        self._note_clean(parts, counts, touched, count)
        return Examined(tuple(numbers), tuple(texts), findings_of(texts, kinds, placed, self._fingerprint))

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
            if len(self._clean) > self._remembered:
                # Half at once: to look for the oldest one takes long where many have gone.
                self._clean = dict(list(self._clean.items())[self._remembered // 2 :])

    def _refresh(self, workspace: str) -> None:
        self._env.refresh(workspace, self._know)

    def _know(self, value: str, source: str) -> None:
        """Learns what the user says is secret. After a restart a model may still name it by its placeholder."""
        self._known.add(value, KEPT, source, certain=True)
        self._vault.offer(value)

    def _scan(self, texts: tuple[str, ...], workspace: str, work: Work, place: str = "") -> tuple[Finding, ...]:
        if self._missing is None:
            self.load()
        self._refresh(workspace)
        placed, _ = self._placed(texts, {}, place or workspace, work, {})
        return findings_of(texts, {}, placed, self._fingerprint)

    def _fingerprint(self, secret: str) -> str:
        return fingerprint_of(secret, self._key)

    def _placed(
        self, texts: Sequence[str], kinds: Mapping[int, TextKind], place: str, work: Work, examined: dict[Key, Result]
    ) -> tuple[Placed, set[str]]:
        """What is found in each text, and the texts that hold anything that looks like a secret or is known.

        `examined` is what was found in some of the texts just now; the rest is added.
        """
        active: set[int] = set()
        for number, text in enumerate(texts):
            if len(text) < _SHORTEST_TEXT:
                continue
            key = (text, kinds.get(number) if kinds else None)
            if key not in examined:
                examined[key] = self._search.examine(text, work)
        for key, result in examined.items():
            if result.spans:
                active |= self._learn(key, result.spans)
        placed: Placed = {}
        touched: set[str] = set()
        for key, result in examined.items():
            text = key[0]
            seen = examined[key] = self._look_for_known(text, result, work)
            if seen.spans or seen.hits:
                touched.add(text)
                placed[key] = self._place(key, seen, active, place)
        return placed, touched

    def _learn(self, key: Key, spans: tuple[Span, ...]) -> set[int]:
        """Makes what was found known; gives the numbers of the values."""
        text, kind = key
        return {
            self._known.add(
                meant(text[span.start : span.end], kind),
                span.type,
                span.rule,
                certain=span.confidence is Confidence.HIGH,
            )
            for span in spans
            if span.rule != WHOLE and span.end - span.start <= _LONGEST_KNOWN and not is_doubted(span, kind)
        }

    def _look_for_known(self, text: str, result: Result, work: Work) -> Result:
        """`result` with every value in it that is known by now."""
        count = self._known.count
        if result.known >= count or is_whole(result.spans):
            return result
        check(work)
        hits = dict.fromkeys((*result.hits, *self._known.find(text, result.known)))
        if len(hits) > _MOST_HITS * (1 + len(text) / MEGABYTE) * self._patience:
            return self._memo.put(replace(result, spans=tuple(whole(text)), hits=()))
        return self._memo.put(replace(result, hits=tuple(hits), known=count))

    def _place(self, key: Key, result: Result, active: set[int], place: str) -> list[tuple[Span, str]]:
        """The spans of a text with their placeholders. A value that only looked secret counts in its own call alone."""
        text, kind = key
        spans = list(result.spans)
        for hit in result.hits:
            certain = self._known.is_certain(hit.value)
            if certain or hit.value in active:
                name, rule = self._known.entry(hit.value)
                if self._accepted(self._known.value(hit.value), "", place):
                    continue
                confidence = Confidence.HIGH if certain else Confidence.LOW
                spans.append(Span(hit.start, hit.end, name, rule, KNOWN_VALUES, confidence))
        if kind is TextKind.SEALED:
            spans = [span for span in spans if not is_doubted(span, kind)]
        try:
            return [
                (span, self._placeholder(meant(text[span.start : span.end], kind), span))
                for span in without_accepted(key, without_placeholders(text, spans), place, self._accepted)
            ]
        except PlaceholderTakenError as error:
            raise ScanFailed(f"two secrets share the placeholder {error}") from None

    def _placeholder(self, secret: str, span: Span) -> str:
        """Depends on the secret alone, and not on where or by which rule it was found first."""
        return self._vault.placeholder(secret) or self._vault.keep(
            secret, span.type if span.rule == WHOLE else self._search.kind_of(secret)
        )
