"""What the reading screen and the detail panes say about one thing: (label, text) pairs, texts already plain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from textual.content import Content

from companion.contract.types import (
    AlertState,
    Approval,
    CloudLine,
    ExchangeLine,
    FindingLine,
    IndexLine,
    Status,
    UpstreamLine,
)
from companion_tui import limits
from companion_tui.aim import SEEN_AFTER
from companion_tui.show import count, moment_of, money, one_line, plain, plural, verdict
from companion_tui.standing import in_full, longest_first, rests, served, why_it_rests

Paragraphs = list[tuple[str, str]]
"""A label of "" makes the text stand across the whole width; a pair without text is left out."""

LONGEST = 20_000
"""Characters of an action that are drawn; a longer one cannot be judged, so it cannot be approved here."""

_NAMED = 5
_STATES = {
    "new": "nobody has approved it before",
    "same": "as it was when it was last approved",
    "changed": "changed since it was last approved (enter shows how)",
}
_ALERT_SYMBOLS = {"page": "▲", "warn": "!", "info": "i"}


def whole(approval: Approval) -> str:
    """The action's text as it is drawn."""
    text = plain(approval.what[:LONGEST])
    over = len(approval.what) - LONGEST
    return f"{text}\n… and {plural(over, 'more character')}: too long to judge here" if over > 0 else text


def marked(approval: Approval) -> Content:
    """As `whole`, what asks in it underlined."""
    text = whole(approval)
    content = Content(text)
    if plain(approval.what[:LONGEST]) != approval.what[:LONGEST]:
        return content
    for effect in approval.effects:
        if effect.reason and 0 <= effect.start < effect.end <= len(approval.what):
            content = content.stylize("underline", effect.start, effect.end)
    return content


def deletes(approval: Approval) -> str:
    """How many files would be gone, and the first of them; "" for none."""
    found = approval.deletes
    if found is None:
        return ""
    least = "" if found.complete else "at least "
    first = ", ".join(one_line(name) for name in found.names[:_NAMED])
    more = f", and {least}{count(found.files - _NAMED)} more" if found.files > _NAMED else ""
    return f"{least}{plural(found.files, 'file')}: {first}{more}"


def runs(approval: Approval) -> str:
    """The scripts, and whether somebody has approved them before; "" for none."""
    return "\n".join(
        f"{one_line(script.path)}: {_STATES.get(script.state, script.state)}" for script in approval.scripts
    )


def _deleted(approval: Approval) -> str:
    found = approval.deletes
    if found is None:
        return ""
    more = found.files - len(found.names)
    rest = [f"and {'' if found.complete else 'at least '}{count(more)} more"] if more > 0 else []
    return "\n".join(
        [
            f"{count(found.bytes)} {'byte' if found.bytes == 1 else 'bytes'} in {plural(found.files, 'file')}",
            *map(one_line, found.names),
            *rest,
        ]
    )


def _effects(approval: Approval) -> str:
    told = (
        f"{one_line(each.kind)} {one_line(each.target)}".rstrip() + (f": {plain(each.reason)}" if each.reason else "")
        for each in approval.effects
    )
    return "\n".join(dict.fromkeys(told))


def origin(approval: Approval) -> str:
    """Who asks, in which tier, and where."""
    workspace = one_line(approval.workspace) or "a workspace that nobody named"
    return f"{one_line(approval.client)}, {one_line(approval.tier)} tier, in {workspace}"


def of_approval(approval: Approval, now: datetime) -> Paragraphs:
    """Times are in the zone of `now`."""
    return [
        ("", whole(approval)),
        ("Deletes", _deleted(approval)),
        *(
            (f"Runs {one_line(each.path)}", f"{_STATES.get(each.state, '')}\n{plain(each.shown)}".rstrip())
            for each in approval.scripts
        ),
        ("With", plain("\n".join(approval.environment))),
        ("Effects", _effects(approval)),
        ("Why", f"{plain(approval.reason)} ({one_line(approval.code)})"),
        ("Hint", plain(approval.hint)),
        ("From", origin(approval)),
        ("Folder", one_line(approval.cwd)),
        ("Asked", moment_of(approval.asked_at, now)),
        ("Expires", moment_of(approval.expires_at, now)),
        ("Approval", one_line(approval.id)),
        ("Exchange", one_line(approval.exchange)),
        ("Digest", one_line(approval.digest)),
    ]


