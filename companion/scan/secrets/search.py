"""What the engines find in one text, within the work that it may take."""

from __future__ import annotations

import time
from collections.abc import Sequence

from msgspec import Struct

from companion.scan.secrets.engine import Engine, Span, TooMuchError, allowance, allowed
from companion.scan.secrets.memo import Memo, Result
from companion.scan.secrets.merge import merge, without_placeholders
from companion.scan.secrets.placing import whole

_WORK = 0.025
_WORK_A_MEGABYTE = 0.05
"""Seconds of a processor that engines may work on one text: several times what ordinary text takes."""
MEGABYTE = 1_000_000
_SMALL = 0.1
"""Up to so many megabytes a text that took too long is tried once more: what it holds must not depend on the moment."""
_MOST_SECRETS = 400
"""In one text, and again for each further megabyte of it: what holds more is hidden whole."""
_KIND = "generic"
"""The type in the placeholder of a secret that is none by itself, but by what stands around it."""


class ScanFailed(Exception):  # noqa: N818 - the gatekeeper names it in a denial, as a sentence
    """A text was not examined to its end: nothing may be sent. Says which engine and why, never the text."""


class Work(Struct, frozen=True):
    """How long a scan may take: until when, and whether somebody with more time will take it up again."""

    deadline: float
    is_short: bool = False


def check(work: Work) -> None:
    """Raises ScanFailed past the deadline."""
    if time.monotonic() > work.deadline:
        raise ScanFailed("the scan for secrets ran out of time")


class Search:
    """Engines that are ready, and what they found before. Safe from several threads."""

    def __init__(self, engines: Sequence[Engine], rules: bytes, memo: Memo, patience: float = 1.0) -> None:
        """`rules` names the engines' versions; `patience` is how many times the usual work a text may take."""
        self._engines = tuple(engines)
        self._rules = rules
        self._memo = memo
        self._patience = patience

    def remembering(self, memo: Memo) -> Search:
        """The same engines with another memory."""
        return Search(self._engines, self._rules, memo, self._patience)

    def examine(self, text: str, work: Work) -> Result:
        """What the engines find in `text`, now or when it was last seen. Raises ScanFailed, TooMuchError if short."""
        digest = self._memo.digest(text, self._rules)
        if (remembered := self._memo.get(digest)) is not None:
            return remembered
        size = len(text) / MEGABYTE
        spans = self._found_in_time(text, size, work)
        most = _MOST_SECRETS * (1 + size) * self._patience
        if spans is None or len({text[span.start : span.end] for span in spans}) > most:
            spans = whole(text)
        return self._memo.put(Result(digest, tuple(spans)))

    def _found_in_time(self, text: str, size: float, work: Work) -> list[Span] | None:
        """What the engines find, None where they would take too long. Raises as `examine`."""
        check(work)
        usual = (_WORK + _WORK_A_MEGABYTE * size) * self._patience
        # What an engine does for the first time, and a machine that is busy, take their share of a small allowance.
        for seconds in (usual,) if size > _SMALL else (usual, 2 * usual):
            try:
                with allowed(seconds):
                    return without_placeholders(text, self._found_in(text))
            except TooMuchError:
                if work.is_short:
                    raise
        return None

    def kind_of(self, secret: str) -> str:
        """What the engines call it when they see nothing else."""
        # Twice, as for a text: its placeholder must not depend on the moment.
        for _ in range(2):
            try:
                with allowed(4 * _WORK):
                    found = [span for span in self._found_in(secret) if span.end - span.start == len(secret)]
            except TooMuchError:
                # Where it is not the secret that takes so long, somebody else is kept waiting.
                allowance()
            else:
                return merge(found)[0].type if found else _KIND
        return _KIND

    def _found_in(self, text: str) -> list[Span]:
        """What each engine says. Raises TooMuchError or ScanFailed."""
        spans: list[Span] = []
        for engine in self._engines:
            try:
                spans += engine.find(text)
            except TooMuchError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it was, the text is not examined
                raise ScanFailed(f"the engine {engine.name} failed ({type(error).__name__})") from None
        return spans
