"""Wire types. Money crosses as integer picodollars (1e-12 USD), times as ISO 8601 with offset."""

from __future__ import annotations

from attrs import field, frozen

from companion.contract.approvals import Answer as Answer
from companion.contract.approvals import Approval as Approval
from companion.contract.approvals import Deletion as Deletion
from companion.contract.approvals import EffectLine as EffectLine
from companion.contract.approvals import GrantLine as GrantLine
from companion.contract.approvals import ScriptLine as ScriptLine


@frozen
class Problem:
    """The body of every error: what is wrong, and the next command to type."""

    code: str
    message: str
    next: str = ""


@frozen
class ClientSeen:
    """An agent that came through the gateway since the daemon started."""

    client: str
    last_at: str
    exchanges: int
    unhooked: int = 0
    """Tool calls let through to it since its hook last asked about any."""
    unhooked_since: str = ""
    """When the first of them passed; "" where there is none."""


@frozen
class AlertState:
    """A rule that is firing now."""

    name: str
    severity: str
    """ "page" needs a person now, "warn" soon, "info" is for the record."""
    since: str
    summary: str
    todo: str
    """What to do about it."""


@frozen
class BudgetLine:
    """A budget as it stands in the window that runs now."""

    dimension: str
    """ "global", "key", "project", "client", "user", "team", "tier" or "model"."""
    name: str
    """Whose it is; "all" for the global one, "" for calls of which nobody said."""
    window: str
    """ "day", "week" or "month"."""
    limit_pd: int
    spent_pd: int
    reserved_pd: int
    """Set aside for calls under way."""
    resets_at: str


@frozen
class LimitLine:
    """One amount of a limit as it stands now."""

    dimension: str
    """As in a BudgetLine."""
    name: str
    """Whose it is, as in a BudgetLine; "…" for names that share a limit because there are too many."""
    kind: str
    """ "requests_per_minute", "tokens_per_minute" or "parallel"."""
    amount: int
    at_once: int
    """How much may pass at once: a tenth of a minute's requests, else the amount. What is used of it comes back."""
    used: int
    """Of `at_once`; it can be more, after a prompt that was bigger or where the limit was lowered."""
    waiting: int
    """Calls that wait for it."""


@frozen
class UpstreamLine:
    """A model of an upstream that is not asked at the moment, or is being tried out."""

    upstream: str
    model: str
    state: str
    """ "open", "half-open" or "paused"."""
    seconds: int
    """Until it is asked again; 0 when the next call finds out."""
    cause: str = ""
    """Why, in a few words for people."""
    since: str = ""
    """When it stopped being asked as always; a call that found out that it is not well yet begins nothing anew."""


@frozen
class IndexLine:
    """The index of a workspace's ignored text."""

    workspace: str
    state: str
    """ "ready", "building" or "failed"."""
    percent: int = 100
    """Of an index that is being made."""
    files: int = 0
    """Ignored files whose text is recognised."""
    bytes: int = 0
    """Of their text."""
    left_out: list[str] = field(factory=list[str])
    """What is not recognised, and why, in words for people."""
    failure: str = ""


@frozen
class Status:
    """The daemon as it stands."""

    version: str
    api: str
    pid: int
    started_at: str
    home: str
    gateway: str
    """Base URL for agents, without /v1."""
    upstreams: dict[str, str]
    """Name to base URL."""
    tiers: dict[str, str]
    """Tier to "upstream/model"; the model is "*" where the agent's own choice passes."""
    pending: int
    exchanges_today: int
    spent_today_pd: int
    unpriced_today: int
    """Calls today whose price is unknown."""
    budget_day_pd: int | None = None
    clients: list[ClientSeen] = field(factory=list[ClientSeen])
    alerts: list[AlertState] = field(factory=list[AlertState])
    engines: dict[str, str] = field(factory=dict[str, str])
    """Secret engines in use, name to version, and what is missing and why."""
    budgets: list[BudgetLine] = field(factory=list[BudgetLine])
    resting: list[UpstreamLine] = field(factory=list[UpstreamLine])
    waiting: int = 0
    """Calls that wait for their turn at a limit."""
    limits: list[LimitLine] = field(factory=list[LimitLine])
    """Those at which calls wait and those that are used most, where there are more than a hundred."""
    limits_left_out: int = 0
    """How many there are beside them."""
    indexes: list[IndexLine] = field(factory=list[IndexLine])
    """Of the workspaces that were worked in since the start, latest last."""


@frozen
class RemarkLine:
    """What one guard said."""

    guard: str
    outcome: str
    code: str
    reason: str


@frozen
class FindingLine:
    """A secret that was found in a call, which it names without telling it."""

    placeholder: str
    """What stood for it in the call as it went upstream."""
    type: str
    rule: str
    engine: str
    confidence: str
    """ "high" or "low"."""
    fingerprint: str
    times: int = 1
    """In how many places it was found."""


