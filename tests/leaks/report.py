"""Runs the leak lab and writes docs/leaks.md.

    python -m tests.leaks.report [--check]

Needs the three agents, as tests/clients does. `--check` writes nothing and ends with 1 where something leaks.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from tests.leaks.lab import ACTIONS, AGENTS, Action, Outcome, run
from tests.support.agents import install

PAGE = Path(__file__).parents[2] / "docs" / "leaks.md"

HEAD = """# The leak lab

What agents are known to have leaked, played again with the agents themselves: Cline, Claude Code and Codex as npm has
them, a scripted model, and a workspace in which every file has a text that stands nowhere else. Each agent does every
action twice, on a file that is ignored and on a twin that is not, once straight to the model and once with companion.
Any line of a file in any request counts as a leak. Nobody answers approvals.

`python -m tests.leaks.report` makes this page; `pytest -m agents tests/leaks` holds companion to it.

| the text of an ignored file, by | complaint | {agents} |
|---|---|{rules}
"""

TAIL = """
Each cell: without companion, then with it, then the twin with it. "n/a" stands where the agent has no such tool, or
leaves the mention as it is. "asks" means that a person is asked before the twin is touched, because companion cannot
tell what the action does; the lab has no person, so it was refused. "refused" is over-blocking.

{sums}
"""


def cell(action: Action, before: Outcome, after: Outcome) -> str:
    name = action.name
    if not before.ignored[name] and not before.allowed[name]:
        return "n/a"
    first = "leaks" if before.ignored[name] else "held by the agent"
    second = "LEAKS" if after.ignored[name] else "holds"
    twin = "works" if after.allowed[name] else "asks" if name in after.asked else "refused"
    return f"{first}, {second}, {twin}"


def overblocked(before: Outcome, after: Outcome) -> set[str]:
    """Actions whose twin came to the model without companion, and with it neither did nor waited for a person."""
    return {
        action.name
        for action in ACTIONS
        if before.allowed[action.name] and not after.allowed[action.name] and action.name not in after.asked
    }


def page(results: Mapping[str, tuple[Outcome, Outcome]]) -> str:
    head = HEAD.format(agents=" | ".join(results), rules="---|" * len(results))
    rows = [
        " | ".join([f"| {action.what}", action.leaked, *(cell(action, *both) for both in results.values())]) + " |"
        for action in ACTIONS
    ]
    leaks = [sum(sum(one.ignored.values()) for one in ones) for ones in zip(*results.values(), strict=True)]
    over = sum(len(overblocked(*both)) for both in results.values())
    sums = f"Leaks without companion: {leaks[0]}. With it: {leaks[1]}. Over-blocked twins: {over}."
    return head + "\n".join(rows) + "\n" + TAIL.format(sums=sums)


def main() -> int:
    programs = install()
    if isinstance(programs, str):
        sys.stdout.write(programs)
        return 2
    results = {name: (run(name, programs, protected=False), run(name, programs, protected=True)) for name in AGENTS}
    text = page(results)
    if "--check" not in sys.argv:
        PAGE.write_text(text)
    sys.stdout.write(text)
    return int(any(any(after.ignored.values()) for _, after in results.values()))


if __name__ == "__main__":
    sys.exit(main())
