"""Which tier serves a call that asks for `companion/auto`: declared rules on what the call is, each with its words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from companion.model.action import Tier


class Complexity(StrEnum):
    """How much of a model a call needs."""

    SIMPLE = "simple"
    MODERATE = "moderate"
    COMPLEX = "complex"


@dataclass(frozen=True, slots=True)
class AutoRules:
    """The thresholds and what they lead to. The defaults are what a user gets who configures nothing."""

    enabled: bool = True
    simple_tokens: int = 2_000
    """A call of fewer estimated tokens that offers no tools is simple."""
    complex_tokens: int = 100_000
    """A call of this many estimated tokens or more is complex."""
    complex_files: int = 8
    """A call that speaks of this many files or more is complex."""
    complex_words: tuple[str, ...] = ("architecture", "design", "migrate", "race condition", "refactor", "security")
    """What a person says who wants the better model, in any case."""
    simple_tier: Tier = Tier.SMALL
    moderate_tier: Tier = Tier.ACT
    complex_tier: Tier = Tier.PLAN

    def tier(self, complexity: Complexity) -> Tier:
        match complexity:
            case Complexity.SIMPLE:
                return self.simple_tier
            case Complexity.MODERATE:
                return self.moderate_tier
            case Complexity.COMPLEX:
                return self.complex_tier


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, and the rule that chose it."""

    complexity: Complexity
    tier: Tier
    code: str
    reason: str


_LETTERS_A_TOKEN = 4
_FILE = re.compile(r"(?<![\w/.-])(?:[\w.-]+/)*[\w-]+\.[A-Za-z][A-Za-z0-9]{0,5}(?![\w/])")


def choose(rules: AutoRules, letters: int, tools: Sequence[str], words: str) -> Choice:
    """`letters` is the size of the whole prompt in characters, `words` what the person said last."""
    tokens = letters // _LETTERS_A_TOKEN
    said = words.lower()
    spoken = next((word for word in rules.complex_words if re.search(rf"\b{re.escape(word)}", said)), "")
    files = len(set(_FILE.findall(words)))
    if spoken:
        return _chosen(rules, Complexity.COMPLEX, "auto-words", f'the request says "{spoken}"')
    if tokens >= rules.complex_tokens:
        return _chosen(rules, Complexity.COMPLEX, "auto-size", f"about {tokens} tokens")
    if files >= rules.complex_files:
        return _chosen(rules, Complexity.COMPLEX, "auto-files", f"it speaks of {files} files")
    if not tools and tokens < rules.simple_tokens:
        return _chosen(rules, Complexity.SIMPLE, "auto-small", f"about {tokens} tokens and no tools")
    return _chosen(rules, Complexity.MODERATE, "auto-ordinary", f"about {tokens} tokens, {len(tools)} tools")


def _chosen(rules: AutoRules, complexity: Complexity, code: str, why: str) -> Choice:
    tier = rules.tier(complexity)
    return Choice(complexity, tier, code, f"{why}, so this is {complexity} and the tier {tier} serves it")
