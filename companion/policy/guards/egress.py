"""A secret that was restored for the agent goes no further by itself: what would send one away asks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from companion.model.action import Action, ShellCommand, ToolCall
from companion.model.facts import Effect, EffectKind, Facts, Finding
from companion.model.verdict import PASS, Ask, Verdict
from companion.policy.guards.tools import TOOLS, Sort
from companion.policy.outgoing import is_trusted
from companion.policy.shell.effects import NAMES
from companion.policy.shell.secretfiles import may_hold_secrets
from companion.policy.shell.source import Kind, Unclear, prepare

_CODE = "secret-egress"
_HINT = "look at where it goes before you allow it; a host that may have it belongs into policy.trusted_hosts"
_PUSHES = "git-push"
_ENVIRONMENT = "reads-environment"
_AWAY = frozenset({EffectKind.NETWORK, EffectKind.CLOUD})
_NOBODY_SAYS = dict.fromkeys(EffectKind, "a remote") | {EffectKind.CLOUD: "the account it works on"}
_LOCAL = frozenset({Sort.HARMLESS, Sort.SUBAGENT})

# Whatever could be an address: behind a scheme, behind a user's name, or any word with a dot in it. Nothing is looked
# for in the midst of a word, so that a long one is read once.
_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9+.-])(?P<scheme>[A-Za-z0-9+.-]++):/{1,3}(?:[^\s/?#'\"]*@)?"
    r"(?P<url>\[[^\]\s]{0,64}\]|[^\s/:?#'\"\\|;&<>(){},]*)"
    r"|(?<![A-Za-z0-9_-])(?P<word>(?:[A-Za-z0-9_-]+\.)+[A-Za-z0-9_-]+)"
)

_BETWEEN = re.compile(r"[\s'\"`@=<>:;|&(),]+")


def egress(action: Action, facts: Facts) -> Verdict:
    """Asks about commands and tools that would send a secret, or a file that may hold some, to an untrusted host.

    Secrets are `facts.findings`, in the command or the arguments as they would run.
    """
    match action:
        case ShellCommand():
            return _command(action, facts)
        case ToolCall() if facts.findings and TOOLS.get(action.tool) not in _LOCAL:
            hosts = _hosts(action.arguments)
            # Where a tool that nobody knows sends its arguments, they do not say.
            if TOOLS.get(action.tool) is Sort.NETWORK and _all_trusted(hosts, facts):
                return PASS
            return _ask(_secrets(facts.findings), hosts or [f"wherever the tool {action.tool} sends it"])
        case _:
            return PASS


def _command(action: ShellCommand, facts: Facts) -> Verdict:
    leaving = [effect for effect in facts.effects if _leaves(effect)]
    if not leaving:
        return PASS
    what = _secrets(facts.findings) or _from_files(_said(action.command, facts.effects), facts.effects)
    if not what:
        return PASS
    named = [effect.target for effect in leaving if effect.kind is EffectKind.NETWORK]
    hosts = list(dict.fromkeys((*named, *_hosts(action.command))))
    # An account is no host, and whoever may read it is not known.
    to_hosts = all(effect.kind is not EffectKind.CLOUD for effect in leaving)
    return PASS if to_hosts and _all_trusted(hosts, facts) else _ask(what, hosts or [_NOBODY_SAYS[leaving[0].kind]])


_TOLD = frozenset({EffectKind.RUN, EffectKind.READ})
_FORGES = frozenset({"github", "gitlab"})
_BODIES = frozenset({Kind.BODY, Kind.QUOTED_BODY})


def _said(command: str, effects: Iterable[Effect]) -> str:
    """The command without the bodies of heredocs, where those are no more than the text of an issue or a comment.

    To any other program a name in it may be that of a file to send.
    """
    if not all(map(_takes_text, effects)):
        return command
    try:
        source = prepare(command)
    except Unclear:
        return command
    pieces, at = list[str](), 0
    for mask in source.masks:
        if mask.kind in _BODIES:
            pieces.append(source.text[at : mask.start])
            at = mask.end
    return " ".join([*pieces, source.text[at:]])


def _takes_text(effect: Effect) -> bool:
    """Whether it comes from a program that reads no names from its input; of options that is true, known or not."""
    of_forge = effect.call is not None and effect.call.service in _FORGES
    return effect.kind in _TOLD or of_forge or effect.code == "unknown-option"


def _leaves(effect: Effect) -> bool:
    return effect.kind in _AWAY or effect.code.startswith(_PUSHES)


def _secrets(findings: Sequence[Finding]) -> str:
    number = len({finding.placeholder for finding in findings})
    types = ", ".join(sorted({finding.type.lower() for finding in findings}))
    return f"{number} secret{'s' if number > 1 else ''} ({types})" if findings else ""


def _from_files(command: str, effects: Iterable[Effect]) -> str:
    """What the command may pick up on its way: files where people keep secrets, the environment."""
    names = _BETWEEN.split(command)
    for effect in effects:
        if effect.code == _ENVIRONMENT:
            return "the environment, which may hold secrets,"
        if effect.kind is EffectKind.READ and effect.code != NAMES:
            names.append(effect.target)
    found = next((name for name in names if name and may_hold_secrets(name)), "")
    return f"{found}, where people keep secrets," if found else ""


def _hosts(text: str) -> list[str]:
    """Every word of a command or of arguments that may name a host; file names look like some."""
    found: list[str] = []
    for match in _ADDRESS.finditer(text):
        # A name may run into a scheme where a shell puts them apart.
        found += [name for name in (match["scheme"],) if name and "." in name]
        found += [name for name in (match["url"], match["word"]) if name]
    return list(dict.fromkeys(map(str.lower, found)))


def _all_trusted(hosts: Sequence[str], facts: Facts) -> bool:
    return bool(hosts) and all(is_trusted(host.lower(), facts.policy.trusted_hosts) for host in hosts)


def _ask(what: str, hosts: Sequence[str]) -> Ask:
    where = hosts[0] if len(hosts) == 1 else f"{hosts[0]} (the command also names {', '.join(hosts[1:4])})"
    return Ask(_CODE, f"{what} would go to {where}", _HINT)
