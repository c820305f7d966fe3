"""The instruments of companion, each with who has to know and when.

Labels hold words that companion chose or redacted, never text of a prompt, a command or an answer.
"""

from __future__ import annotations

from companion.telemetry.conditions import Both, Increase, Quantile, Value, above
from companion.telemetry.instruments import Counter, Gauge, Histogram
from companion.telemetry.rules import Never, Rule, any_increase

exchanges_total = Counter(
    "companion_exchanges_total",
    "Exchanges that ended, by kind of action and by ending.",
    ("kind", "outcome"),
    alert=Rule(
        "exchanges-failing",
        above(Increase(window=300), 5),
        where=(("outcome", "failed"),),
        severity="warn",
        summary="more than five exchanges of one kind failed within five minutes",
        todo="companion log shows the failures; companion doctor checks the upstreams",
        fires_on=((0, 0), (60, 3), (120, 6)),
        quiet_on=((0, 0), (300, 5), (600, 8)),
    ),
)

exchanges_open = Gauge(
    "companion_exchanges_open",
    "Exchanges that have begun and not ended.",
    alert=Rule(
        "exchanges-piling-up",
        above(Value(), 50),
        for_seconds=300,
        severity="warn",
        summary="more than fifty exchanges have been open for five minutes",
        todo="companion log shows them; an agent may be in a loop, or an upstream may hang",
        fires_on=((0, 51), (300, 51)),
        quiet_on=((0, 51), (280, 3), (600, 3)),
    ),
)

exchanges_lost_total = Counter(
    "companion_exchanges_lost_total",
    "Exchanges that were open when the daemon died.",
    alert=any_increase(
        "exchanges-lost",
        severity="page",
        summary="the daemon died while exchanges were open; their cost is unknown",
        todo="companion log shows what was lost; look at the end of the previous run in the daemon's log",
    ),
)

guard_failures_total = Counter(
    "companion_guard_failures_total",
    "Guards that raised, and so denied.",
    ("guard",),
    alert=any_increase(
        "guard-failed",
        severity="page",
        summary="a guard raised instead of judging; the action was denied",
        todo="the daemon's log has the traceback; report it, and expect denials until it is mended",
    ),
)

upstream_errors_total = Counter(
    "companion_upstream_errors_total",
    "Upstream calls that failed, by upstream and by class of error.",
    ("upstream", "error"),
    alert=Rule(
        "upstream-failing",
        above(Increase(window=300), 10),
        severity="warn",
        summary="more than ten calls to an upstream failed in the same way within five minutes",
        todo="companion doctor checks the upstream and its key; the provider's status page may know more",
        fires_on=((0, 0), (60, 5), (120, 11)),
        quiet_on=((0, 0), (300, 10), (600, 20)),
    ),
)

upstream_seconds = Histogram(
    "companion_upstream_seconds",
    "Seconds from sending a call upstream to the first byte of its answer.",
    ("upstream",),
    alert=Rule(
        "upstream-slow",
        Both(above(Quantile(0.95, window=600), 60), above(Increase(window=600), 4)),
        severity="warn",
        summary="one answer in twenty took more than a minute to begin",
        todo="try another model or upstream for the tier; companion doctor measures the way there",
        fires_on=((0, 2), (10, 90), (20, 100), (30, 110), (40, 95)),
        quiet_on=((0, 2), (10, 290), (20, 3)),
    ),
)

upstream_breaker_openings_total = Counter(
    "companion_upstream_breaker_openings_total",
    "Times that a model of an upstream was left alone because it failed again and again, by upstream.",
    ("upstream",),
    alert=any_increase(
        "upstream-left-alone",
        severity="warn",
        summary="an upstream failed again and again, and is left alone for a while",
        todo="companion status shows which and until when; add a second upstream to the tier, or mend this one",
    ),
)

upstream_retries_total = Counter(
    "companion_upstream_retries_total",
    "Requests that were sent to the same upstream again because it had failed, by upstream.",
    ("upstream",),
    alert=Rule(
        "upstream-retried",
        above(Increase(window=300), 20),
        severity="warn",
        summary="more than twenty requests had to be sent to an upstream again within five minutes",
        todo="the provider's status page may know more; companion doctor checks the upstream",
        fires_on=((0, 0), (60, 12), (120, 21)),
        quiet_on=((0, 0), (300, 20), (600, 40)),
    ),
)

