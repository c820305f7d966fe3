"""Wire types of approvals: what a person is asked, what they answer, and every yes that is kept."""

from __future__ import annotations

from attrs import field, frozen


@frozen
class EffectLine:
    """What a part of a held command does. `start:end` are characters of the approval's `what`, 0:0 for no part."""

    kind: str
    target: str
    start: int = 0
    end: int = 0
    code: str = ""
    reason: str = ""
    """ "" for an effect that is no reason to ask."""


@frozen
class Deletion:
    """The files that would be gone."""

    files: int
    bytes: int
    complete: bool
    """Whether all were counted; else there are more."""
    names: list[str] = field(factory=list[str])
    """The first of them, relative to the command's folder where they lie in it."""


@frozen
class ScriptLine:
    """A file that the held command runs."""

    path: str
    sha256: str
    """ "" where it cannot be read."""
    state: str
    """ "new" when nobody approved it before, "same" or "changed" since somebody did."""
    shown: str = ""
    """Its text where it is new, a unified diff where it changed; without secrets, cut where it is long."""


@frozen
class Approval:
    """An action that waits for a person."""

    id: str
    exchange: str
    asked_at: str
    expires_at: str
    client: str
    workspace: str
    tier: str
    kind: str
    """ "shell", "file" or "tool"."""
    what: str
    """The whole action as text, with every invisible character made visible and every secret replaced."""
    code: str
    reason: str
    hint: str = ""
    digest: str = ""
    """sha256 of the action, its folder, the variables that were told, and the bytes of the scripts that it runs; an
    answer may name it to bind to it."""
    cwd: str = ""
    """Where the action happens; "" where nobody said."""
    effects: list[EffectLine] = field(factory=list[EffectLine])
    deletes: Deletion | None = None
    scripts: list[ScriptLine] = field(factory=list[ScriptLine])
    environment: list[str] = field(factory=list[str])
    """Variables, as NAME=value, that change what programs do."""
    reaches: list[str] = field(factory=lambda: ["once"])
    """How far a yes may reach: "once", "session" (the same again in this session), "rule" (this command here)."""
    rule: str = ""
    """The command that a rule would be about; "" where none can be made."""
    layer: str = "wire"
    """ "wire" when the call is held in the model's answer, "hook" when the agent is about to run it, "terminal"."""


@frozen
class Answer:
    """A person's answer to an approval."""

    approve: bool
    by: str
    """The face that answered: "cli", "tui", "editor" or "demo"."""
    reason: str = ""
    """Shown to the model on a denial."""
    digest: str = ""
    """When given, the answer holds only for the approval with this digest."""
    reach: str = "once"
    """How far a yes reaches; one of the approval's `reaches`."""
    seconds: int = 0
    """For how long a session's or a rule's yes holds; 0 for the usual time."""
    prefix: str = ""
    """For a rule: the words with which a command has to begin; "" for exactly the command that was shown."""


@frozen
class GrantLine:
    """A yes that is kept."""

    id: str
    reach: str
    """ "session" or "rule"."""
    shown: str
    """The command that it is about; of a prefix followed by "…"."""
    workspace: str
    client: str
    made_at: str
    expires_at: str
    by: str
    used: int
    """How often it has stood in for a person."""
