"""A workspace's own file, `.companion.toml`: it may tighten the user's policy and never loosen it.

Whoever can write to a workspace, an agent among them, can write this file; that is why it holds nothing but
`[policy]`, and why a file that cannot be understood tightens to the strictest.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from attrs import field, frozen

from companion.config.check import check
from companion.config.complaints import Complaint, show
from companion.config.document import read_document
from companion.config.provenance import Layer, Setting
from companion.config.rules import LEAST_APPROVAL_SECONDS, LEAST_EXCERPT
from companion.model.policy import (
    ClineIgnore,
    CommandLevel,
    ExcerptAction,
    IgnoredAction,
    OutsideAction,
    Policy,
    SecretAction,
    WebReads,
)

FILE_NAME = ".companion.toml"
LARGEST_FILE = 16 * 1024

STRICTEST: Mapping[str, object] = {
    "secrets": SecretAction.DENY,
    "gitignored": IgnoredAction.DENY,
    "outside": OutsideAction.DENY,
    "clineignore": ClineIgnore.EVERY_LEVEL,
    "commands": CommandLevel.STRICT,
    "web_reads": WebReads.ASK,
    "approval_seconds": LEAST_APPROVAL_SECONDS,
    "trusted_hosts": (),
    "short_excerpts": ExcerptAction.REDACT,
    "long_excerpts": ExcerptAction.DENY,
    "excerpt_warn_bytes": LEAST_EXCERPT,
    "excerpt_short_bytes": LEAST_EXCERPT,
    "excerpt_long_bytes": LEAST_EXCERPT,
    "excerpts_gitignored": True,
}
"""The strictest value of each field that has one; lists that exclude have none, they can only grow."""

_WORDS: Mapping[str, Sequence[object]] = {
    "secrets": (SecretAction.REDACT, SecretAction.DENY),
    "gitignored": (IgnoredAction.ASK, IgnoredAction.REDACT, IgnoredAction.DENY),
    "outside": (OutsideAction.ASK, OutsideAction.DENY),
    "clineignore": (ClineIgnore.LEGACY, ClineIgnore.EVERY_LEVEL),
    "commands": (CommandLevel.OBSERVE, CommandLevel.STANDARD, CommandLevel.STRICT),
    "web_reads": tuple(WebReads),
    "short_excerpts": tuple(ExcerptAction),
    "long_excerpts": tuple(ExcerptAction),
    "excerpts_gitignored": (False, True),
}
"""The fields that hold one word, with their words from the loosest to the strictest."""

_PERMITTING = frozenset({"trusted_hosts", "excerpts_skip"})
"""The lists that permit something: the shorter, the stricter."""
_SHORTER = {"approval_seconds", "excerpt_warn_bytes", "excerpt_short_bytes", "excerpt_long_bytes"}
"""The fields whose lower number is the stricter."""

# A change within the clock tick in which the file was last read would leave its times as they were;
# two seconds is the coarsest tick of any file system in use (FAT).
_SETTLED_NS = 2 * 10**9

_MOST_REMEMBERED = 256


def _stricter(name: str, one: Any, other: Any) -> Any:
    """The stricter of two values of a field; of lists, all of the first and then what the other adds.

    Of a list that permits, what stands in both.
    """
    if name in _PERMITTING:
        return tuple(entry for entry in one if entry in other)
    if name in _WORDS:
        return max(one, other, key=_WORDS[name].index)
    if name in _SHORTER:
        return min(one, other)
    if name == "rules":
        # Whoever can write to the workspace cannot allow himself anything.
        other = [rule for rule in other if not rule.lstrip().startswith("allow") or rule in one]
    return tuple(dict.fromkeys((*one, *other)))


def tighten(user: Policy, workspace: Mapping[str, object]) -> Policy:
    """The stricter of both in every field. `workspace` holds some of the policy's fields, values as in `Policy`."""
    return replace(user, **{name: _stricter(name, getattr(user, name), value) for name, value in workspace.items()})


def is_as_strict(policy: Policy, other: Policy) -> bool:
    """Whether `policy` is at least as strict as `other` in every field."""
    return all(_is_as_strict(one.name, getattr(policy, one.name), getattr(other, one.name)) for one in fields(Policy))


def _is_as_strict(name: str, value: Any, other: Any) -> bool:
    if name in _PERMITTING:
        return set(value) <= set(other)
    return set(value) >= set(other) if isinstance(value, tuple) else bool(_stricter(name, value, other) == value)


