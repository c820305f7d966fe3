"""What effects say, for those who decide on them.

The code of a READ says what is read of its target: "" the file's content; "names" no content, but that it exists,
and the names below it; "glob" the content of what the pattern matches; "tree" the content of every file below a
folder (the target then ends in "/", so that facts about a tree are never taken for facts about its folder);
"tracked" the content that the repository in that folder keeps of it. Beside each "glob" stands a "tree" for the
folder in which the pattern starts, for whoever cannot match patterns.
"""

from __future__ import annotations

from collections.abc import Iterable

from companion.model.facts import Access, Effect, EffectKind
from companion.policy.shell.rules import danger

NAMES = "names"
GLOB = "glob"
TREE = "tree"
TRACKED = "tracked"

_SOURCES = frozenset({"/dev/null", "/dev/stdin"})
_SINKS = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr"})


def is_harmless(effect: Effect) -> bool:
    """Whether a read or write concerns nobody's file: a standard stream or a null device."""
    if effect.kind is EffectKind.READ:
        return effect.target in _SOURCES
    return effect.kind is EffectKind.WRITE and effect.target in _SINKS


def only_looks(effect: Effect) -> bool:
    """Whether a call of a service changes nothing there."""
    return effect.kind is EffectKind.CLOUD and effect.call is not None and effect.call.access is Access.READ


def most_dangerous(effects: Iterable[Effect]) -> Effect | None:
    """The one to tell a person first; of equals the one that stands first in the command."""
    return min(effects, key=lambda effect: (danger(effect), effect.start), default=None)


def changes_something(effects: Iterable[Effect]) -> Effect | None:
    """The most dangerous effect that changes, or may change, anything at all; None when the command only reads."""
    reading = {EffectKind.READ, EffectKind.RUN}
    return most_dangerous(
        effect
        for effect in effects
        if effect.kind not in reading and not is_harmless(effect) and not only_looks(effect)
    )
