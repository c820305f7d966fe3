"""Which gates a call has to pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from companion.gatekeeper.gate import Gate
from companion.model.budget import EACH
from companion.model.limit import Limit, LimitKind, LimitState
from companion.model.scope import Dimension, Subject

MOST_NAMES = 1_000
"""Of one dimension. Names are the agents' choice: their number must not be."""

SHARED = "…"
"""Stands for the names that share a gate."""


@dataclass(slots=True)
class _Names:
    """The gates of one dimension. Names beyond the most share the gate `rest`.

    While anybody is at the rest all new names go there: nobody has two gates.
    """

    own: dict[str, Gate] = field(default_factory=dict[str, Gate])
    rest: Gate | None = None


class Gates:
    """Every gate, made when a call needs it and forgotten when a new one would be the same."""

    def __init__(self, limits: Iterable[Limit]) -> None:
        self._limits = _by_name(limits)
        self._by = {dimension: _Names() for dimension in Dimension}

    def of(self, subject: Subject, now: float) -> tuple[Gate, ...]:
        """The gates that a call meets, in the order of Dimension."""
        met = (self._gate(dimension, subject[dimension], now) for dimension in self._limits)
        return tuple(gate for gate in met if gate is not None)

    def replace(self, limits: Iterable[Limit], now: float) -> None:
        """Other amounts for every gate, from now on. Calls keep the gates that they met."""
        self._limits = _by_name(limits)
        for dimension, names in self._by.items():
            for name, gate in names.own.items():
                gate.change(now, self._limit(dimension, name) or Limit(dimension, name))
            if names.rest:
                names.rest.change(now, self._limit(dimension, EACH) or Limit(dimension, EACH))
        for names in self._by.values():
            _forget_idle(names, now)

    def standing(self, now: float, waiting: Mapping[tuple[Gate, LimitKind], int]) -> list[LimitState]:
        """Every limit; of one for EACH, every name that uses some of it or waits. `waiting` has the calls that wait."""
        return [state for dimension in self._limits for state in self._standing(dimension, now, waiting)]

    def _standing(
        self, dimension: Dimension, now: float, waiting: Mapping[tuple[Gate, LimitKind], int]
    ) -> Iterator[LimitState]:
        names = self._by[dimension]
        limits = {name: self._limit(dimension, name) for name in self._limits[dimension] if name != EACH}
        named = {name: Gate(limit) for name, limit in limits.items() if limit}
        rest = [(SHARED, names.rest)] if names.rest else []
        for name, gate in [*sorted((named | names.own).items()), *rest]:
            for state in gate.standing(now):
                waits = waiting.get((gate, state.kind), 0)
                if name in named or state.used or waits:
                    yield replace(state, name=name, waiting=waits)

    def _gate(self, dimension: Dimension, name: str, now: float) -> Gate | None:
        names, limit = self._by[dimension], self._limit(dimension, name)
        if limit is None:
            return None
        if name not in names.own:
            if names.rest or len(names.own) >= MOST_NAMES:
                _forget_idle(names, now)
            if names.rest:
                return names.rest
            if len(names.own) >= MOST_NAMES and name not in self._limits[dimension]:
                names.rest = Gate(replace(limit, name=EACH))
                return names.rest
            names.own[name] = Gate(limit)
        return names.own[name]

    def _limit(self, dimension: Dimension, name: str) -> Limit | None:
        """What stands under the name, and for what does not, under EACH. None when nothing does."""
        limits = self._limits.get(dimension, {})
        own, each = limits.get(name), limits.get(EACH)
        if own is None or each is None:
            found = own or each
            return found and Limit(dimension, name, found.requests_per_minute, found.tokens_per_minute, found.parallel)
        return Limit(
            dimension,
            name,
            own.requests_per_minute or each.requests_per_minute,
            own.tokens_per_minute or each.tokens_per_minute,
            own.parallel or each.parallel,
        )


def _smaller(one: int | None, other: int | None) -> int | None:
    return min(one, other) if one and other else one or other


def _forget_idle(names: _Names, now: float) -> None:
    names.own = {name: gate for name, gate in names.own.items() if not gate.is_idle(now)}
    if names.rest and names.rest.is_idle(now):
        names.rest = None


def _by_name(limits: Iterable[Limit]) -> Mapping[Dimension, Mapping[str, Limit]]:
    """Without those that limit nothing, dimensions in their order. Of several for the same, the smallest amounts."""
    found: dict[Dimension, dict[str, Limit]] = {dimension: {} for dimension in Dimension}
    for limit in limits:
        if limit.requests_per_minute or limit.tokens_per_minute or limit.parallel:
            before = found[limit.dimension].get(limit.name, limit)
            found[limit.dimension][limit.name] = Limit(
                limit.dimension,
                limit.name,
                _smaller(before.requests_per_minute, limit.requests_per_minute),
                _smaller(before.tokens_per_minute, limit.tokens_per_minute),
                _smaller(before.parallel, limit.parallel),
            )
    return {dimension: names for dimension, names in found.items() if names}