@frozen
class CloudLine:
    """A call of a service that a command makes, as far as the command says."""

    service: str
    operation: str
    access: str
    """ "read", "write", "delete", "permissions", "secret" (reads one) or "unknown"."""
    account: str = ""
    """A profile, project, context or subscription."""
    region: str = ""
    endpoint: str = ""
    """The address that the command names instead of the service's own."""


@frozen
class ExchangeLine:
    """One exchange as the ledger has it. `closed_at` is "" while it is open."""

    id: str
    parent: str
    opened_at: str
    closed_at: str
    kind: str
    client: str
    workspace: str
    tier: str
    summary: str
    ending: str
    outcome: str
    code: str
    reason: str
    guard: str
    approver: str
    upstream: str
    model_asked: str
    model: str
    calls: int
    status: int
    redactions: int
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    cost_pd: int | None = None
    unpriced: str = ""
    """Why there is no cost; "" when there is one or none is due."""
    remarks: list[RemarkLine] = field(factory=list[RemarkLine])
    findings: list[FindingLine] = field(factory=list[FindingLine])
    """At most fifty secrets; `redactions` counts all that were replaced."""
    cloud: list[CloudLine] = field(factory=list[CloudLine])
    """Of a command, whatever was decided of it; at most fifty."""


@frozen
class SpendRow:
    """One group of a spend report."""

    name: str
    calls: int
    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    cost_pd: int
    unpriced_calls: int
    unpriced_tokens: int


@frozen
class SpendReport:
    """Spend of the local days `first_day` to `last_day`, both counted; the rows add up to `total`."""

    first_day: str
    last_day: str
    timezone: str
    by: str
    """The dimension of the rows: "day", "model", "tier", "client", "workspace" or "key"."""
    total: SpendRow
    rows: list[SpendRow] = field(factory=list[SpendRow])


@frozen
class SecretFinding:
    """A secret in a text at characters `start:end`; `preview` never shows it."""

    type: str
    rule: str
    engine: str
    start: int
    end: int
    confidence: str
    preview: str = ""
    fingerprint: str = ""
    """Names the value, for an acceptance."""


@frozen
class AcceptRequest:
    """A person's word that a finding is none: the value of `secret`, or whatever `rule` finds. One of the two."""

    secret: str = ""
    """A placeholder or a fingerprint; never the secret itself."""
    called: str = ""
    """The placeholder, where `secret` is the fingerprint: lists show it."""
    rule: str = ""
    scope: str = ""
    """An absolute path: it holds in this folder, or in this file, and below. "" for everywhere."""
    expires_at: str = ""
    """ "" for an acceptance that does not end by itself."""
    note: str = ""
    by: str = ""
    """The face: "cli", "tui" or "editor"."""


@frozen
class AcceptanceLine:
    """What was accepted. `fingerprint` or `rule` is "", the other says what."""

    id: str
    fingerprint: str
    rule: str
    scope: str
    shown: str
    """What it was called when it was accepted: the placeholder of a value, or the rule."""
    state: str
    """ "live", "expired" or "revoked"."""
    made_at: str
    by: str
    note: str = ""
    expires_at: str = ""
    revoked_at: str = ""
    warning: str = ""
    """What the person should know, in the answer to the acceptance alone."""


@frozen
class KeyRequest:
    """What a virtual key is to stand for and may ask. An empty list permits everything."""

    name: str
    project: str = ""
    user: str = ""
    team: str = ""
    tags: list[str] = field(factory=list[str])
    tiers: list[str] = field(factory=list[str])
    models: list[str] = field(factory=list[str])
    """Names of models as they are asked of an upstream, `*` standing for any letters."""
    expires_at: str = ""
    """ "" for a key that never expires."""


@frozen
class NewKey:
    """A virtual key, its secret shown this once."""

    id: str
    name: str
    secret: str
    expires_at: str = ""
    """ "" for a key that never expires."""
    old_secret_until: str = ""
    """Until when the secret that this one replaces works on; "" where there is none or it has ended."""


@frozen
class KeyLine:
    """A virtual key without its secret."""

    id: str
    name: str
    created_at: str
    revoked_at: str = ""
    last_used_at: str = ""
    state: str = ""
    """ "live", "expired" or "revoked"."""
    expires_at: str = ""
    """ "" for a key that never expires."""
    old_secret_until: str = ""
    """Until when a secret from before the last rotation works on; "" where there is none."""
    project: str = ""
    user: str = ""
    team: str = ""
    tags: list[str] = field(factory=list[str])
    tiers: list[str] = field(factory=list[str])
    """The tiers that it may use; empty for all."""
    models: list[str] = field(factory=list[str])
    """The models that it may ask for; empty for all."""


@frozen
class Event:
    """One server-sent event. `name`: approval.opened, approval.closed, exchange.opened, exchange.closed, alert,
    budget.warning, secret.accepted, secret.revoked, call.attached, config.changed, placeholder.unknown,
    answer.secret, answer.unread, request.turned-away or failure; more may come.
    """

    name: str
    id: str
    """Of what it speaks of: an approval, an exchange, an alert, a budget's dimension, a code."""
    at: str
    text: str = ""
    """One line for people."""
