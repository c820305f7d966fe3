"""The work that reading one command may cost, so that no command can keep the daemon busy."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from companion.model.facts import Effect, EffectKind
from companion.policy.shell.source import LONGEST, Unclear

# The grammar's error recovery is quadratic in the tokens it sees: 1,000 take some 50 ms at worst.
_MOST_TOKENS = 1000
_MOST_COMMANDS = 128
_MOST_VISITS = 12_000
_DEEPEST_SCRIPT = 8
_MOST_CODE = 40_000
_ODD_NAME = re.compile(r"[\s'\"\\]")


@dataclass(slots=True)
class Budget:
    """Shared by a command and the scripts inside it, with what was found before it ran out."""

    effects: list[Effect] = field(default_factory=list[Effect])
    commands: int = _MOST_COMMANDS
    """Programs that may still be judged."""
    visits: int = _MOST_VISITS
    """Nodes of the tree that may still be looked at; those in a loop count each time."""
    tokens: int = _MOST_TOKENS
    characters: int = LONGEST
    scripts: int = _DEEPEST_SCRIPT
    """How many more scripts may stand inside each other."""
    code: int = _MOST_CODE
    """Characters of other languages that may still be read."""
    pending: list[Effect] = field(default_factory=list[Effect])
    """Effects that there are only where a program runs that is not among the plainest, wherever it stands."""
    plain: bool = True
    """Whether no such program was met."""
    unexported: list[Effect] = field(default_factory=list[Effect])
    """Effects that there are only where a program runs that may look at a variable which is exported already."""
    tame: bool = True
    """Whether no such program was met."""
    look: Callable[[str], str | None] | None = None
    """The text of a file of the project, by its path as effects name it."""

    def spend(self, *, commands: int = 0, visits: int = 0, tokens: int = 0, characters: int = 0) -> None:
        """Raises Unclear when there is less left than that."""
        self.commands -= commands
        self.visits -= visits
        self.tokens -= tokens
        self.characters -= characters
        if min(self.commands, self.visits, self.tokens, self.characters) < 0:
            raise Unclear("over-budget")

    def affords(self, code: int) -> bool:
        """Takes so much code from what may be read, where there is as much."""
        if code > self.code:
            return False
        self.code -= code
        return True

    def wrote_odd_name(self) -> bool:
        """Whether a file may have come to a name of which a list makes several, or another."""
        writes = (one for one in self.effects if one.kind is EffectKind.WRITE)
        return any(_ODD_NAME.search(one.target) for one in writes)

    def visit(self) -> None:
        """As `spend(visits=1)`."""
        self.visits -= 1
        if self.visits < 0:
            raise Unclear("over-budget")
