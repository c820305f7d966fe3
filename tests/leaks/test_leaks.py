"""What agents leak without companion stays with it, and the same actions on files that may be read still work."""

from __future__ import annotations

import pytest

from tests.clients.test_agents import programs  # noqa: F401 - a fixture
from tests.leaks.lab import ACTIONS, AGENTS, run
from tests.leaks.report import overblocked, page

pytestmark = [pytest.mark.agents, pytest.mark.slow]


@pytest.mark.parametrize("agent", AGENTS)
def test_nothing_ignored_leaves_and_the_twins_still_work(programs, agent):  # noqa: F811
    before = run(agent, programs, protected=False)
    assert sum(before.ignored.values()) >= len(ACTIONS) // 2, "the lab shows what leaks"
    after = run(agent, programs, protected=True)
    assert not any(after.ignored.values()), after
    assert not overblocked(before, after), after
    assert "LEAKS" not in page({agent: (before, after)})
