"""What a push changes on the remote: which branches and tags, and whether something is lost by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from companion.policy.shell.invocation import Finding, Invocation, Look
from companion.policy.shell.options import split
from companion.policy.shell.words import Value

_OPTIONS = (
    "u n q v f d 4 6 o= all branches mirror tags follow-tags no-follow-tags atomic no-atomic dry-run porcelain "
    "delete prune "
    "force force-with-lease~ no-force-with-lease force-if-includes no-force-if-includes set-upstream quiet verbose "
    "progress no-progress verify no-verify signed~ no-signed push-option= thin no-thin ipv4 ipv6 recurse-submodules~"
)
_HEAD = frozenset({"HEAD", "@"})
EVERYTHING = "*"
"""The target of a push that may reach any branch, the protected ones too."""


@dataclass(frozen=True, slots=True)
class Update:
    """One ref that a push changes. `branch` is EVERYTHING where nobody can say which."""

    branch: str
    loses: bool = False
    tag: bool = False


def judge_push(invocation: Invocation, look: Look | None) -> Iterator[Finding]:
    """One finding for each branch or tag; its target is the branch, which the policy may protect."""
    arguments = split(invocation.args, _OPTIONS)
    if arguments.unknown is not None:
        yield invocation.rule(
            "git-push-force" if _may_force(invocation.words) else "git-push", EVERYTHING, arguments.unknown
        )
        return
    force = arguments.has("f", "force", "force-with-lease", "force-if-includes", "mirror", "prune", "d", "delete")
    updates: list[tuple[Update, Value | None]] = []
    if arguments.has("all", "branches", "mirror"):
        updates.append((Update(EVERYTHING, force), None))
    deletes = arguments.has("d", "delete")
    updates += [
        (_update(operand.constant, look, force=force, deletes=deletes), operand) for operand in arguments.operands[1:]
    ]
    if arguments.has("tags", "follow-tags"):
        updates.append((Update("tags", force, tag=True), None))
    if not updates:
        branch = current_branch(look)
        # push.default "matching" sends every branch; it was git's own before 2.0.
        matching = look is not None and "default = matching" in (look(".git/config") or "")
        updates.append((Update(EVERYTHING if matching else branch or EVERYTHING, force), None))
    if arguments.has("n", "dry-run"):
        yield invocation.rule("git-fetch", "git push --dry-run")
        return
    for update, at in updates:
        code = "git-tag-move" if update.tag and update.loses else "git-push-force" if update.loses else "git-push"
        yield invocation.rule(code, update.branch, at)


def _may_force(words: tuple[str, ...]) -> bool:
    return any(
        word.startswith(("+", ":", "--f", "--d", "--m", "--pru"))
        or (word[:1] == "-" and word[1:2] != "-" and set(word) & set("fd"))
        for word in words
    )


def _update(refspec: str | None, look: Look | None, *, force: bool, deletes: bool) -> Update:
    if refspec is None:
        return Update(EVERYTHING, force)
    force = force or refspec.startswith("+")
    source, colon, goal = refspec.removeprefix("+").partition(":")
    force = force or deletes or bool(colon and not source)
    name = goal if colon else source
    if name.startswith("refs/tags/") or source.startswith("refs/tags/"):
        return Update(name, force, tag=True)
    name = name.removeprefix("refs/heads/").removeprefix("heads/")
    if "*" in name or (colon and not source and not goal):
        return Update(EVERYTHING, force)
    if name in _HEAD:
        name = current_branch(look) or EVERYTHING
    return Update(name, force)


def current_branch(look: Look | None) -> str | None:
    """The branch that is checked out, as `.git/HEAD` says; None where nobody knows."""
    head = look(".git/HEAD") if look is not None else None
    prefix = "ref: refs/heads/"
    return head.strip().removeprefix(prefix) if head and head.startswith(prefix) else None
