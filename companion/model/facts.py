"""What a guard is told beside the action. Facts are gathered once, before any guard runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct, field

from companion.model.exchange import Origin
from companion.model.policy import Policy


class Confidence(StrEnum):
    """How sure an engine is. HIGH: vendor token, key block, known value. LOW: looks like one."""

    HIGH = "high"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Finding:
    """A secret at `start:end` (characters) of text number `text`. Never carries the secret itself."""

    text: int
    start: int
    end: int
    type: str
    rule: str
    engine: str
    confidence: Confidence
    placeholder: str
    """What stands in for the secret upstream, e.g. SECRET_AWS_1A2B3C4D."""
    fingerprint: str = ""
    """Names the value for a person's acceptance, see `companion.policy.redaction.fingerprint_of`."""


@dataclass(frozen=True, slots=True)
class IgnoreMatch:
    """The line that ignores a path: its file (relative to the workspace), its number from 1, its pattern."""

    source: str
    line: int
    pattern: str
    denied: bool = True
    """Whether a deny list says so, which nothing overrules; False for git's rules, which follow the policy."""


@dataclass(frozen=True, slots=True)
class PathFacts:
    """A path as it lies on disk when the agent asks."""

    given: str
    resolved: str
    """Absolute, symbolic links followed as far as they exist."""
    inside: bool
    """Whether the resolved path lies in the exchange's workspace."""
    ignored: IgnoreMatch | None = None
    """The rule that excludes the given or the resolved path, whichever is excluded."""
    is_dir: bool = False
    privileged: str = ""
    """Why a write here is more than a write (companion's own state, agent settings, git hooks); "" if not."""


class EffectKind(StrEnum):
    """What running a command does, as far as it is understood. UNKNOWN is always asked about."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    RUN = "run"
    """Runs a program known to only read; `target` is its name."""
    CHANGE = "change"
    """Runs a program known to change something beyond files that are named; `target` says what."""
    NETWORK = "network"
    PRIVILEGE = "privilege"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect of a command; `start:end` are characters of the command, for showing."""

    kind: EffectKind
    target: str
    start: int
    end: int
    code: str = ""
    """Stable code of the rule that named the effect, e.g. "rm-recursive"."""
    reason: str = ""
    hint: str = ""


class Facts(Struct, frozen=True):
    """Everything that a guard may know."""

    origin: Origin
    policy: Policy
    findings: tuple[Finding, ...] = ()
    effects: tuple[Effect, ...] = ()
    paths: Mapping[str, PathFacts] = field(default_factory=dict[str, PathFacts])
    """Keyed by the path as an action or an effect names it."""
