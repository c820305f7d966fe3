"""Stops an agent that calls models without end. Sub-agents that start each other make ten thousand calls in minutes."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass

from companion.model.exchange import Origin
from companion.model.verdict import Deny

RUNAWAY = "runaway"

QUIET_SECONDS = 60
"""So long an agent that ran away must not call, before it may again."""

MOST_AGENTS = 256
"""Agents that are remembered; of more, those that called last. Workspaces are the agents' choice."""

_MINUTE = 60.0
_HOUR = 3_600.0


class _Latest:
    """The times of the latest calls, as many as there may be within `seconds`."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._times = array("d")
        self._oldest = 0

    def are_too_many(self, now: float) -> bool:
        """Whether a call now would be one too many; never when none is too many."""
        return 0 < self._most == len(self._times) and now - self._times[self._oldest] < self._seconds

    def add(self, now: float) -> None:
        if len(self._times) < self._most:
            self._times.append(now)
        elif self._most:
            self._times[self._oldest] = now
            self._oldest = (self._oldest + 1) % self._most


@dataclass(slots=True)
class _Agent:
    minute: _Latest
    hour: _Latest
    called: float
    refusal: Deny | None = None


class RunawayBrake:
    """Counts model calls by key, client and workspace. An agent that ran away is refused until it has been quiet."""

    def __init__(self, per_minute: int, per_hour: int, seconds: Callable[[], float]) -> None:
        """How many calls there may be within any minute and any hour; 0 is off. `seconds` never goes back."""
        self._per_minute = per_minute
        self._per_hour = per_hour
        self._seconds = seconds
        self._agents: dict[tuple[str, str, str], _Agent] = {}

    def replace(self, per_minute: int, per_hour: int) -> None:
        """Other numbers from now on; where they are the same as before nothing changes, else all begins anew."""
        if (per_minute, per_hour) != (self._per_minute, self._per_hour):
            self._per_minute, self._per_hour = per_minute, per_hour
            self._agents.clear()

    def judge(self, origin: Origin) -> Deny | None:
        """Counts one model call, and says why it may not go on. To be asked once for each call."""
        if not self._per_minute and not self._per_hour:
            return None
        now = self._seconds()
        agent = self._agent((origin.key_id, origin.client, origin.workspace), now)
        quiet, agent.called = now - agent.called >= QUIET_SECONDS, now
        if agent.refusal and quiet:
            agent.refusal = None
            agent.minute, agent.hour = self._fresh()
        if agent.refusal is None:
            agent.refusal = self._refusal(agent, origin, now)
        if agent.refusal is None:
            agent.minute.add(now)
            agent.hour.add(now)
        return agent.refusal

    def _agent(self, name: tuple[str, str, str], now: float) -> _Agent:
        """Remembered as the latest."""
        agent = self._agents.pop(name, None) or _Agent(*self._fresh(), now)
        while len(self._agents) >= MOST_AGENTS:
            del self._agents[next(iter(self._agents))]
        self._agents[name] = agent
        return agent

    def _fresh(self) -> tuple[_Latest, _Latest]:
        return _Latest(self._per_minute, _MINUTE), _Latest(self._per_hour, _HOUR)

    def _refusal(self, agent: _Agent, origin: Origin, now: float) -> Deny | None:
        if agent.minute.are_too_many(now):
            most, stretch, key = self._per_minute, "a minute", "limits.runaway_per_minute"
        elif agent.hour.are_too_many(now):
            most, stretch, key = self._per_hour, "an hour", "limits.runaway_per_hour"
        else:
            return None
        who = origin.client if origin.client != "unknown" else "this agent"
        return Deny(
            RUNAWAY,
            f"{who} called models more than {most} times within {stretch}, as one does that runs without end, "
            f"so companion refuses its calls until it has been quiet for {QUIET_SECONDS} seconds",
            f"stop the agent, wait {QUIET_SECONDS} seconds and go on; if so many calls are meant, raise {key} in "
            "companion.toml (0 is off)",
        )
