"""May this command run: it may when all of it is understood and nothing of it needs a person's word."""

from __future__ import annotations

from collections.abc import Iterator

from companion.model.action import Action, ShellCommand
from companion.model.facts import Effect, EffectKind, Facts
from companion.model.policy import CommandLevel
from companion.model.verdict import PASS, Allow, Ask, Verdict
from companion.policy.shell.effects import GLOB, NAMES, TREE, is_harmless, only_looks
from companion.policy.shell.rules import danger
from companion.policy.shell.secretfiles import may_hold_secrets

_ASKED = frozenset(
    {EffectKind.UNKNOWN, EffectKind.CHANGE, EffectKind.NETWORK, EffectKind.PRIVILEGE, EffectKind.DELETE}
    | {EffectKind.INSTALL, EffectKind.PROCESS, EffectKind.LEAK}
)


def commands(action: Action, facts: Facts) -> Verdict:
    """Judges a ShellCommand by `facts.effects`, and by `facts.paths` for what they read and write.

    A path without facts counts as one that nobody looked at, and is asked about.
    """
    if not isinstance(action, ShellCommand) or not action.command.strip():
        return PASS
    if not facts.effects:
        return Ask("no-effects", "nobody can say what this command does", "run a command that is known")
    asks = [(_urgency(effect), ask) for effect in _effects(facts) if (ask := _judge(effect, facts)) is not None]
    if asks:
        return _join([ask for _, ask in sorted(asks, key=lambda pair: pair[0])])
    if any(effect.kind is EffectKind.WRITE and not is_harmless(effect) for effect in facts.effects):
        return Allow("command-writes-inside", "writes only files in the workspace that may be written")
    return Allow("command-reads-only", "only reads, and only what may be read")


def _effects(facts: Facts) -> Iterator[Effect]:
    """Facts about a glob speak of all that it matches, so the folder in which it starts adds nothing to them."""
    judged = {
        (effect.start, effect.end) for effect in facts.effects if effect.code == GLOB and effect.target in facts.paths
    }
    for effect in facts.effects:
        if effect.code != TREE or (effect.start, effect.end) not in judged:
            yield effect


def _urgency(effect: Effect) -> tuple[int, int]:
    return danger(effect), effect.start


def _join(asks: list[Ask]) -> Ask:
    """The first, with a word on the others."""
    first = asks[0]
    others = list(dict.fromkeys(ask.code for ask in asks if ask.code != first.code))
    return Ask(first.code, f"{first.reason} (also: {', '.join(others)})" if others else first.reason, first.hint)


def _judge(effect: Effect, facts: Facts) -> Ask | None:
    if effect.kind in _ASKED or (effect.kind is EffectKind.CLOUD and not only_looks(effect)):
        return Ask(effect.code or effect.kind.value, effect.reason or f"{effect.kind}: {effect.target}", effect.hint)
    if is_harmless(effect):
        return None
    if effect.kind is EffectKind.READ:
        return _judge_read(effect, facts)
    if effect.kind is EffectKind.WRITE:
        return _judge_write(effect, facts)
    return (
        None
        if effect.kind in {EffectKind.RUN, EffectKind.CLOUD}
        else Ask("no-effects", f"nobody can say what {effect.kind} means")
    )


def _judge_read(effect: Effect, facts: Facts) -> Ask | None:
    target, path = effect.target, facts.paths.get(effect.target)
    if path is None:
        return Ask("path-not-judged", f"nobody looked at what {target} is", "name a file in the workspace")
    if not path.inside:
        return Ask("reads-outside", f"{target} lies outside of the workspace", "read files of the workspace only")
    listed = effect.code == NAMES and path.ignored is not None and not path.ignored.denied
    if path.ignored is not None and not listed:
        rule = f"{path.ignored.source}:{path.ignored.line} {path.ignored.pattern}"
        return Ask("reads-ignored", f"{target} is or holds what {rule} excludes", "name files that are not ignored")
    if effect.code not in {NAMES, TREE} and may_hold_secrets(target):
        return Ask("reads-secrets", f"{target} is where people keep secrets", "ask for the one value that is needed")
    return None


def _judge_write(effect: Effect, facts: Facts) -> Ask | None:
    target, path = effect.target, facts.paths.get(effect.target)
    if path is None:
        return Ask("path-not-judged", f"nobody looked at what {target} is", "name a file in the workspace")
    if not path.inside:
        return Ask("writes-outside", f"{target} lies outside of the workspace", "write inside of the workspace")
    if path.privileged:
        return Ask("writes-privileged", f"a write to {target}: {path.privileged}", "leave this file to the person")
    if path.ignored is not None:
        rule = f"{path.ignored.source}:{path.ignored.line} {path.ignored.pattern}"
        return Ask("writes-ignored", f"{target} is excluded by {rule}", "write files that are not ignored")
    if facts.policy.commands is CommandLevel.STRICT:
        return Ask("writes-file", f"{target} would be written", "use the agent's own edit tool")
    return None
