"""Text of ignored files does not leave in a prompt, however it came there."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence

from msgspec.structs import replace

from companion.model.action import Action, ModelCall
from companion.model.facts import Excerpt, Facts, Finding, IgnoreMatch
from companion.model.policy import ExcerptAction, Policy
from companion.model.verdict import PASS, Allow, Amend, Ask, Deny, Verdict
from companion.policy.display import one_line

IGNORED_TEXT = "IGNORED_TEXT"
"""What excerpts are counted as among what was replaced."""

_HINT = "go on without the text of ignored files; only the user can take a file off the list"


def excerpts(action: Action, facts: Facts) -> Verdict:
    """Judges model calls by the ignored text in them; passes everything else.

    Stands behind the guard of secrets: places are those of the texts before placeholders went in, and the facts'
    findings tell how far they moved.
    """
    if not isinstance(action, ModelCall):
        return PASS
    if facts.unexamined:
        return Deny("excerpts-unexamined", facts.unexamined, "companion status")
    ways: dict[ExcerptAction, list[Excerpt]] = defaultdict(list)
    for excerpt in facts.excerpts:
        if (way := way_with(excerpt, facts.policy)) is not None:
            ways[way].append(excerpt)
    if denied := ways[ExcerptAction.DENY]:
        return Deny("ignored-text-found", f"{_told(denied)} in the prompt", _HINT)
    if asked := ways[ExcerptAction.ASK]:
        return Ask("ignored-text-found", f"{_told(asked)} in the prompt", _HINT)
    if hidden := ways[ExcerptAction.REDACT]:
        texts = list(action.texts)
        for number, of_text in _by_text(hidden).items():
            found = [finding for finding in facts.findings if finding.text == number]
            texts[number] = _redact(texts[number], of_text, found)
        return Amend("ignored-text-redacted", f"{_told(hidden)} replaced", replace(action, texts=tuple(texts)))
    if seen := ways[ExcerptAction.WARN]:
        return Allow("ignored-text-seen", f"{_told(seen)} in the prompt")
    return Allow("ignored-text-unseen", facts.unseen) if facts.unseen else PASS


def way_with(excerpt: Excerpt, policy: Policy) -> ExcerptAction | None:
    """What becomes of an excerpt; None for one that is too short to speak of."""
    if excerpt.words:
        return ExcerptAction.REDACT
    if excerpt.size >= policy.excerpt_long_bytes:
        return policy.long_excerpts
    if excerpt.size >= policy.excerpt_short_bytes:
        return policy.short_excerpts
    return ExcerptAction.WARN if excerpt.size >= policy.excerpt_warn_bytes else None


def hidden(facts: Facts) -> int:
    """How many excerpts go out as placeholders."""
    return sum(way_with(excerpt, facts.policy) is ExcerptAction.REDACT for excerpt in facts.excerpts)


def beside(cuts: Sequence[Excerpt], found: Sequence[Excerpt]) -> tuple[Excerpt, ...]:
    """`cuts`, and of `found` what lies outside of them: no two overlap."""
    kept = list(cuts)
    for one in found:
        pieces = [(one.start, one.end)]
        for cut in cuts:
            if cut.text == one.text:
                pieces = [
                    piece
                    for start, end in pieces
                    for piece in ((start, min(end, cut.start)), (max(start, cut.end), end))
                    if piece[0] < piece[1]
                ]
        kept += [replace(one, start=start, end=end) for start, end in pieces]
    return tuple(sorted(kept, key=lambda excerpt: (excerpt.text, excerpt.start)))


def placeholder(excerpt: Excerpt) -> str:
    """Names the rule and nothing of the text; the same for the same excerpt, so that a provider's cache stays valid.

    It is itself inside a JSON string too.
    """
    if excerpt.words:
        return excerpt.words
    rule = _rule(excerpt.rule).replace("\\", "/").replace('"', "'")
    return f"[companion: {excerpt.size} bytes of an ignored file left out ({rule})]"


def _rule(match: IgnoreMatch) -> str:
    said = f"{match.source}, line {match.line}: {match.pattern}" if match.line else f"{match.source} {match.pattern}"
    return one_line(said, 120)


def _told(found: Sequence[Excerpt]) -> str:
    rules = sorted({_rule(excerpt.rule) for excerpt in found})
    more = f" and {len(rules) - 3} more" if len(rules) > 3 else ""
    size = sum(excerpt.size for excerpt in found)
    return f"{size:,} bytes of ignored text ({'; '.join(rules[:3])}{more})"


def _by_text(found: Sequence[Excerpt]) -> dict[int, list[Excerpt]]:
    by_text: dict[int, list[Excerpt]] = defaultdict(list)
    for excerpt in found:
        by_text[excerpt.text].append(excerpt)
    return by_text


def _redact(text: str, found: Sequence[Excerpt], findings: Sequence[Finding]) -> str:
    """`text`, in which `findings` are placeholders already, with each excerpt replaced.

    Raises ValueError for an excerpt that lies outside it: then nothing may be sent.
    """
    moved = _Moved(findings)
    right = len(text)
    pieces: list[str] = []
    for excerpt in sorted(found, key=lambda excerpt: excerpt.start, reverse=True):
        start, end = moved.start(excerpt.start), moved.end(excerpt.end)
        if not 0 <= start < end <= len(text):
            raise ValueError(f"an excerpt at {start}:{end} does not fit a text of {len(text)} characters")
        # A secret may reach from one excerpt into the next.
        pieces += text[end:right], placeholder(excerpt)
        right = start
    return "".join((text[:right], *reversed(pieces)))


class _Moved:
    """Where places of a text are once its findings are placeholders; a place inside one goes to its edge."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._findings = sorted(findings, key=lambda finding: finding.start)
        self._starts = [finding.start for finding in self._findings]
        self._shifts = [0]
        for finding in self._findings:
            self._shifts.append(self._shifts[-1] + len(finding.placeholder) - (finding.end - finding.start))

    def start(self, at: int) -> int:
        number = bisect_right(self._starts, at)
        if number and at < self._findings[number - 1].end:
            return self._findings[number - 1].start + self._shifts[number - 1]
        return at + self._shifts[number]

    def end(self, at: int) -> int:
        number = bisect_right(self._starts, at - 1)
        if number and at <= self._findings[number - 1].end:
            return self._findings[number - 1].end + self._shifts[number]
        return at + self._shifts[number]
