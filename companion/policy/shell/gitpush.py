"""What a push changes on the remote: which branches and tags, and whether something is lost by it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from companion.policy.shell.gitconfig import BadConfig, GitConfig, load
from companion.policy.shell.gitplace import GitPlace, find_place
from companion.policy.shell.invocation import Finding, Invocation, Look, UnreadableFile
from companion.policy.shell.options import split
from companion.policy.shell.words import Value

_OPTIONS = (
    "u n q v f d 4 6 o= all branches mirror tags follow-tags no-follow-tags atomic no-atomic dry-run porcelain "
    "delete prune "
    "force force-with-lease~ no-force-with-lease force-if-includes no-force-if-includes set-upstream quiet verbose "
    "progress no-progress verify no-verify signed~ no-signed push-option= thin no-thin ipv4 ipv6 recurse-submodules~"
)
_HEAD = frozenset({"HEAD", "@"})
_NO = frozenset({"false", "no", "off", "0", ""})
_REMOTE = re.compile(r"[A-Za-z0-9][\w.-]*")
"""A remote by its name; an address may name a program, and a machine that nobody has named yet."""
_WITH_REFS = 2
EVERYTHING = "*"
"""The target of a push that may reach any branch, the protected ones too."""


@dataclass(frozen=True, slots=True)
class Update:
    """One ref that a push changes. `branch` is EVERYTHING where nobody can say which."""

    branch: str
    loses: bool = False
    tag: bool = False


def judge_push(invocation: Invocation, look: Look | None) -> Iterator[Finding]:
    """One finding for each branch or tag; its target is the branch, which the policy may protect.

    `look` is None where nobody knows what git is configured to do.
    """
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
    named = [operand.constant for operand in arguments.operands]
    way = _Way.of(look, named[0] if named else "")
    for operand in arguments.operands[1:]:
        update = _update(operand.constant, way.branch, force=force, deletes=deletes)
        updates.append((update, operand))
        if not deletes and not update.tag and ":" not in (operand.constant or ":"):
            updates += [(other, operand) for other in way.instead_of(update)]
    if arguments.has("tags", "follow-tags"):
        updates.append((Update("tags", force, tag=True), None))
    if not updates or (len(arguments.operands) < _WITH_REFS and not arguments.has("all", "branches", "mirror", "tags")):
        updates += [(update, None) for update in way.by_default(force=force)]
    updates = list(dict.fromkeys(updates))
    if arguments.has("n", "dry-run") and _REMOTE.fullmatch(named[0] or "" if named else "origin"):
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


def _update(refspec: str | None, branch: str | None, *, force: bool, deletes: bool) -> Update:
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
        name = branch or EVERYTHING
    return Update(name, force)


@dataclass(frozen=True, slots=True)
class _Way:
    """Where the configuration sends what a push does not say. Every value that may count is taken."""

    branch: str | None
    """The branch that is checked out; None where nobody knows."""
    config: GitConfig | None
    """None where it cannot be read: then a push may go anywhere."""
    remotes: tuple[str, ...] = ()

    @classmethod
    def of(cls, look: Look | None, remote: str | None) -> _Way:
        """`remote` is "" where the push names none, and None where nobody knows which it names."""
        if look is None:
            return cls(None, None)
        try:
            place = find_place(look)
        except UnreadableFile:
            return cls(None, None)
        branch = _checked_out(look, place) if place else None
        try:
            config = load(look, place)
        except BadConfig:
            return cls(branch, None)
        if remote is None:
            return cls(branch, None)
        return cls(branch, config, (remote,) if remote else _remotes(config, branch or ""))

    def by_default(self, *, force: bool) -> list[Update]:
        """What a push without a refspec changes."""
        if self.config is None or self.branch is None:
            return [Update(EVERYTHING, force)]
        if any(value.lower() not in _NO for one in self.remotes for value in self.config.all("remote", one, "mirror")):
            return [Update(EVERYTHING, loses=True)]
        found: list[Update] = []
        for remote in self.remotes:
            found += [
                _update(refspec, self.branch, force=force, deletes=False)
                for refspec in self.config.all("remote", remote, "push")
            ]
        if found:
            return found
        for word in self.config.last("push", "", "default") or ["simple"]:
            if word in {"upstream", "tracking"}:
                found += [Update(name, force) for name in self._upstream(self.branch) or [self.branch]]
            elif word in {"simple", "current", "nothing"}:
                # "nothing" refuses, and so does "simple" where the upstream has another name.
                found.append(Update(self.branch, force))
            else:
                # "matching" sends every branch; it was git's own before 2.0.
                found.append(Update(EVERYTHING, force))
        return found

    def instead_of(self, update: Update) -> list[Update]:
        """Where a refspec that names no goal goes beside the branch of its own name."""
        if self.config is None:
            return [Update(EVERYTHING, update.loses)]
        found: list[Update] = []
        for remote in self.remotes:
            for refspec in self.config.all("remote", remote, "push"):
                other = _update(refspec, self.branch, force=update.loses, deletes=False)
                source = refspec.removeprefix("+").partition(":")[0].removeprefix("refs/heads/")
                if "*" in source or source in {update.branch, *_HEAD}:
                    found.append(other)
        if {"upstream", "tracking"} & {*self.config.last("push", "", "default")}:
            found += [Update(name, update.loses) for name in self._upstream(update.branch)]
        return [one for one in found if one.branch != update.branch]

    def _upstream(self, branch: str) -> list[str]:
        assert self.config is not None
        return [name.removeprefix("refs/heads/") for name in self.config.last("branch", branch, "merge")]


def _remotes(config: GitConfig, branch: str) -> tuple[str, ...]:
    for key in (("branch", branch, "pushremote"), ("remote", "", "pushdefault"), ("branch", branch, "remote")):
        if found := config.last(*key):
            return tuple(found)
    return ("origin",)


def _checked_out(look: Look, place: GitPlace) -> str | None:
    """The branch that is checked out, as `HEAD` says; None where nobody knows."""
    try:
        head = look(f"{place.own}/HEAD")
    except UnreadableFile:
        return None
    prefix = "ref: refs/heads/"
    name = head.strip().removeprefix(prefix) if head and head.startswith(prefix) else ""
    # Where refs are kept in another format the file names a branch that cannot be.
    return name if name and not name.startswith(".") else None
