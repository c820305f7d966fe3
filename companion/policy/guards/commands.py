"""May this command run: it may when all of it is understood and nothing of it needs a person's word."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from companion.model.action import Action, ShellCommand
from companion.model.facts import Effect, EffectKind, Facts
from companion.model.policy import CommandLevel, WebReads
from companion.model.verdict import PASS, Allow, Ask, Deny, Verdict
from companion.policy.outgoing import is_local, is_trusted
from companion.policy.plain import plain_words
from companion.policy.rulebook import BadRule, Rule, read_rule
from companion.policy.shell.effects import (
    AT_ROOT,
    DEEP_DELETE,
    GLOB,
    LOOKS,
    NAMES,
    PLACE,
    RUNS_BY_ITSELF,
    TREE,
    is_device,
    is_harmless,
    is_system_file,
    is_temporary,
    only_looks,
)
from companion.policy.shell.gitpush import EVERYTHING
from companion.policy.shell.rules import danger
from companion.policy.shell.secretfiles import may_hold_secrets

_PUSHES = frozenset({"git-push", "git-push-force", "git-tag-move"})
_HOSTS = "read what the workspace has, or name the host in policy.trusted_hosts"
_HOME = "run tests and builds of the workspace only"
_TAKEN_BACK = "make sure that it lies in the workspace, or ask the person to do this by hand"


def commands(action: Action, facts: Facts) -> Verdict:
    """Judges a ShellCommand by `facts.effects`, by `facts.paths` for what they read and write, and by the user's rules.

    A path without facts counts as one that nobody looked at, and is asked about. A denial stays one, whatever else
    allows; what the level OBSERVE would hold is allowed, with the code and the reason of holding it.
    """
    if not isinstance(action, ShellCommand) or not action.command.strip():
        return PASS
    verdict = _judge_all(action, facts)
    if facts.policy.commands is CommandLevel.OBSERVE and isinstance(verdict, Ask | Deny):
        would = "deny" if isinstance(verdict, Deny) else "ask about"
        return Allow(verdict.code, f"only observed; the level standard would {would} this: {verdict.reason}")
    return verdict


def _judge_all(action: ShellCommand, facts: Facts) -> Verdict:
    if not facts.effects:
        return Ask("no-effects", "nobody can say what this command does", "run a command that is known")
    try:
        rules = [rule for rule in map(read_rule, facts.policy.rules) if rule.holds_in(facts.origin.workspace)]
    except BadRule as bad:
        return Ask("bad-rule", f"a rule of the policy cannot be read: {bad}", "type: companion config check")
    words = plain_words(action.command) if rules else ()
    found: list[tuple[tuple[int, int], Ask | Deny]] = []
    for effect in _effects(facts):
        verdict = _by_rules(effect, rules, words, facts)
        if verdict is not None:
            found.append((_urgency(effect), verdict))
    denials = [pair for pair in found if isinstance(pair[1], Deny)]
    if found:
        return _join([verdict for _, verdict in sorted(denials or found, key=lambda pair: pair[0])])
    kinds = {effect.kind for effect in facts.effects if not is_harmless(effect) and effect.code not in LOOKS}
    if kinds & {EffectKind.EXECUTE, EffectKind.GIT, EffectKind.DELETE}:
        return Allow("command-in-project", "stays in the project, and can be taken back")
    if EffectKind.WRITE in kinds:
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


def _join(found: list[Ask | Deny]) -> Ask | Deny:
    """The first, with a word on the others."""
    first = found[0]
    others = list(dict.fromkeys(one.code for one in found if one.code != first.code))
    reason = f"{first.reason} (also: {', '.join(others)})" if others else first.reason
    return type(first)(first.code, reason, first.hint)


def _by_rules(effect: Effect, rules: list[Rule], words: tuple[str, ...], facts: Facts) -> Ask | Deny | None:
    """Of the user's rules a denial counts before a question and that before a yes, and no yes undoes a denial."""
    own = _judge(effect, facts)
    path = facts.paths.get(effect.target)
    matching = [rule for rule in rules if rule.matches(effect, words, path.resolved if path else "")]
    for verdict, kind in (("deny", Deny), ("ask", Ask)):
        for rule in matching:
            if rule.verdict == verdict and not isinstance(own, Deny):
                return kind(
                    "policy-rule", f"your rule says so: {rule.text}", "see them: companion config explain policy.rules"
                )
    if matching and not isinstance(own, Deny) and not (path is not None and path.privileged):
        return None
    return own


