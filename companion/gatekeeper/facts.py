"""Gathers what guards are told: findings of a prompt, effects of a command, how each named path lies on disk."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from msgspec.structs import replace

from companion.gatekeeper.earlier import changes_of, resolved
from companion.gatekeeper.ports import (
    Examined,
    ExcerptFinder,
    PartExcerpts,
    PathJudge,
    Policies,
    SecretScanner,
    SmallFiles,
    Unexamined,
)
from companion.model.action import Action, FileAccess, ModelCall, Operation, Part, ShellCommand, ToolCall
from companion.model.exchange import Exchange, Origin
from companion.model.facts import EffectKind, Excerpt, Facts, PathFacts
from companion.model.policy import ExcerptAction, Policy
from companion.policy.guards.excerpts import way_with
from companion.policy.guards.tools import TOOLS
from companion.policy.ignore.arguments import paths_in
from companion.policy.ignore.searches import folder_of_search
from companion.policy.order import Changes, runs_changed, within
from companion.policy.outgoing import carrying
from companion.policy.rulebook import in_force
from companion.policy.shell.effects import LISTED, TREE
from companion.policy.shell.gitplace import is_of_git
from companion.policy.shell.invocation import UnreadableFile
from companion.policy.shell.read import read_command

_MOST_PATHS = 32
_MOST_GRANTED = 10_000
_WHOLE = frozenset({TREE, LISTED})
_ON_PATHS = frozenset({EffectKind.READ, EffectKind.WRITE, EffectKind.DELETE})
_BEYOND = frozenset(
    {EffectKind.NETWORK, EffectKind.CHANGE, EffectKind.CLOUD, EffectKind.GIT, EffectKind.INSTALL, EffectKind.LEAK}
)


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Asks each source once. Raises whatever a source raises: admission turns that into a denial."""

    scanner: SecretScanner
    paths: PathJudge
    policies: Policies
    excerpts: ExcerptFinder
    home: str
    """The user's home folder, for `~` in commands."""
    files: SmallFiles | None = None
    """Without it no script of a project is known by its text."""
    granted: dict[bytes, None] = field(default_factory=dict[bytes, None])
    """Digests of ignored text that a person let leave."""

    def grant(self, facts: Facts) -> None:
        """A person has said yes to what a guard asked about these facts: it comes again with every turn."""
        for excerpt in facts.excerpts:
            if way_with(excerpt, facts.policy) is ExcerptAction.ASK:
                self.granted[excerpt.digest] = None
        while len(self.granted) > _MOST_GRANTED:
            del self.granted[next(iter(self.granted))]

    async def gather(self, exchange: Exchange) -> tuple[Action, Facts]:
        """The action as the guards judge it, and what they are told beside it."""
        action, workspace = exchange.action, exchange.origin.workspace
        if not isinstance(action, ModelCall):
            # Path facts touch the disk and a long command takes a while to read: both off the loop.
            facts = await asyncio.to_thread(self._examine, exchange)
            if text := _sent(action, facts):
                facts = replace(facts, findings=await self.scanner.scan((text,), workspace))
            return action, facts
        policy = self.policies.lately(workspace)
        if policy is None:
            # The agent names the workspace: a folder on a disk that is slow or gone must not hold up everybody else.
            policy = await asyncio.to_thread(self.policies.policy_for, workspace)
        if not action.parts:
            findings = await self.scanner.scan(action.texts, workspace)
            try:
                excerpts = await self.excerpts.scan(action.texts, workspace, policy)
            except Unexamined as why:
                return action, Facts(exchange.origin, policy, findings=findings, unexamined=str(why))
            excerpts, unseen = self._ungranted(excerpts), self.excerpts.unseen(workspace)
            return action, Facts(exchange.origin, policy, findings=findings, excerpts=excerpts, unseen=unseen)
        found = await self.scanner.examine(action.parts, workspace)
        seen = replace(action, texts=found.texts, examined=found.numbers) if found.numbers else action
        of_parts: tuple[PartExcerpts, ...] = ()
        if not self.excerpts.is_clean(action.parts, workspace, policy):
            try:
                of_parts = await self.excerpts.examine(action.parts, workspace, policy)
            except Unexamined as why:
                return seen, Facts(exchange.origin, policy, findings=found.findings, unexamined=str(why))
        unseen = self.excerpts.unseen(workspace)
        if of_parts:
            found, excerpts = _together(action.parts, found, of_parts)
            action = replace(action, texts=found.texts, examined=found.numbers)
            excerpts = self._ungranted(excerpts)
            return action, Facts(exchange.origin, policy, findings=found.findings, excerpts=excerpts, unseen=unseen)
        return seen, Facts(exchange.origin, policy, findings=found.findings, unseen=unseen)

    def _ungranted(self, excerpts: tuple[Excerpt, ...]) -> tuple[Excerpt, ...]:
        return tuple(one for one in excerpts if one.digest not in self.granted) if self.granted else excerpts

    def _examine(self, exchange: Exchange) -> Facts:
        origin = exchange.origin
        policy = self.policies.policy_for(origin.workspace)
        match exchange.action:
            case FileAccess(path=path, operation=operation):
                # Of a result that comes back this way, the lines of ignored files are left out.
                known = (
                    self.paths.judge_tree(path, origin.workspace, policy, knows_git=True, follows_links=False)
                    if operation is Operation.SEARCH and not exchange.returns
                    else self.paths.judge(path, origin.workspace, policy)
                )
                return Facts(origin, policy, returns=exchange.returns, paths={path: known})
            case ShellCommand() as command:
                return examine_command(
                    command,
                    origin,
                    policy,
                    self.paths,
                    self.home,
                    self.files,
                    returns=exchange.returns,
                    after=exchange.after,
                )
            case ToolCall(tool=tool, arguments=arguments) if tool not in TOOLS:
                # A tool that nobody knows may read whatever it is told, a whole folder too.
                named = {path: self.paths.judge(path, origin.workspace, policy) for path in paths_in(arguments)}
                return Facts(origin, policy, paths=named)
            case _:
                return Facts(origin, policy)


