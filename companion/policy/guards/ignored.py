"""What an ignore file lists stays private: deny lists always, git's lists as the policy says."""

from __future__ import annotations

from collections.abc import Iterator

from companion.model.action import Action, FileAccess, Operation, ShellCommand, ToolCall
from companion.model.facts import Effect, EffectKind, Facts, IgnoreMatch, PathFacts
from companion.model.policy import IgnoredAction, Policy
from companion.model.verdict import PASS, Ask, Deny, Verdict
from companion.policy.ignore.lists import SECRETS
from companion.policy.shell.effects import GLOB, LISTED, MADE_AGAIN, NAMES, TREE

_OPERATIONS = {
    EffectKind.READ: Operation.READ,
    EffectKind.WRITE: Operation.WRITE,
    EffectKind.DELETE: Operation.DELETE,
}
_READS = {NAMES: Operation.LIST, TREE: Operation.SEARCH, LISTED: Operation.SEARCH}
_CHANGES = {Operation.WRITE, Operation.DELETE}

_SHOWN = (
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".webp",
    ".bmp",
    ".svg",
    ".tif",
    ".tiff",
    ".ico",
    ".heic",
    ".avif",
    ".pdf",
    ".ipynb",
    ".docx",
    ".xlsx",
    ".pptx",
)
"""What agents hand to a model as it is, not as text."""

SHOWS = frozenset({"view_image"})
"""Tools that do so with any file, whatever its name: of their results nothing can be left out."""

_DENIED_HINT = "leave this file alone and go on without it; only the user can take it off the list"
_LISTED_HINT = "name the files, or search with git grep"
_GIT_HINT = "use files that git tracks; for a whole folder, name one without ignored files in it"


def ignored(action: Action, facts: Facts) -> Verdict:
    """Judges each path that a file access, a command's effects or an unknown tool's arguments name.

    The strictest verdict counts.
    """
    asked: Verdict = PASS
    for path, operation, certain in _accesses(action, facts):
        verdict = _judge(action, path, operation, facts)
        if isinstance(verdict, Deny) and not certain:
            verdict = Ask(verdict.code, verdict.reason, _LISTED_HINT)
        if isinstance(verdict, Deny):
            return verdict
        if asked is PASS:
            asked = verdict
    return asked


def what_becomes_of(path: PathFacts, policy: Policy) -> str:
    """The word for what becomes of reading a path: "allow", "redact", "ask" or "deny"."""
    if path.ignored is not None:
        return "deny" if path.ignored.denied else policy.gitignored
    return "allow" if path.inside else policy.outside


def _accesses(action: Action, facts: Facts) -> Iterator[tuple[str, Operation, bool]]:
    """Paths, what is done with them, and whether what is ignored there is certainly among it."""
    if isinstance(action, FileAccess):
        yield action.path, action.operation, True
    elif isinstance(action, ShellCommand):
        # Facts about a glob speak of what it matches, so the folder in which it starts adds nothing.
        globs = {(effect.start, effect.end) for effect in facts.effects if effect.code == GLOB}
        for effect in facts.effects:
            beside_glob = effect.code == TREE and (effect.start, effect.end) in globs
            known = facts.paths.get(effect.target)
            # What builds make is left out of repositories, and is theirs to delete.
            made = effect.code == MADE_AGAIN and known is not None and not (known.ignored and known.ignored.denied)
            if effect.kind in _OPERATIONS and effect.target and not beside_glob and not made:
                yield effect.target, _operation(effect), effect.code != LISTED
    elif isinstance(action, ToolCall):
        # What it does with a path is not known, so it counts as reading it.
        yield from ((path, Operation.READ, True) for path in facts.paths)


def _operation(effect: Effect) -> Operation:
    known = _OPERATIONS[effect.kind]
    return _READS.get(effect.code, known) if known is Operation.READ else known


def _judge(action: Action, path: str, operation: Operation, facts: Facts) -> Verdict:
    known = facts.paths.get(path)
    if known is None:
        return Ask("path-unknown", f"nobody looked at how {path} lies on disk", "try again")
    match = known.ignored
    if match is None:
        return PASS
    if match.denied and operation is Operation.LIST and not known.is_dir:
        # Whether it is there is all that comes of it.
        return PASS
    if match.denied and operation is Operation.WRITE and match.source == SECRETS and known.inside:
        # To fill such a file shows nothing of it, and setting up a project begins with that.
        return Ask("ignored-path", _reason(known, match), _DENIED_HINT)
    if match.denied:
        return Deny("ignored-path", _reason(known, match), _DENIED_HINT)
    if operation is Operation.LIST:
        return PASS
    if _is_left_out(action, known, facts):
        return PASS
    if operation in _CHANGES or facts.policy.gitignored is IgnoredAction.ASK:
        return Ask("gitignored-path", _reason(known, match), _GIT_HINT)
    return Deny("gitignored-path", _reason(known, match), _GIT_HINT)


def _is_left_out(action: Action, known: PathFacts, facts: Facts) -> bool:
    """Whether a file tool may read what git ignores because its result is replaced before a model sees it.

    What a command prints may come back later, by another tool, or go into a file; and nobody cuts pictures.
    """
    return (
        facts.returns
        and facts.policy.gitignored is IgnoredAction.REDACT
        and isinstance(action, FileAccess)
        and action.operation in {Operation.READ, Operation.SEARCH}
        and not any(path.lower().endswith(_SHOWN) for path in (known.given, known.resolved))
    )


def _reason(known: PathFacts, match: IgnoreMatch) -> str:
    """Names file, line and pattern; the file's content is not known here."""
    where = f"{match.source}, line {match.line}: {match.pattern}" if match.line else f"{match.source} {match.pattern}"
    # A whole folder ends in a slash.
    below = known.given.endswith("/")
    what = f"a file in {known.given.rstrip('/') or '/'}" if below else known.given
    return f"{what} is ignored ({where})"
