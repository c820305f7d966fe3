"""What the gatekeeper needs of the outside. The composition root fits implementations to these."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from companion.contract.types import Deletion
from companion.model.action import Part
from companion.model.facts import Excerpt, Finding, IgnoreMatch, PathFacts
from companion.model.grant import Grant, Script
from companion.model.money import Cost, Usage
from companion.model.policy import Policy
from companion.model.record import Closing, Opening


class Examined(Struct, frozen=True):
    """What was looked at. In the parts that are not among `numbers` nothing is found now."""

    numbers: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()
    """The texts of those parts, in order."""
    findings: tuple[Finding, ...] = ()
    """In `texts`."""


class SecretScanner(Protocol):
    """Finds secrets. `scan` and `scrub` raise when a text was not examined to its end: the caller then denies."""

    async def scan(self, texts: Sequence[str], workspace: str) -> tuple[Finding, ...]:
        """Findings over all texts, sorted by (text, start), not overlapping. Runs off the event loop."""
        ...

    async def examine(self, parts: Sequence[Part], workspace: str) -> Examined:
        """Findings over the texts of those parts that are not known to be clean. Raises as `scan` does."""
        ...

    def scrub(self, text: str) -> str:
        """`text` with every secret that is known or found replaced by its placeholder; for records."""
        ...

    def lookup(self, placeholder: str) -> str | None:
        """The secret that `placeholder` stands for, None when this daemon never gave it out."""
        ...


class Unexamined(Exception):  # noqa: N818 - an answer: not now
    """Nobody can say yet whether ignored text is there; the message says why."""


class PartExcerpts(Struct, frozen=True):
    """Ignored text in part `number`. Of each excerpt, `text` counts the texts of that part."""

    number: int
    excerpts: tuple[Excerpt, ...]


class ExcerptFinder(Protocol):
    """Recognises text of ignored files. The caller denies where one of these raises."""

    def is_clean(self, parts: Sequence[Part], workspace: str, policy: Policy) -> bool:
        """Whether the parts are known to hold no ignored text, or it took no time to find out. Never waits."""
        ...

    async def examine(self, parts: Sequence[Part], workspace: str, policy: Policy) -> tuple[PartExcerpts, ...]:
        """The excerpts in the parts that have any, in order. Raises Unexamined."""
        ...

    def unseen(self, workspace: str) -> str:
        """What of a workspace's ignored text is not known yet, in words; "" where all is. Quick, never waits."""
        ...

    async def scan(self, texts: Sequence[str], workspace: str, policy: Policy) -> tuple[Excerpt, ...]:
        """The excerpts in texts that are in no parts. Raises Unexamined."""
        ...


class PathJudge(Protocol):
    """Knows how a path lies on disk and which ignore rule covers it, as of now."""

    def judge(self, path: str, workspace: str, policy: Policy, *, cwd: str = "") -> PathFacts:
        """Facts of `path`, relative paths taken from `cwd` or the workspace. Blocking, short."""
        ...

    def judge_literally(self, path: str, workspace: str, policy: Policy, *, cwd: str = "") -> PathFacts:
        """As `judge` for the name of one file: no part of it is a glob or a home."""
        ...

    def is_file(self, path: str, workspace: str, *, cwd: str = "") -> bool:
        """Whether a file lies there, links followed. Blocking, short. Never raises."""
        ...

    def judge_tree(
        self,
        path: str,
        workspace: str,
        policy: Policy,
        *,
        cwd: str = "",
        knows_git: bool = False,
        follows_links: bool = True,
    ) -> PathFacts:
        """As `judge` for something that reads every file below a folder: ignored when any file there is.

        With `knows_git`, the reader passes over what git ignores by itself, and if it does not follow links, over them
        too, as ripgrep does.
        """
        ...


class Tracked(Protocol):
    """Knows what git tracks. Both are blocking and short, and never raise."""

    def top(self, folder: str, workspace: str) -> str:
        """The top of the work tree that holds a folder, which is named from the workspace; "" for none."""
        ...

    def ignored(self, top: str, workspace: str, policy: Policy) -> Iterator[IgnoreMatch]:
        """The rules over tracked files. Where nobody can say what is tracked, one that says so."""
        ...


class SmallFiles(Protocol):
    """Reads the files in which a project says what it runs."""

    def text(self, path: str, folder: str) -> str | None:
        """The text of a small file, its path taken from `folder`; None where there is none. Blocking, short.

        Raises UnreadableFile for a file whose text nobody knows.
        """
        ...


class Ledger(Protocol):
    """Keeps exchanges. One opening and one closing line each, whatever happens."""

    def open(self, opening: Opening) -> Awaitable[None] | None:
        """None when the line outlives the daemon from now on; else it does so when the awaitable is done."""
        ...

    def close(self, closing: Closing) -> None:
        """Puts the line on the writer's queue. Never waits, never raises."""
        ...


class Prices(Protocol):
    """What a call costs."""

    @property
    def ready(self) -> bool:
        """Whether that can be told at once, as it always can some seconds after the start."""
        ...

    async def load(self) -> None:
        """Waits until it can. Never raises."""
        ...

    def price(self, provider: str, model: str, usage: Usage, at: datetime) -> Cost:
        """Never raises: an unknown price is a Cost without picodollars."""
        ...

    def ceiling(self, provider: str, model: str, prompt_bytes: int, max_output_tokens: int | None, at: datetime) -> int:
        """The most that a call can cost, in picodollars; 0 when the price is unknown."""
        ...


class Policies(Protocol):
    """The policy in force for a workspace: the user's, tightened by the workspace's own file."""

    def policy_for(self, workspace: str) -> Policy:
        """Never raises: a workspace file that cannot be read tightens to the strictest."""
        ...

    def lately(self, workspace: str) -> Policy | None:
        """The policy as it was found a moment ago, without a look at the disk; None when nobody looked lately."""
        ...


class Listener(Protocol):
    """Hears what happens, as it happens: faces and instruments. Must not raise or wait."""

    def notice(self, name: str, id: str, text: str, details: Mapping[str, object]) -> None: ...  # noqa: A002


class ScriptFiles(Protocol):
    """The files that commands run."""

    def read(self, paths: Sequence[str], folder: str) -> tuple[Script, ...]:
        """Those of the paths that are files, taken from `folder`. Blocking, short. Never raises."""
        ...

    def approved(self, path: str) -> str | None:
        """The text of the script when a person last approved it; None when nobody did. Blocking, short."""
        ...

    def remember(self, scripts: Sequence[Script]) -> None:
        """A person approved a command that runs them. Blocking, short. Never raises."""
        ...


class Doomed(Protocol):
    """Looks at what would be deleted."""

    def look(self, paths: Sequence[str], folder: str) -> Deletion | None:
        """The files below all of the paths, taken from `folder`; None where there are none. Blocking, bounded."""
        ...


class GrantFile(Protocol):
    """Keeps rules over a restart. Both are blocking and short."""

    def load(self) -> list[Grant]:
        """[] where there are none. Never raises: what cannot be read grants nothing."""
        ...

    def save(self, grants: Sequence[Grant]) -> None:
        """Whole or not at all. Raises OSError."""
        ...
