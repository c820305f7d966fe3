"""A person's yes, and how far it reaches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Reach(StrEnum):
    """ONCE: this action now. SESSION: the same action in the same session. RULE: that command in that workspace."""

    ONCE = "once"
    SESSION = "session"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Script:
    """A file that a command runs, as it was when it was looked at."""

    path: str
    sha256: str
    """ "" for one that is not there or cannot be read."""
    text: str | None = None
    """None where it is no text, or too long to be shown."""


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that a yes is bound to."""

    digest: str
    """sha256 of the action, the folder it happens in, the variables that were told, and the scripts."""
    scripts: tuple[Script, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """A yes that is kept. Times carry a zone."""

    id: str
    reach: Reach
    client: str
    session: str
    workspace: str
    digest: str
    """As in Content. For a rule it is not looked at: there `words` and `scripts` count."""
    made_at: datetime
    expires_at: datetime
    by: str
    """The face that the person answered from."""
    shown: str
    """What was approved, on one line, without secrets."""
    words: tuple[str, ...] = ()
    """Of a rule: the words of the command."""
    prefix: bool = False
    """Whether more words may follow `words`."""
    codes: tuple[str, ...] = ()
    """Of a rule: why companion asked. What asks for another reason is asked again."""
    scripts: tuple[tuple[str, str], ...] = ()
    """Of a rule: path and sha256 of what it runs."""
    used: int = 0
