"""Whether a yes that is kept covers what is asked now. Pure: the present is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from companion.model.action import ModelCall, ShellCommand
from companion.model.exchange import Exchange
from companion.model.facts import EffectKind, Facts
from companion.model.grant import Content, Grant, Reach
from companion.model.verdict import Ask, Decision
from companion.policy.plain import plain_words
from companion.policy.privilege import why_privileged

_NEVER_FIRST = frozenset(
    [
        "sudo",
        "doas",
        "su",
        "env",
        "xargs",
        "exec",
        "command",
        "eval",
        "source",
        ".",
        "nohup",
        "timeout",
        "time",
        "nice",
        "setsid",
        "ssh",
        "docker",
        "podman",
        "kubectl",
        "sh",
        "bash",
        "dash",
        "zsh",
        "ksh",
        "fish",
        "python",
        "python3",
        "node",
        "deno",
        "bun",
        "ruby",
        "perl",
        "php",
        "awk",
        "sed",
        "find",
        "rm",
        "mv",
        "cp",
        "dd",
        "chmod",
        "chown",
        "git",
        "curl",
        "wget",
        "npx",
        "uvx",
        "companion",
        "tmux",
        "screen",
        "kill",
        "pkill",
        "killall",
    ]
)
"""Programs of which the first word alone says nothing."""

_ABOUT_COMMANDS = frozenset({"commands"})
"""The guards whose questions a rule may answer. Any other is about more than the command."""


def asks_of(decision: Decision) -> Sequence[tuple[str, str]]:
    """Who asks, and the code of it."""
    return [(remark.guard, remark.verdict.code) for remark in decision.remarks if isinstance(remark.verdict, Ask)]


def reaches(exchange: Exchange, decision: Decision, facts: Facts) -> tuple[Reach, ...]:
    """How far a yes may reach. What changes who decides is asked about each time."""
    if isinstance(exchange.action, ModelCall) or why_privileged(exchange.action, facts):
        return (Reach.ONCE,)
    if any(effect.kind is EffectKind.PRIVILEGE for effect in facts.effects):
        return (Reach.ONCE,)
    kept = (Reach.ONCE, Reach.SESSION)
    return (*kept, Reach.RULE) if _may_be_ruled(exchange, decision) else kept


def _may_be_ruled(exchange: Exchange, decision: Decision) -> bool:
    action = exchange.action
    if not isinstance(action, ShellCommand) or not exchange.origin.workspace or action.environment:
        return False
    if {guard for guard, _ in asks_of(decision)} - _ABOUT_COMMANDS:
        return False
    return bool(plain_words(action.command))


def prefix_problem(prefix: Sequence[str], words: Sequence[str]) -> str:
    """Why a rule may not be about every command that begins so; "" when it may."""
    if not prefix or tuple(words[: len(prefix)]) != tuple(prefix):
        return "the command that was shown does not begin with these words"
    if len(prefix) == 1 and prefix[0].rsplit("/", 1)[-1] in _NEVER_FIRST:
        return f"{prefix[0]} alone says nothing of what it would do; name more words"
    if prefix[0].rsplit("/", 1)[-1] in {"rm", "mv", "dd", "chmod", "chown", "sudo", "doas", "su", "eval"}:
        return f"more words after {prefix[0]} could be anything; only the exact command may be allowed"
    return ""


def codes_of(decision: Decision, facts: Facts) -> tuple[str, ...]:
    """Every reason for which companion asks, sorted."""
    codes = {code for _, code in asks_of(decision)}
    return tuple(sorted(codes | {effect.code for effect in facts.effects if effect.reason}))


def covers(grant: Grant, exchange: Exchange, decision: Decision, facts: Facts, content: Content, now: datetime) -> bool:
    """Whether the person's yes was to this as well."""
    if now >= grant.expires_at or grant.reach not in reaches(exchange, decision, facts):
        return False
    origin = exchange.origin
    if grant.reach is Reach.RULE:
        return origin.workspace == grant.workspace and _is_ruled(grant, exchange, decision, facts, content)
    same_session = origin.session == grant.session or (
        grant.reach is Reach.ONCE and not (origin.session and grant.session)
    )
    return origin.client == grant.client and same_session and content.digest == grant.digest


def _is_ruled(grant: Grant, exchange: Exchange, decision: Decision, facts: Facts, content: Content) -> bool:
    action = exchange.action
    if not isinstance(action, ShellCommand) or action.cwd.rstrip("/") not in {
        "",
        exchange.origin.workspace.rstrip("/"),
    }:
        return False
    words = plain_words(action.command)
    if not words or words[: len(grant.words)] != grant.words or (len(words) > len(grant.words) and not grant.prefix):
        return False
    if set(codes_of(decision, facts)) - set(grant.codes):
        return False
    if grant.prefix and not _stays_inside(facts):
        return False
    known: Mapping[str, str] = dict(grant.scripts)
    return all(script.sha256 and known.get(script.path) == script.sha256 for script in content.scripts)


def _stays_inside(facts: Facts) -> bool:
    """Words that nobody has seen may not delete, and may not lead out of the workspace."""
    if any(effect.kind is EffectKind.DELETE for effect in facts.effects):
        return False
    return all(path.inside and not path.privileged for path in facts.paths.values())
