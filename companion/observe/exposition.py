"""The instruments in the Prometheus text exposition format 0.0.4."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import accumulate

from companion.telemetry.conditions import Distribution, Reading
from companion.telemetry.instruments import Instrument, Labels, Registry

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render(registry: Registry) -> str:
    """Every series of every instrument. A gauge whose source fails is left out, with a comment in its place."""
    return "".join(f"{line}\n" for instrument in registry for line in _family(instrument))


def _family(instrument: Instrument) -> Iterator[str]:
    try:
        series = instrument.read()
    except Exception as error:  # noqa: BLE001 - a gauge follows foreign code; the others are still shown
        yield f"# {instrument.name} could not be read: {type(error).__name__}"
        return
    yield f"# HELP {instrument.name} {_escape(instrument.help)}"
    yield f"# TYPE {instrument.name} {instrument.kind}"
    for labels, reading in series.items():
        yield from _samples(instrument, labels, reading)


def _samples(instrument: Instrument, labels: Labels, reading: Reading) -> Iterator[str]:
    name = instrument.name
    pairs = list(zip(instrument.labels, labels, strict=True))
    if not isinstance(reading, Distribution):
        yield f"{name}{_labels(pairs)} {_number(reading)}"
        return
    for bound, count in zip((*reading.bounds, math.inf), accumulate(reading.counts), strict=True):
        yield f"{name}_bucket{_labels([*pairs, ('le', _number(bound))])} {count}"
    yield f"{name}_sum{_labels(pairs)} {_number(reading.total)}"
    yield f"{name}_count{_labels(pairs)} {reading.count}"


def _labels(pairs: list[tuple[str, str]]) -> str:
    inner = ",".join(f'{name}="{_escape(value, quotes=True)}"' for name, value in pairs)
    return f"{{{inner}}}" if inner else ""


def _escape(text: str, *, quotes: bool = False) -> str:
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n")
    return escaped.replace('"', '\\"') if quotes else escaped


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(value)
