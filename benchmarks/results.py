"""What the load test found: figures, what is asked of them, and tables."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hangups import HangUps
from load import Sample
from races import Outage, Race

DIRECT, YARDSTICK, COMPANION, LITELLM = "direct", "S", "companion", "L"

Samples = Mapping[str, Mapping[str, Sequence[Sample]]]
"""By scenario and target, in the order of the rounds."""


@dataclass(slots=True)
class Found:
    """All that one run measured."""

    samples: dict[str, dict[str, list[Sample]]] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    """PSS in MB after the load, by target."""
    soaked: list[tuple[int, float]] = field(default_factory=list)
    """PSS of companion after so many calls more."""
    race: Race | None = None
    outage: Outage | None = None
    hang_ups: HangUps | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that is asked of companion."""

    what: str
    figure: str
    """As people read it."""
    value: float
    must: float
    aim: float | None = None
    bound: str = ""
    """The unit of `must` and `aim`, put before or after them."""
    least: bool = False
    """Whether more is better."""
    spread: str = ""
    """From the best round to the worst."""

    def reaches(self, bound: float) -> bool:
        return self.value >= bound if self.least else self.value <= bound

    @property
    def verdict(self) -> str:
        if math.isnan(self.value):
            return "not measurable"
        if self.aim is not None and self.reaches(self.aim):
            return "aim"
        return "pass" if self.reaches(self.must) else "FAIL"

    def shown(self, bound: float | None) -> str:
        if bound is None:
            return ""
        sign = "≥" if self.least else "≤"
        if self.bound == LITELLM and not self.least:
            return f"{sign} L/{1 / bound:.0f}"
        return f"{sign} {bound:g} {self.bound}".rstrip()


def added(samples: Samples, scenario: str, name: str, key: str) -> list[float]:
    """Milliseconds more than without a gateway, round by round."""
    pairs = zip(samples[scenario][name], samples[scenario][DIRECT], strict=True)
    return [getattr(sample, key) - getattr(direct, key) for sample, direct in pairs]


def _divided(values: Sequence[float], by: Sequence[float]) -> tuple[float, str]:
    """The ratio of the medians, and from where to where it goes in single rounds."""
    below = statistics.median(by)
    if below <= 0:
        return math.nan, ""
    rounds = [value / other for value, other in zip(values, by, strict=True) if other > 0]
    return statistics.median(values) / below, f"{min(rounds):.2f} to {max(rounds):.2f}"


def _times(scenario: str, key: str, what: str, bounds: Mapping[str, tuple[float, float]], found: Found) -> list[Mark]:
    """Of a time that a gateway adds."""
    marks: list[Mark] = []
    for peer, (must, aim) in bounds.items():
        if peer in found.samples.get(scenario, {}):
            own = added(found.samples, scenario, COMPANION, key)
            ratio, spread = _divided(own, added(found.samples, scenario, peer, key))
            figure = f"{ratio:.2f} S" if peer == YARDSTICK else f"L/{1 / ratio:.1f}"
            marks.append(Mark(what, figure, ratio, must, aim, peer, spread=spread))
    return marks


def _rates(scenario: str, what: str, bounds: Mapping[str, tuple[float, float]], found: Found) -> list[Mark]:
    marks: list[Mark] = []
    for peer, (must, aim) in bounds.items():
        by_name = found.samples.get(scenario, {})
        if peer in by_name:
            own, others = ([one.rate for one in by_name[name]] for name in (COMPANION, peer))
            ratio, spread = _divided(own, others)
            marks.append(Mark(what, f"{ratio:.1f} {peer}", ratio, must, aim, peer, least=True, spread=spread))
    return marks