def _judge(effect: Effect, facts: Facts) -> Ask | Deny | None:
    strict = facts.policy.commands is CommandLevel.STRICT
    if effect.code in LOOKS and facts.policy.web_reads is WebReads.ASK and not _is_near(effect.target, facts):
        return Ask(effect.code, effect.reason or f"this asks {effect.target}", _HOSTS)
    if (
        effect.code in LOOKS
        or only_looks(effect)
        or (effect.code in RUNS_BY_ITSELF and not strict and effect.kind is not EffectKind.DELETE)
    ):
        return None
    if is_harmless(effect):
        return None
    match effect.kind:
        case EffectKind.READ:
            return _judge_read(effect, facts)
        case EffectKind.WRITE:
            return _judge_write(effect, facts)
        case EffectKind.DELETE:
            return _judge_delete(effect, facts)
        case EffectKind.GIT if effect.code in _PUSHES:
            return _judge_push(effect, facts)
        case EffectKind.RUN:
            return None
        case _:
            return Ask(
                effect.code or effect.kind.value, effect.reason or f"{effect.kind}: {effect.target}", effect.hint
            )


def _is_near(host: str, facts: Facts) -> bool:
    """Whether it is this machine, or one that may have anything."""
    return is_local(host) or is_trusted(host.lower(), facts.policy.trusted_hosts)


def _judge_push(effect: Effect, facts: Facts) -> Ask | Deny:
    patterns = facts.policy.protected_branches
    name = effect.target.removeprefix("refs/heads/")
    protected = name == EVERYTHING or any(fnmatchcase(name, pattern) for pattern in patterns)
    if protected and patterns and effect.code == "git-push-force":
        if name == EVERYTHING:
            return Deny(
                "git-push-protected",
                f"nobody can say which branch this push reaches, so it may lose commits of {', '.join(patterns)}",
                "name the branch in a command of its own; where git's configuration cannot be read, mend it",
            )
        return Deny(
            "git-push-protected",
            f"this push may lose commits of a protected branch ({', '.join(patterns)}): {name}",
            "push to a branch of your own and open a pull request",
        )
    if protected and patterns:
        return Ask(
            "git-push-protected", f"this publishes to a protected branch: {name}", "push to a branch of your own"
        )
    return Ask(effect.code, effect.reason, effect.hint)


def _judge_delete(effect: Effect, facts: Facts) -> Ask | Deny | None:
    path = facts.paths.get(effect.target)
    asked = Ask(effect.code or "delete", effect.reason or f"{effect.target} would be deleted", effect.hint)
    if path is None or not path.resolved:
        return asked
    if effect.code == AT_ROOT and not path.is_dir and not path.inside:
        return None
    if path.privileged and path.inside:
        return Ask(
            "deletes-privileged", f"{effect.target} would be deleted: {path.privileged}", "leave this file alone"
        )
    if not path.inside and effect.code == DEEP_DELETE and not is_temporary(path.resolved):
        return Deny("deletes-outside", f"{effect.target} lies outside of the workspace, and would be gone", _TAKEN_BACK)
    if (
        not path.inside
        and is_temporary(path.resolved)
        and "*" not in effect.target
        and facts.policy.commands is not CommandLevel.STRICT
    ):
        return None
    # A folder that git keeps was not made by a build, whatever it is called.
    made = effect.code in RUNS_BY_ITSELF and path.inside and (path.ignored is not None or not path.is_dir)
    if made and facts.policy.commands is not CommandLevel.STRICT:
        return None
    return asked


def _judge_read(effect: Effect, facts: Facts) -> Ask | None:
    target, path = effect.target, facts.paths.get(effect.target)
    if path is None:
        return Ask("path-not-judged", f"nobody looked at what {target} is", "name a file in the workspace")
    listed = effect.code == NAMES and path.ignored is not None and not (path.ignored.denied and path.is_dir)
    if path.ignored is not None and not listed:
        rule = f"{path.ignored.source}:{path.ignored.line} {path.ignored.pattern}"
        return Ask("reads-ignored", f"{target} is or holds what {rule} excludes", "name files that are not ignored")
    if effect.code != NAMES and may_hold_secrets(target.rstrip("/")):
        return Ask("reads-secrets", f"{target} is where people keep secrets", "ask for the one value that is needed")
    if not path.inside and effect.code == PLACE:
        return Ask("runs-outside", f"code in {target} would run, which is not the workspace's", _HOME)
    if not path.inside and (
        (effect.code == TREE and is_temporary(f"{path.resolved}/x"))
        or not is_system_file(path.resolved, names_only=effect.code == NAMES)
    ):
        return Ask("reads-outside", f"{target} lies outside of the workspace", "read files of the workspace only")
    return None


def _judge_write(effect: Effect, facts: Facts) -> Ask | Deny | None:
    target, path = effect.target, facts.paths.get(effect.target)
    if path is None:
        return Ask("path-not-judged", f"nobody looked at what {target} is", "name a file in the workspace")
    if is_device(target):
        return Deny("writes-device", f"{target} is a device, and what is written over cannot come back", _TAKEN_BACK)
    if (
        not path.inside
        # A folder by itself is what something is put into.
        and is_temporary(f"{path.resolved}/x" if path.is_dir else path.resolved)
        and not path.privileged
        and path.ignored is None
        and facts.policy.commands is not CommandLevel.STRICT
    ):
        return None
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
