"""The instruments of the daemon's own health: its loop, its memory, its log, and the watch over the others."""

from __future__ import annotations

from companion.telemetry.conditions import Increase, Value, above
from companion.telemetry.instruments import Counter, Gauge
from companion.telemetry.rules import Rule, any_increase

loop_stall_seconds = Gauge(
    "companion_loop_stall_seconds",
    "The longest time that the event loop stood still, of the last fifteen seconds.",
    alert=Rule(
        "loop-stalled",
        above(Value(), 0.25),
        severity="warn",
        summary="the daemon stood still for more than a quarter of a second",
        todo="if it comes back, report it with the daemon's log; the machine may also be overloaded",
        fires_on=((0, 0.01), (5, 0.8)),
        quiet_on=((0, 0.01), (5, 0.25), (60, 0.1)),
    ),
)

memory_bytes = Gauge(
    "companion_memory_bytes",
    "Resident memory of the daemon.",
    alert=Rule(
        "memory-high",
        above(Value(), 400 * 2**20),
        for_seconds=60,
        severity="warn",
        summary="the daemon holds more than 400 MiB of memory",
        todo="companion down and companion up free it; report it if it comes back",
        fires_on=((0, 500 * 2**20), (60, 500 * 2**20)),
        quiet_on=((0, 500 * 2**20), (40, 90 * 2**20), (120, 90 * 2**20)),
    ),
)

log_errors_total = Counter(
    "companion_log_errors_total",
    "Log lines at ERROR and above.",
    ("logger", "event"),
    alert=any_increase(
        "log-error",
        severity="warn",
        summary="the daemon logged an error",
        todo="the daemon's log has the line, and mostly a traceback; report it if nothing else explains it",
    ),
)

log_warnings_total = Counter(
    "companion_log_warnings_total",
    "Log lines at WARNING.",
    ("logger", "event"),
    alert=Rule(
        "log-warnings",
        above(Increase(window=300), 20),
        severity="info",
        summary="the daemon logged the same warning more than twenty times within five minutes",
        todo="read the warning in the daemon's log",
        fires_on=((0, 0), (60, 10), (120, 21)),
        quiet_on=((0, 0), (300, 20), (600, 40)),
    ),
)

log_failures_total = Counter(
    "companion_log_failures_total",
    "Log lines that could not be written.",
    alert=any_increase(
        "log-unwritable",
        severity="warn",
        summary="log lines could not be written",
        todo="make room on the disk that holds the log, and see that the folder is yours",
    ),
)

evaluation_failures_total = Counter(
    "companion_evaluation_failures_total",
    "Instruments that could not be read, rules that raised, and alerts that could not be told, by name.",
    ("subject",),
    alert=any_increase(
        "watch-failed",
        severity="page",
        summary="an instrument, a rule or the way to tell of alerts failed, so an alert may be missing",
        todo="report it with the daemon's log",
    ),
)

evaluator_gap_seconds = Gauge(
    "companion_evaluator_gap_seconds",
    "Seconds between the last two evaluations of the rules.",
    alert=Rule(
        "evaluator-late",
        above(Value(), 20),
        severity="page",
        summary="the rules were not evaluated for more than twenty seconds, so alerts may have come late or not at all",
        todo="the machine may have slept; else report it with the daemon's log",
        fires_on=((0, 5), (5, 21)),
        quiet_on=((0, 5), (5, 6), (20, 19)),
    ),
)