def no_reason(line: ExchangeLine) -> str:
    """What stands for a reason where the ledger has none."""
    if not line.closed_at:
        return "still open"
    return "no guard objected" if line.outcome == "allow" else one_line(line.code)


def measures(line: ExchangeLine) -> list[str]:
    """What is worth one line below the list, in parts: code, model, tokens, cost, secrets, who answered."""
    served = "/".join(one_line(part) for part in (line.upstream, line.model) if part)
    prompt = line.input_tokens + line.cache_read_tokens + line.cache_write_tokens
    return [
        part
        for part in (
            one_line(line.code) if line.code != "allowed" else "",
            served,
            f"{count(prompt)} tokens in, {count(line.output_tokens)} out" if prompt or line.output_tokens else "",
            money(line.cost_pd) if line.cost_pd is not None else "",
            f"unpriced: {one_line(line.unpriced)}" if line.unpriced else "",
            plural(line.redactions, "secret") + " kept back" if line.redactions else "",
            f"answered by {one_line(line.approver)}" if line.approver else "",
        )
        if part
    ]


def of_exchange(line: ExchangeLine, now: datetime) -> Paragraphs:
    """Times are in the zone of `now`."""
    remarks = "\n".join(
        f"{one_line(each.guard)}: {one_line(each.outcome)} {one_line(each.code)}\n  {plain(each.reason)}".rstrip()
        for each in line.remarks
    )
    return [
        ("", plain(line.summary)),
        ("Verdict", str(verdict(line))),
        ("Why", plain(line.reason) or no_reason(line)),
        ("Decided by", one_line(line.guard)),
        ("Code", one_line(line.code)),
        ("Remarks", remarks),
        ("Answered by", one_line(line.approver)),
        ("Client", f"{one_line(line.client)}, {one_line(line.tier)} tier"),
        ("Workspace", one_line(line.workspace)),
        ("Model", f"{one_line(line.model)} (asked for: {one_line(line.model_asked)})" if line.model else ""),
        ("Upstream", one_line(line.upstream)),
        (
            "Tokens",
            " · ".join(
                f"{number:,} {name}"
                for number, name in (
                    (line.input_tokens, "in"),
                    (line.cache_read_tokens, "cache read"),
                    (line.cache_write_tokens, "cache write"),
                    (line.output_tokens, "out"),
                )
                if number
            ),
        ),
        ("Cost", money(line.cost_pd) if line.cost_pd is not None else one_line(line.unpriced)),
        ("Secrets", plural(line.redactions, "secret") + " kept back" if line.redactions else ""),
        ("Found", "\n".join(map(_found, line.findings))),
        ("Cloud", "\n".join(map(_called, line.cloud))),
        ("Opened", moment_of(line.opened_at, now)),
        ("Closed", moment_of(line.closed_at, now) or "still open"),
        ("Exchange", one_line(line.id)),
        ("Asked for by", one_line(line.parent)),
    ]


def _found(finding: FindingLine) -> str:
    said = (finding.placeholder, finding.confidence, f"{finding.rule} ({finding.engine})")
    return "  ".join(map(one_line, said)) + (f", {finding.times} times" if finding.times > 1 else "")


def _called(call: CloudLine) -> str:
    where = (call.account, call.region, call.endpoint)
    said = (f"{call.service} {call.operation}".strip(), call.access, *(one for one in where if one))
    return "  ".join(map(one_line, said))


def of_alerts(alerts: Sequence[AlertState], now: datetime) -> Paragraphs:
    """Times are in the zone of `now`."""
    if not alerts:
        return [("", "No alert is firing.")]
    return [
        (
            f"{alert_symbol(each)} {one_line(each.severity)}",
            f"{one_line(each.name)}, since {moment_of(each.since, now)}\n{plain(each.summary)}"
            + (f"\n→ {plain(each.todo)}" if each.todo else ""),
        )
        for each in alerts
    ]


