"""What companion knows of a coding agent: where its settings are, which entries to set, how to run it once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from companion.cli.agents.changes import Change
from companion.cli.agents.hooks import OwnFile
from companion.cli.agents.syntax import Syntax

CLIENT_HEADER = "x-companion-client"
ALIAS_PREFIX = "companion/"
IDLE_MILLISECONDS = 1_800_000
"""How long an agent is told to wait in a silent stream: longer than a held action may wait for a person by default."""


@dataclass(frozen=True, slots=True)
class Hook:
    """How the agent asks before it runs something."""

    command: str = ""
    """For a shell; "" where no hook is wanted."""
    token: str = ""
    """Opens hooks on the gateway's port."""
    settings: str = ""
    """The settings file itself, symbolic links followed."""
    folder: str = ""
    """The agent's own configuration folder."""
    version: tuple[int, int, int] | None = None
    """Of the agent's program, where it is installed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the settings should say."""

    gateway: str
    """Base URL without /v1."""
    key: str
    tiers: Mapping[str, str]
    """As in `Status.tiers`."""
    at: str
    """Now, ISO 8601 in UTC, for settings that keep it."""
    model: str = ""
    """The model to ask for, where the user named one."""
    hook: Hook = field(default_factory=Hook)

    def named(self, tier: str) -> str:
        """The model that serves a tier; "" where the agent's own choice passes."""
        model = self.tiers.get(tier, "").partition("/")[2]
        return "" if model == "*" else model

    @property
    def openai(self) -> str:
        """Base URL of the OpenAI dialects."""
        return f"{self.gateway}/v1"


@dataclass(frozen=True, slots=True)
class Link:
    """Where settings point; "" for what they do not say."""

    gateway: str = ""
    key: str = ""


class NeedsModel(Exception):  # noqa: N818 - an answer to the user
    """No tier names a model and neither do the settings."""


class Agent(Protocol):
    """One coding agent. Each module of this package that describes one is an Agent."""

    @property
    def NAME(self) -> str:  # noqa: N802 - constants of a module
        """As it stands in `x-companion-client`, on the command line and in the ledger."""
        ...

    @property
    def TITLE(self) -> str:  # noqa: N802
        ...

    @property
    def PROGRAM(self) -> str:  # noqa: N802
        ...

    @property
    def DIALECT(self) -> str:  # noqa: N802
        """The wire protocol that these settings make it speak, by the last part of its path."""
        ...

    @property
    def SYNTAX(self) -> Syntax:  # noqa: N802
        ...

    @property
    def SKELETON(self) -> str:  # noqa: N802
        """Settings that say nothing, where the agent has none yet."""
        ...

    def settings(self, environ: Mapping[str, str], home: Path, folder: Path | None) -> Path:
        """The settings file that the agent would read; `folder` is its own configuration folder, where it was named."""
        ...

    def changes(self, document: dict[str, Any], wanted: Wanted) -> list[Change]:
        """The entries to set. Raises NeedsModel, or Unfit for a document that is not what this agent reads."""
        ...

    def folder(self, settings: Path) -> Path:
        """The agent's own configuration folder, in which the settings file lies."""
        ...

    def files(self, home: Path, wanted: Wanted) -> list[OwnFile]:
        """Files of companion's own that belong beside the settings."""
        ...

    def link(self, document: dict[str, Any]) -> Link: ...

    def remarks(self, document: dict[str, Any], wanted: Wanted, environ: Mapping[str, str]) -> list[str]:
        """What the user should know about these settings: each a sentence."""
        ...

    def detours(self, document: dict[str, Any], environ: Mapping[str, str]) -> list[str]:
        """What leads this agent round the gateway in spite of its settings: each a sentence."""
        ...

    def headless(self, prompt: str) -> list[str]:
        """The command line, without the program, that runs the agent once with its own settings."""
        ...

    def variables(self, folder: Path) -> dict[str, str]:
        """The environment that makes the agent use this configuration folder."""
        ...


def text_at(document: Any, *path: str) -> str:
    """The string at a path; "" for anything else."""
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, str) else ""
