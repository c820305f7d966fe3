"""What rooms know of budgets, limits, upstreams and secrets, as the control API tells it."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from companion.contract.types import BudgetLine, IndexLine, LimitLine, SecretFinding, UpstreamLine
from companion.model.budget import BudgetState
from companion.model.facts import Finding
from companion.model.limit import LimitState
from companion.policy.display import one_line
from companion.scan.fingerprints.ground import Ground
from companion.upstream.lanes import LaneState


def budget_line(state: BudgetState) -> BudgetLine:
    return BudgetLine(
        dimension=state.dimension,
        name=state.name,
        window=state.window,
        limit_pd=state.limit,
        spent_pd=state.spent,
        reserved_pd=state.reserved,
        resets_at=state.resets_at.isoformat(),
    )


def limit_line(state: LimitState) -> LimitLine:
    return LimitLine(
        dimension=state.dimension,
        name=state.name,
        kind=state.kind,
        amount=state.amount,
        at_once=state.at_once,
        used=state.used,
        waiting=state.waiting,
    )


def upstream_line(lane: LaneState) -> UpstreamLine:
    return UpstreamLine(
        upstream=lane.upstream,
        model=lane.model,
        state=lane.state,
        seconds=math.ceil(lane.seconds),
        cause=lane.cause,
        since=datetime.fromtimestamp(lane.since, UTC).isoformat(timespec="seconds") if lane.since else "",
    )


def finding_line(finding: Finding) -> SecretFinding:
    return SecretFinding(
        type=finding.type,
        rule=finding.rule,
        engine=finding.engine,
        start=finding.start,
        end=finding.end,
        confidence=finding.confidence,
        preview=finding.placeholder,
        fingerprint=finding.fingerprint,
    )


def index_line(ground: Ground) -> IndexLine:
    header = ground.index.header if ground.index else None
    state = "building" if ground.building else "failed" if ground.failure else "ready" if header else "building"
    left_out = header.left_out.items() if header else ()
    return IndexLine(
        workspace=one_line(ground.job.workspace),
        state=state,
        percent=ground.percent if state == "building" else 100,
        files=len(header.sources) if header else 0,
        bytes=header.bytes if header else 0,
        left_out=[f"{left.files:,} times {reason}, such as {one_line(left.example)}" for reason, left in left_out],
        failure=one_line(ground.failure),
    )
