"""What a connection works on: where it runs, the settings as they are, and as they would be without companion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from companion.cli.agents.agent import Agent, Link
from companion.cli.agents.changes import undo
from companion.cli.agents.errors import Impossible, Unfit, Unparseable
from companion.cli.agents.record import Backup, Record, sha256
from companion.cli.agents.settings import SettingsFile, text_of
from companion.places import Places

_SECRET = re.compile(r"cmp-[A-Za-z0-9_-]{43}")
_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a command runs."""

    places: Places
    environ: Mapping[str, str]
    home: Path


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user asked for beside the agent's name."""

    folder: Path | None = None
    model: str = ""
    dry_run: bool = False
    hooks: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """What was done, or would be. `diff` has every key masked."""

    agent: str
    settings: str
    changed: bool
    diff: str = ""
    linked_from: str = ""
    """The symbolic link that led to the settings; "" when none did."""
    gateway: str = ""
    key_id: str = ""
    key_made: bool = False
    key_revoked: bool = False
    exact: bool = False
    """Whether the settings are byte for byte what they were before."""
    gone: bool = False
    """Whether there is no settings file now, as before."""
    dry_run: bool = False
    remarks: list[str] = field(default_factory=list[str])
    files: list[str] = field(default_factory=list[str])
    """Files of companion's own that were put beside the settings, or taken away."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the settings are without companion. `moved`: the user changed them since the last connect."""

    content: bytes | None
    moved: bool = False


def read_link(agent: Agent, file: SettingsFile) -> tuple[dict[str, Any], Link]:
    """The settings and where they point. Raises Impossible."""
    document = agent.SYNTAX.parse(start(agent, file.content, file.path))
    return document, agent.link(document)


def takes(gateway: str, key: str) -> bool | None:
    """Whether the gateway takes the key; None when nobody answers there."""
    try:
        answer = httpx.head(
            f"{gateway}/v1/models", headers={"authorization": f"Bearer {key}"}, timeout=_SECONDS, trust_env=False
        )
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
    return answer.status_code == httpx.codes.OK


def is_virtual(key: str) -> bool:
    """Whether a text has the form of a virtual key. Nothing else is ever sent to the gateway to try it."""
    return _SECRET.fullmatch(key) is not None


def start(agent: Agent, content: bytes | None, path: Path) -> str:
    """The text to begin with: settings that say nothing count as the agent's empty ones. Raises Impossible."""
    text = text_of(content, path)
    if not text.strip():
        return agent.SKELETON
    try:
        document = agent.SYNTAX.parse(text)
    except Unparseable as error:
        place = ":".join(str(part) for part in (path, error.line, error.column) if part)
        raise Impossible(f"{place}: {error}; the file is left as it is", f"mend {path}, then try again") from error
    return text if document or not agent.SKELETON else agent.SKELETON


def find_ground(agent: Agent, backup: Backup, record: Record | None, file: SettingsFile) -> Ground:
    """Raises Impossible when companion's entries cannot be told from the rest."""
    if record is None:
        return Ground(file.content)
    stored = backup.base(record)
    # Settings that somebody removed: nothing is lost by going back to those from before.
    if file.content in {None, stored} or sha256(file.content) == record.sha256_written:
        return Ground(stored)
    base = start(agent, stored, file.path)
    try:
        undone = undo(agent.SYNTAX, start(agent, file.content, file.path), base, record.marks)
    except (Unparseable, Unfit) as error:
        raise Impossible(f"{file.path}: {error}", f"mend {file.path}, then try again") from error
    if agent.SYNTAX.same(undone, base):
        return Ground(stored)
    return Ground(file.encoded(undone), moved=True)