upstream_failovers_total = Counter(
    "companion_upstream_failovers_total",
    "Calls that went on to another candidate, by the upstream that had failed them.",
    ("upstream",),
    alert=Rule(
        "upstream-failed-over",
        above(Increase(window=300), 5),
        severity="warn",
        summary="more than five calls had to go to another upstream within five minutes, perhaps at another price",
        todo="companion log shows which upstream served; companion doctor checks the one that failed",
        fires_on=((0, 0), (60, 3), (120, 6)),
        quiet_on=((0, 0), (300, 5), (600, 10)),
    ),
)

upstream_retries_withheld_total = Counter(
    "companion_upstream_retries_withheld_total",
    "Requests that were not sent again because too many repetitions had not helped, by upstream.",
    ("upstream",),
    alert=any_increase(
        "retries-withheld",
        severity="warn",
        summary="so many repetitions did not help that companion sends no more of them to an upstream for now",
        todo="companion doctor checks the upstream and its key; calls that succeed bring the repetitions back",
    ),
)

approvals_pending = Gauge(
    "companion_approvals_pending",
    "Actions that wait for a person.",
    alert=Rule(
        "approvals-piling-up",
        above(Value(), 10),
        for_seconds=60,
        severity="warn",
        summary="more than ten actions wait for an answer",
        todo="companion pending lists them; an agent that asks this much may be worth stopping",
        fires_on=((0, 11), (60, 11)),
        quiet_on=((0, 11), (30, 2), (120, 10)),
    ),
)

approvals_oldest_seconds = Gauge(
    "companion_approvals_oldest_seconds",
    "For how long the oldest open approval has waited; 0 when none is open.",
    alert=Rule(
        "approval-waiting",
        above(Value(), 120),
        severity="warn",
        summary="an agent has waited for an answer for more than two minutes",
        todo="companion pending lists what waits; no answer in time is a no",
        fires_on=((0, 0), (5, 4), (125, 124)),
        quiet_on=((0, 0), (100, 119), (105, 0)),
    ),
)

approvals_expired_total = Counter(
    "companion_approvals_expired_total",
    "Approvals that nobody answered in time; the actions were refused.",
    alert=any_increase(
        "approval-expired",
        severity="warn",
        summary="an action was refused because nobody answered in time",
        todo="keep the terminal UI or the editor open, or raise approval_seconds in the policy",
    ),
)

privileged_requests_total = Counter(
    "companion_privileged_requests_total",
    "Actions that would have changed who decides, or did: companion's own state, hooks, start files, the daemon.",
    ("client",),
    alert=any_increase(
        "agent-reached-for-control",
        severity="page",
        summary="an agent asked for something that would change who decides: what companion keeps, hooks, start files",
        todo="companion log shows what it asked for; if you did not mean it, stop the agent",
    ),
)

secrets_redacted_total = Counter(
    "companion_secrets_redacted_total",
    "Secrets replaced in what went upstream, by type.",
    ("type",),
    alert=Never(because="a redaction is the protection at work; the ledger line of its exchange tells of it"),
)

secrets_answered_total = Counter(
    "companion_secrets_answered_total",
    "Values of the user's secret files that stood in a model's answer.",
    alert=any_increase(
        "secret-answered",
        severity="warn",
        summary="a model said a value of your secret files, so it has met it",
        todo="companion log shows which call; change that secret where it is in use",
    ),
)

unpriced_calls_total = Counter(
    "companion_unpriced_calls_total",
    "Model calls whose price is unknown.",
    ("model",),
    alert=any_increase(
        "call-unpriced",
        severity="warn",
        summary="a call was made whose price is unknown, so budgets cannot count it",
        todo='name a model that the price list knows, or refuse such calls with budgets.unpriced = "deny"',
    ),
)

spent_picodollars_total = Counter(
    "companion_spent_picodollars_total",
    "Money spent, in units of 1e-12 US dollars.",
    alert=Rule(
        "spending-fast",
        above(Increase(window=3600), 25e12),
        severity="info",
        summary="more than 25 dollars were spent within an hour",
        todo="companion spend says on what; a budget would stop it",
        fires_on=((0, 0), (1800, 20e12), (3000, 26e12)),
        quiet_on=((0, 0), (3600, 24e12), (7200, 48e12)),
    ),
)