@frozen
class WorkspaceReading:
    """What a workspace's file says, and the policy in force there."""

    policy: Policy
    file: str = ""
    """Path of the file; "" when the workspace has none."""
    settings: Mapping[str, Setting] = field(factory=dict[str, Setting])
    """What the file says, by dotted key, whether it tightens or not."""
    remarks: Mapping[str, str] = field(factory=dict[str, str])
    """What the file says in vain, by dotted key."""
    complaints: tuple[Complaint, ...] = ()
    """With any of these the policy is the strictest."""


_Stamp = tuple[int, ...]

_LATELY_NS = 250_000_000
_NEVER: tuple[int, Policy | None] = (-_LATELY_NS, None)


class WorkspacePolicies:
    """The policy in force, by workspace. Looks at the file's times at each question, and reads it when they changed."""

    def __init__(self, user: Policy, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._user = user
        self._now_ns = now_ns
        self._known: dict[str, tuple[_Stamp, WorkspaceReading]] = {}
        self._lately: dict[str, tuple[int, Policy]] = {}

    def replace(self, user: Policy) -> None:
        """From the next question on, `user` is the policy that workspaces tighten."""
        self._user = user
        self._known, self._lately = {}, {}

    def policy_for(self, workspace: str) -> Policy:
        """The user's policy, tightened by the workspace's file. Never raises. "" is the user's own policy."""
        # What `replace` overtakes goes where nobody will find it.
        lately, looked_ns = self._lately, self._now_ns()
        policy = self.reading(workspace).policy
        if len(lately) >= _MOST_REMEMBERED:
            lately.clear()
        lately[workspace] = looked_ns, policy
        return policy

    def lately(self, workspace: str) -> Policy | None:
        """As policy_for, where that was asked within the last quarter of a second; else None. Never waits."""
        if not workspace:
            return self._user
        looked_ns, policy = self._lately.get(workspace, _NEVER)
        return policy if 0 <= self._now_ns() - looked_ns < _LATELY_NS else None

    def reading(self, workspace: str) -> WorkspaceReading:
        """The policy in force with all that led to it. Never raises."""
        if not workspace:
            return WorkspaceReading(self._user)
        file = Path(workspace) / FILE_NAME
        if not file.is_absolute():
            return self._strictest(file, "a workspace's absolute path", show(workspace))
        try:
            stamp = _stamp(file)
        except (OSError, ValueError) as error:
            self._known.pop(workspace, None)
            found = getattr(error, "strerror", None) or str(error)
            return self._strictest(file, "a file that can be read", found)
        if stamp is None:
            self._known.pop(workspace, None)
            return WorkspaceReading(self._user)
        known = self._known.get(workspace)
        if known and known[0] == stamp:
            return known[1]
        reading = self._read(file)
        if self._now_ns() - max(stamp[:2]) > _SETTLED_NS:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[workspace] = (stamp, reading)
        return reading

    def _read(self, file: Path) -> WorkspaceReading:
        document = read_document(file, LARGEST_FILE)
        checked = check(document, Layer.WORKSPACE, ("policy",))
        said = {key.partition(".")[2]: setting.value for key, setting in checked.settings.items()}
        policy = tighten(self._user, said)
        if checked.complaints:
            policy = tighten(policy, STRICTEST)
        remarks = {
            key: f"{setting.origin}: {key} would loosen your policy, so it has no effect"
            for key, setting in checked.settings.items()
            if self._loosens(key.partition(".")[2], setting.value)
        }
        # A file that was there a moment ago and is gone now has said nothing.
        name = str(file) if document.exists else ""
        return WorkspaceReading(policy, name, checked.settings, remarks, tuple(checked.complaints))

    def _loosens(self, name: str, value: Any) -> bool:
        mine: Any = getattr(self._user, name)
        if name == "rules":
            return any(rule.lstrip().startswith("allow") and rule not in mine for rule in value)
        if name == "excerpts_skip":
            return not set(value) <= set(mine)
        if isinstance(mine, tuple):
            return bool(mine) and not value
        return bool(value != mine and _stricter(name, mine, value) == mine)

    def _strictest(self, file: Path, expected: str, found: str) -> WorkspaceReading:
        complaint = Complaint(str(file), 0, "", expected, found)
        return WorkspaceReading(tighten(self._user, STRICTEST), str(file), complaints=(complaint,))


def _stamp(file: Path) -> _Stamp | None:
    """What changes when a file does, its times first; None when there is no file. Raises OSError or ValueError."""
    try:
        status = os.stat(file)  # noqa: PTH116 - tells a link to nothing from nothing, with lstat below
    except FileNotFoundError:
        if file.is_symlink():
            raise
        return None
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev)