def alert_symbol(alert: AlertState) -> str:
    """An unknown severity looks like the gravest."""
    return _ALERT_SYMBOLS.get(alert.severity, "▲")


def of_status(status: Status | None, answered_at: datetime) -> Paragraphs:
    """`answered_at` is when the daemon said so; times are in its zone."""
    if status is None:
        return [("", "The daemon has not answered yet.")]
    clients = "\n".join(
        f"{one_line(seen.client)}: {plural(seen.exchanges, 'exchange')}, last {moment_of(seen.last_at, answered_at)}"
        for seen in status.clients
    )
    return [
        ("Version", f"{one_line(status.version)} (control API {one_line(status.api)})"),
        ("Process", f"{status.pid}, since {moment_of(status.started_at, answered_at)}"),
        ("Home", one_line(status.home)),
        ("Gateway", one_line(status.gateway)),
        ("Tiers", _table(status.tiers)),
        ("Upstreams", _table(status.upstreams)),
        ("Resting", "\n".join(_resting(line, answered_at) for line in longest_first(status.resting))),
        ("Budgets", "\n".join(in_full(line, answered_at) for line in status.budgets)),
        ("Limits", _limits(status)),
        ("Waiting", f"{plural(status.waiting, 'call')} at a limit" if status.waiting else ""),
        ("Engines", _table(status.engines)),
        ("Ignored text", "\n".join(_index(line) for line in status.indexes)),
        ("Clients", clients or "none came through the gateway yet"),
    ]


def _index(line: IndexLine) -> str:
    known = f"{plural(line.files, 'file')}, {line.bytes / 1e6:.1f} MB recognised"
    told = {"ready": known, "building": f"building, {line.percent} %", "failed": f"failed: {plain(line.failure)}"}
    said = f"{one_line(line.workspace)}: {told.get(line.state, one_line(line.state))}"
    return "\n".join([said, *(f"  not: {one_line(left)}" for left in line.left_out)])


def _resting(line: UpstreamLine, answered_at: datetime) -> str:
    return ", ".join(
        part for part in (f"{served(line)}: {rests(line, answered_at)}", why_it_rests(line, answered_at)) if part
    )


def _limits(status: Status) -> str:
    lines = [limits.in_full(line) for line in limits.pressing_first(status.limits)]
    if status.limits_left_out:
        lines.append(f"and {plural(status.limits_left_out, 'more limit')}, less used")
    return "\n".join(lines)


def _table(pairs: dict[str, str]) -> str:
    return "\n".join(f"{one_line(name)}: {one_line(value)}" for name, value in pairs.items()) or "none"


HELP: Paragraphs = [
    (
        "",
        "Agents ask here before anything dangerous runs. Every call is counted, every verdict has its reason.",
    ),
    ("a", "approve the highlighted approval: the action runs once"),
    ("A R", "approve the same for this session; this command in this workspace from now on (companion rules list)"),
    ("d", "deny it; you may type a reason, which the model sees"),
    ("enter", "read the highlighted row in full"),
    ("esc", "put away the highlighted approval when it is gone"),
    ("j k ↓ ↑", "next and previous row; home and end for the first and last"),
    ("1 2 tab", "go to approvals, to exchanges, to the other one"),
    ("v", "what was found in the highlighted exchange; there v accepts a value, w a rule where the agent works"),
    ("e", "all that is accepted; there x takes it back"),
    ("/", "filter the exchanges by words; esc clears"),
    ("!", "all firing alerts and what to do about each"),
    ("s", "the daemon: gateway, tiers, upstreams, all budgets and limits, secret engines, agents seen"),
    ("r", "fetch everything again, or try to connect now"),
    ("ctrl+p", "command palette, with themes"),
    ("q", "quit; the daemon goes on"),
    (
        "Safety",
        f"A key answers only what was in view for {SEEN_AFTER} seconds and to its end, and exactly that, once.",
    ),
    ("Commands", "companion pending, approve ID, deny ID, spend, log, accept"),
]
