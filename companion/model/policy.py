"""What the user wants: the part of the configuration that guards read.

Each field is ordered by strictness, so that a workspace can tighten it and never loosen it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SecretAction(StrEnum):
    """REDACT: send a placeholder, restore it in the answer. DENY: refuse the call where a secret is certain.

    What is only likely to be one (Confidence.LOW) is sent as a placeholder either way.
    """

    REDACT = "redact"
    DENY = "deny"


class IgnoredAction(StrEnum):
    """What becomes of reading a path that .gitignore excludes (.clineignore always denies).

    REDACT: it is read, and its content never reaches a model. ASK may let content through, so it is the loosest.
    """

    ASK = "ask"
    REDACT = "redact"
    DENY = "deny"


class OutsideAction(StrEnum):
    """What becomes of an access to a path outside of the workspace."""

    ASK = "ask"
    DENY = "deny"


class WebReads(StrEnum):
    """What becomes of a command that only fetches what a plain address names: a page by curl, a name by dig."""

    ALLOW = "allow"
    ASK = "ask"


class ExcerptAction(StrEnum):
    """What becomes of a stretch of an ignored file's text in a prompt.

    WARN: it leaves, and the record says so. ASK: it leaves once a person has said yes. REDACT: a placeholder names the
    rule instead. DENY: refuse the call.
    """

    WARN = "warn"
    ASK = "ask"
    REDACT = "redact"
    DENY = "deny"


SKIPPED = (
    ".cache",
    ".eggs",
    ".gradle",
    ".hypothesis",
    ".mypy_cache",
    ".next",
    ".nox",
    ".nuxt",
    ".parcel-cache",
    ".pnpm-store",
    ".pytest_cache",
    ".ruff_cache",
    ".svelte-kit",
    ".terraform",
    ".tox",
    ".turbo",
    ".venv",
    ".yarn",
    "*.egg-info",
    "*.lock",
    "*.log",
    "*.map",
    "*.min.css",
    "*.min.js",
    "*.pyc",
    "__pycache__",
    "bower_components",
    "build",
    "coverage",
    "dist",
    "htmlcov",
    "node_modules",
    "obj",
    "package-lock.json",
    "Pods",
    "site-packages",
    "target",
    "vendor",
    "venv",
)
"""Dependencies, caches, build output and logs: ignored for their size, not for what they say."""


class ClineIgnore(StrEnum):
    """How .clineignore is read. LEGACY: as the old extension did, in the workspace's own folder, with `!include`."""

    LEGACY = "legacy"
    EVERY_LEVEL = "every-level"


class CommandLevel(StrEnum):
    """How much of a command needs a person's word.

    OBSERVE: nothing, it is only written down. STANDARD: what reads, writes allowed files of the workspace, or runs the
    project's own tests and builds runs; the rest asks, and what cannot be undone outside of the workspace is denied.
    STRICT: only reads run.
    """

    OBSERVE = "observe"
    STANDARD = "standard"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class Policy:
    """The defaults are what a user gets who configures nothing."""

    secrets: SecretAction = SecretAction.REDACT
    gitignored: IgnoredAction = IgnoredAction.REDACT
    commands: CommandLevel = CommandLevel.STANDARD
    web_reads: WebReads = WebReads.ALLOW
    """Neither this machine's own servers nor `trusted_hosts` are asked about."""
    ignore_files: tuple[str, ...] = (".clineignore", ".companionignore")
    """Files in gitignore syntax, at every level of the workspace, whose matches are always denied."""
    protected_branches: tuple[str, ...] = ("main", "master")
    """Patterns with *; a push to one of them asks, and one that loses commits there is denied."""
    rules: tuple[str, ...] = ()
    """The user's own rules about commands, as `companion.policy.rulebook` reads them."""
    trusted_hosts: tuple[str, ...] = ()
    """Hosts that a command or tool may send secrets to without a person's word; "*.NAME" stands for all below NAME."""
    approval_seconds: int = 600
    """How long a held action waits for a person before it is refused."""
    short_excerpts: ExcerptAction = ExcerptAction.REDACT
    """Of excerpts of `excerpt_short_bytes` and more."""
    long_excerpts: ExcerptAction = ExcerptAction.REDACT
    """Of excerpts of `excerpt_long_bytes` and more."""
    excerpt_warn_bytes: int = 60
    """Shorter ones are passed over."""
    excerpt_short_bytes: int = 120
    excerpt_long_bytes: int = 200
    excerpts_gitignored: bool = True
    """Whether text counts that git's rules alone ignore."""
    excerpts_skip: tuple[str, ...] = SKIPPED
    """Names of ignored files and folders, `*` standing for any letters, whose text does not count. The fewer the
    stricter.
    """
    outside: OutsideAction = OutsideAction.ASK
    clineignore: ClineIgnore = ClineIgnore.EVERY_LEVEL
    agent_ignore_files: tuple[str, ...] = ()
    """Agents whose own ignore files deny too, by the names in `companion.policy.ignore.agents`."""