def marks(found: Found) -> list[Mark]:
    """Everything that is asked, of what was measured."""
    slow = (1 / 12, 1 / 30)
    rates = {YARDSTICK: (4.0, 12.0), LITELLM: (35.0, 100.0)}
    made = [
        mark
        for end, said in (("", "new"), ("-again", "the same again"))
        for mark in (
            *_times(f"small{end}", "p50", f"small JSON, {said}, p50", {YARDSTICK: (1.0, 0.5), LITELLM: slow}, found),
            *_times(f"small{end}", "p99", f"small JSON, {said}, p99", {YARDSTICK: (1.2, 0.7), LITELLM: slow}, found),
            *_times(f"prompt{end}", "p50", f"309 KB prompt, {said}, p50", {YARDSTICK: (1.5, 1.0)}, found),
            *_times(
                f"result{end}", "p50", f"309 KB prompt, {said}: a result of 7.6 KB, p50", {YARDSTICK: (1.5, 1.0)}, found
            ),
            *_times(f"stream{end}", "first_byte", f"stream, {said}, first byte", {YARDSTICK: (1.0, 0.5)}, found),
            *_times(f"stream{end}", "p50", f"stream of 64 chunks, {said}, total", {YARDSTICK: (0.8, 0.3)}, found),
            *_rates(f"load16{end}", f"requests/s, {said}, c=16", rates, found),
            *_rates(f"load64{end}", f"requests/s, {said}, c=64", rates, found),
        )
    ]
    if COMPANION in found.memory:
        memory = found.memory[COMPANION]
        made.append(Mark("memory after load, PSS", f"{memory:.0f} MB", memory, 120, 80, "MB"))
    if found.soaked:
        (_, before), (calls, after) = found.soaked[0], found.soaked[-1]
        made.append(
            Mark(f"memory grown by {calls:,} calls", f"{after - before:+.2f} MB", after - before, 1, None, "MB")
        )
    if found.outage is not None:
        for what, value in (
            ("retry amplification in an outage", found.outage.amplification),
            ("the same without the breaker", found.outage.amplification_unbroken),
        ):
            made.append(Mark(what, f"{value:.3f}", value, 1.05))
        made.append(_exactly("retries after the first byte", found.outage.after_first_byte, 0))
        made.append(_exactly("probes in half-open", found.outage.probes, 1))
    if found.hang_ups is not None:
        told = f"agent gone to upstream hung up on, {found.hang_ups.times:,} times"
        for name, value in (
            ("p50", found.hang_ups.p50),
            ("p99", found.hang_ups.p99),
            ("longest", found.hang_ups.longest),
        ):
            made.append(Mark(f"{told}, {name}", f"{value:.1f} ms", value, 100, None, "ms"))
    if found.race is not None:
        what = f"budget overshoot, {found.race.rounds:,} races of 64 calls, picodollars"
        made.append(_exactly(what, max(0, found.race.overshoot), 0))
        made.append(_exactly("what the ledger lacks or has too much, picodollars", found.race.uncounted, 0))
    return made


def _exactly(what: str, value: int, must: int) -> Mark:
    return Mark(what, str(value), value, must)


def table(rows: Sequence[Sequence[str]], *, markdown: bool) -> str:
    """The first row is the head."""
    if markdown:
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def judged(found: Found) -> list[list[str]]:
    """Rows for `table`: what is asked."""
    head = ["added over direct", "figure", "single rounds", "must", "aim", ""]
    return [
        head,
        *(
            [mark.what, mark.figure, mark.spread, mark.shown(mark.must), mark.shown(mark.aim), mark.verdict]
            for mark in marks(found)
        ),
    ]


_COLUMNS: Mapping[str, Callable[[Sample], float]] = {
    "p50 ms": lambda sample: sample.p50,
    "p99 ms": lambda sample: sample.p99,
    "first byte ms": lambda sample: sample.first_byte,
    "requests/s": lambda sample: sample.rate,
    "CPU ms": lambda sample: sample.cpu,
}


def measured(found: Found) -> list[list[str]]:
    """Rows for `table`: medians of the rounds, absolute."""
    rows = [["scenario", "target", *_COLUMNS, "added p50 ms", "answered", "failed"]]
    for scenario, by_name in found.samples.items():
        for name, samples in by_name.items():
            medians = [statistics.median(of(sample) for sample in samples) for of in _COLUMNS.values()]
            more = statistics.median(added(found.samples, scenario, name, "p50"))
            answered, failed = sum(one.answered for one in samples), sum(one.failed for one in samples)
            shown = [f"{value:.0f}" if value >= 100 else f"{value:.2f}" for value in medians]
            rows.append([scenario, name, *shown, f"{more:.2f}", f"{answered:,}", str(failed)])
    return rows
