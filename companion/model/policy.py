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
    """What becomes of an access to a path that .gitignore excludes (.clineignore always denies)."""

    ASK = "ask"
    DENY = "deny"


class CommandLevel(StrEnum):
    """STANDARD: what only reads runs, writes to allowed files run, the rest asks. STRICT: only reads run."""

    STANDARD = "standard"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class Policy:
    """The defaults are what a user gets who configures nothing."""

    secrets: SecretAction = SecretAction.REDACT
    gitignored: IgnoredAction = IgnoredAction.DENY
    commands: CommandLevel = CommandLevel.STANDARD
    ignore_files: tuple[str, ...] = (".clineignore", ".companionignore")
    """Files in gitignore syntax, at every level of the workspace, whose matches are always denied."""
    protected_branches: tuple[str, ...] = ("main", "master")
    trusted_hosts: tuple[str, ...] = ()
    """Hosts that a command or tool may send secrets to without a person's word; "*.NAME" stands for all below NAME."""
    approval_seconds: int = 600
    """How long a held action waits for a person before it is refused."""