budgets_reached_total = Counter(
    "companion_budgets_reached_total",
    "Times that spend reached 50, 80 or 100 percent of a budget in its window, by dimension, window and percent.",
    ("dimension", "window", "percent"),
    alert=any_increase(
        "budget-reached",
        severity="warn",
        summary="spend has reached a mark of a budget",
        todo="companion status shows every budget and when it begins anew; companion spend shows who spent it",
    ),
)

calls_refused_total = Counter(
    "companion_calls_refused_total",
    "Model calls that a budget, a limit or the brake on runaway agents refused, by code.",
    ("code",),
    alert=Rule(
        "calls-refused",
        above(Increase(window=300), 10),
        severity="warn",
        summary="more than ten model calls within five minutes were refused by a budget, a limit or the brake",
        todo="companion log shows whose and why; companion status shows what is left",
        fires_on=((0, 0), (60, 6), (120, 11)),
        quiet_on=((0, 0), (300, 10), (600, 20)),
    ),
)

runaway_stops_total = Counter(
    "companion_runaway_stops_total",
    "Calls refused because their agent calls without end, by agent.",
    ("client",),
    alert=any_increase(
        "agent-ran-away",
        severity="page",
        summary="an agent calls models without end, and its calls are refused",
        todo="stop the agent; companion log shows what it asked for",
    ),
)

calls_attached_total = Counter(
    "companion_calls_attached_total",
    "Requests that came back while their answer was held for a person, and were given that answer.",
    alert=Never(because="it is what should happen when a person takes longer than an agent waits"),
)

ledger_queue_depth = Gauge(
    "companion_ledger_queue_depth",
    "Ledger lines that wait for the writer.",
    alert=Rule(
        "ledger-behind",
        above(Value(), 1000),
        for_seconds=30,
        severity="page",
        summary="the ledger's writer is more than a thousand lines behind",
        todo="look at the disk that holds the ledger: full, slow, or gone",
        fires_on=((0, 1500), (30, 1500)),
        quiet_on=((0, 1500), (20, 0), (60, 1000)),
    ),
)

ledger_write_failures_total = Counter(
    "companion_ledger_write_failures_total",
    "Transactions of the ledger that failed.",
    alert=any_increase(
        "ledger-write-failed",
        severity="page",
        summary="the ledger could not be written",
        todo="make room on the disk that holds the ledger, then companion doctor",
    ),
)

scan_seconds = Histogram(
    "companion_scan_seconds",
    "Seconds that a scan for secrets took.",
    alert=Rule(
        "scan-slow",
        Both(above(Quantile(0.95, window=300), 1.0), above(Increase(window=300), 4)),
        severity="warn",
        summary="one scan in twenty took more than a second",
        todo="look for very large prompts in companion log; the machine may also be overloaded",
        fires_on=((0, 0.01), (1, 2), (2, 2), (3, 3), (4, 2)),
        quiet_on=((0, 0.01), (1, 0.02), (2, 0.9), (3, 0.2), (4, 0.01), (5, 0.3)),
    ),
)

unauthorized_requests_total = Counter(
    "companion_unauthorized_requests_total",
    "Requests refused for a missing or wrong key, a foreign Host or an Origin.",
    ("edge", "reason"),
    alert=Rule(
        "unauthorized-requests",
        above(Increase(window=60), 5),
        severity="warn",
        summary="more than five requests without the right to ask came within a minute",
        todo="an agent may hold a revoked key (companion connect mends it); a web page or program may be probing",
        fires_on=((0, 0), (5, 3), (10, 6)),
        quiet_on=((0, 0), (60, 5), (120, 10)),
    ),
)

config_reload_failures_total = Counter(
    "companion_config_reload_failures_total",
    "Changed configurations that could not be used; the one before stays in force.",
    alert=any_increase(
        "config-refused",
        severity="warn",
        summary="a changed configuration has errors; the one before stays in force",
        todo="companion config check names file and key",
    ),
)
