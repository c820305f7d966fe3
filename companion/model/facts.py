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


KEPT = "ENV"
"""The type of a value that stands in a file where its user keeps secrets."""


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


class Excerpt(Struct, frozen=True):
    """Text of an ignored file at `start:end` (characters) of text number `text`. Never carries the text itself."""

    text: int
    start: int
    end: int
    size: int
    """Bytes of it that stand in no file that may be read."""
    rule: IgnoreMatch
    """What ignores the file."""
    digest: bytes = b""
    """Names the text, to nobody but this daemon."""
    words: str = ""
    """What stands in its place; not "" where a path says whose text it is, so that its length does not matter."""


class EffectKind(StrEnum):
    """What running a command does, as far as it is understood. UNKNOWN is always asked about."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    RUN = "run"
    """Runs a program known to only read; `target` is its name."""
    CHANGE = "change"
    """Runs a program known to change something beyond files that are named; `target` says what."""
    GIT = "git"
    """Changes a repository or asks a remote; `target` is the branch or tag, "*" where it may be any."""
    EXECUTE = "execute"
    """Runs code of the project itself; `target` says which."""
    NETWORK = "network"
    CLOUD = "cloud"
    """Calls a service that somebody runs (AWS, a cluster, GitHub); `call` says which, and what the call does there."""
    INSTALL = "install"
    """Fetches code of others that then runs, or may run, here."""
    PROCESS = "process"
    LEAK = "leak"
    """Prints a secret, so that it would stand in the next prompt."""
    PRIVILEGE = "privilege"
    UNKNOWN = "unknown"


class Access(StrEnum):
    """What a call does to what it is about."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    PERMISSIONS = "permissions"
    """Changes who may do what."""
    SECRET = "secret"  # noqa: S105 - the name of a class
    """Reads, and what it answers is a secret or opens something."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CloudCall:
    """One call of a service as the audit log names it; "" where the command does not say."""

    service: str
    operation: str
    access: Access
    account: str = ""
    """A profile, project, context or subscription, as the command names it."""
    region: str = ""
    endpoint: str = ""
    """The address that the command sends the call to instead of the service's own."""


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
    call: CloudCall | None = None


class Facts(Struct, frozen=True):
    """Everything that a guard may know."""

    origin: Origin
    policy: Policy
    findings: tuple[Finding, ...] = ()
    excerpts: tuple[Excerpt, ...] = ()
    unexamined: str = ""
    """Why nobody can say yet whether ignored text is in the prompt; "" where somebody could."""
    unseen: str = ""
    """What of the workspace's ignored text nobody knows yet, so that it was not looked for; "" where all is known."""
    effects: tuple[Effect, ...] = ()
    returns: bool = False
    """As of the exchange."""
    paths: Mapping[str, PathFacts] = field(default_factory=dict[str, PathFacts])
    """Keyed by the path as an action or an effect names it."""
