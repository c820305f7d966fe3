"""The numbers in the text format that Prometheus reads."""

from __future__ import annotations

import math
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from companion.observe.exposition import render
from companion.telemetry.instruments import REGISTRY, Counter, Gauge, Histogram, Registry
from companion.telemetry.rules import Never

NEVER = Never(because="a test")
LINE = re.compile(r'[a-z_]+(\{([a-z_]+="([^"\\\n]|\\[\\n"])*",?)*\})? \S+')


def test_every_kind_is_rendered() -> None:
    registry = Registry()
    seen = Counter("seen_total", "Seen\nand \\ kept.", ("kind", "by"), alert=NEVER, registry=registry)
    now = Gauge("now", "Now.", alert=NEVER, registry=registry)
    took = Histogram("took", "Took.", ("kind",), alert=NEVER, bounds=(0.5, 1.0), registry=registry)
    seen.add(2**60, kind='a "quoted"', by="back\\slash\nline")
    now.set(-1.5)
    for value in (0.5, 0.7, 9):
        took.observe(value, kind="a")
    assert render(registry).splitlines() == [
        "# HELP seen_total Seen\\nand \\\\ kept.",
        "# TYPE seen_total counter",
        'seen_total{kind="a \\"quoted\\"",by="back\\\\slash\\nline"} 1152921504606846976',
        "# HELP now Now.",
        "# TYPE now gauge",
        "now -1.5",
        "# HELP took Took.",
        "# TYPE took histogram",
        'took_bucket{kind="a",le="0.5"} 1',
        'took_bucket{kind="a",le="1.0"} 2',
        'took_bucket{kind="a",le="+Inf"} 3',
        'took_sum{kind="a"} 10.2',
        'took_count{kind="a"} 3',
    ]


def test_an_empty_registry_is_an_empty_text() -> None:
    assert render(Registry()) == ""


def test_a_source_that_fails_hides_only_itself() -> None:
    registry = Registry()
    Gauge("broken", "Broken.", alert=NEVER, registry=registry).follow(lambda: 1 / 0)
    Gauge("odd", "Odd.", alert=NEVER, registry=registry).follow(lambda: math.nan)
    Gauge("high", "High.", alert=NEVER, registry=registry).follow(lambda: math.inf)
    Gauge("low", "Low.", alert=NEVER, registry=registry).follow(lambda: -math.inf)
    lines = render(registry).splitlines()
    assert lines[0] == "# broken could not be read: ZeroDivisionError"
    assert [line for line in lines if not line.startswith("#")] == ["odd NaN", "high +Inf", "low -Inf"]


@settings(max_examples=50)
@given(st.lists(st.text(), min_size=1, max_size=4))
def test_no_label_value_breaks_a_line(values: list[str]) -> None:
    registry = Registry()
    seen = Counter("seen_total", "Seen.", ("kind",), alert=NEVER, registry=registry)
    for value in values:
        seen.add(kind=value)
    lines = render(registry).removesuffix("\n").split("\n")[2:]
    assert len(lines) == len(set(values))
    assert all(LINE.fullmatch(line) for line in lines)


def test_all_of_companion_can_be_rendered() -> None:
    text = render(REGISTRY)
    assert "# TYPE companion_exchanges_total counter\n" in text
    assert text.endswith("\n")