def examine_command(
    command: ShellCommand,
    origin: Origin,
    policy: Policy,
    judge: PathJudge,
    home: str,
    files: SmallFiles | None = None,
    *,
    returns: bool = False,
    after: Sequence[Action] = (),
) -> Facts:
    """What guards are told of a command: its effects, and how each path that they name lies on disk. Blocking.

    `returns` as of an exchange: then a search may run over a folder with ignored files in it. `after` are the actions
    that come before it, and are not carried out yet.
    """
    cwd = command.cwd
    if policy.rules:
        policy = dataclasses.replace(policy, rules=in_force(policy.rules, datetime.now(UTC)))
    folder = cwd or origin.workspace
    changes = changes_of(after, origin, policy, judge, home) if after else Changes()
    looked: dict[str, None] = {}

    def look(path: str) -> str | None:
        path = f"{home}{path[1:]}" if path.startswith("~/") and home else path
        if changes:
            name = resolved(path, folder)
            looked[name] = None
            if is_of_git(path) and changes.touch(name):
                # What is checked out or configured by then is not what the disk says now.
                raise UnreadableFile(path)
        return files.text(path, folder) if files is not None else None

    effects = read_command(
        command.command, cwd=cwd or origin.workspace, home=home, look=look if files is not None and folder else None
    )
    paths: dict[str, PathFacts] = {}
    is_filtered = returns and folder_of_search(command.command, home) is not None
    for effect in effects:
        # A look at a whole tree says more than one at its root alone.
        if len(paths) >= _MOST_PATHS:
            # What nobody looked at is asked about.
            break
        if effect.kind in _ON_PATHS and effect.target and (effect.code in _WHOLE or effect.target not in paths):
            known = judge.judge(effect.target, origin.workspace, policy, cwd=cwd)
            if effect.code in _WHOLE and known.inside and not is_filtered:
                # Elsewhere a tree has no end, and what lies there is asked about anyway.
                # Names that git lists are read by somebody else, who follows links.
                listed = effect.code == LISTED
                known = judge.judge_tree(effect.target, origin.workspace, policy, cwd=cwd, knows_git=listed)
            paths[effect.target] = known
    folders = {target for target, known in paths.items() if known.is_dir}
    told = (
        *within(command.command, effects, folders),
        *runs_changed(command.command, effects, changes, looked),
        *carrying(command.command, effects),
    )
    effects = (*effects, *told) if told else effects
    return Facts(origin, policy, effects=effects, returns=returns, paths=paths)


def _sent(action: Action, facts: Facts) -> str:
    """What of an action may leave the machine when it happens: it is searched for secrets."""
    match action:
        case ToolCall(arguments=arguments):
            return arguments
        case ShellCommand(command=command) if any(effect.kind in _BEYOND for effect in facts.effects):
            return command
        case _:
            return ""


def _together(
    parts: Sequence[Part], found: Examined, of_parts: Sequence[PartExcerpts]
) -> tuple[Examined, tuple[Excerpt, ...]]:
    """The texts of all parts in which something was found or looked for, and where in them everything stands."""
    before = dict(zip(found.numbers, _starts(parts, found.numbers), strict=True))
    numbers = tuple(sorted({*found.numbers, *(one.number for one in of_parts)}))
    after = dict(zip(numbers, _starts(parts, numbers), strict=True))
    moves = [(at, after[number] - at) for number, at in before.items()]

    def moved(text: int) -> int:
        return text + next(move for at, move in reversed(moves) if at <= text)

    findings = tuple(dataclasses.replace(finding, text=moved(finding.text)) for finding in found.findings)
    excerpts = tuple(
        replace(excerpt, text=after[one.number] + excerpt.text) for one in of_parts for excerpt in one.excerpts
    )
    texts = tuple(text for number in numbers for text in parts[number].texts())
    return Examined(numbers, texts, findings), excerpts


def _starts(parts: Sequence[Part], numbers: Sequence[int]) -> Iterator[int]:
    """Of each of these parts, the number of its first text among the texts of all of them."""
    at = 0
    for number in numbers:
        yield at
        at += len(parts[number].texts())
