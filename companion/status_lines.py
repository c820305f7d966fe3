"""How budgets, limits and upstreams stand, as `status` tells of them."""

from __future__ import annotations

import math

from companion.contract.types import BudgetLine, LimitLine, UpstreamLine
from companion.model.budget import BudgetState
from companion.model.limit import LimitState
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
    return UpstreamLine(lane.upstream, lane.model, lane.state, math.ceil(lane.seconds))
