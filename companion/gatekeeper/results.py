"""Leaves text of ignored files out of what a prompt tells of tools' results and of mentioned files, by their paths.

What it cuts depends on the call, its result and the rules alone, so a prompt goes out the same in every turn.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from companion.gatekeeper.facts import examine_command
from companion.gatekeeper.ports import PathJudge, SmallFiles, Unexamined
from companion.model.action import Action, CallMade, CallResult, FileAccess, Operation, Part, ShellCommand, ToolCall
from companion.model.exchange import Origin
from companion.model.facts import EffectKind, Excerpt, IgnoreMatch, PathFacts
from companion.model.policy import IgnoredAction, Policy
from companion.policy.guards.tools import TOOLS
from companion.policy.ignore.arguments import TooMany, paths_in
from companion.policy.ignore.results import (
    Cut,
    entries,
    listed,
    may_mention,
    mentions_of,
    searched,
    whole,
    whole_entry,
)
from companion.policy.ignore.searches import POLLS, folder_of_search
from companion.policy.shell.effects import NAMES


@dataclass(frozen=True, slots=True)
class Results:
    """Blocking. Safe in threads."""

    paths: PathJudge
    home: str
    files: SmallFiles | None = None

    @staticmethod
    def may_cut(part: Part) -> bool:
        """Whether `cuts` has to look at the part. Quick."""
        return not part.is_answer and (bool(part.results()) or any(map(may_mention, part.texts())))

    def cuts(self, part: Part, calls: Mapping[str, CallMade], workspace: str, policy: Policy) -> tuple[Excerpt, ...]:
        """What is left out of a part. `calls` are those of the prompt, by their ids. Raises Unexamined."""
        texts = part.texts()
        found: list[Excerpt] = []
        told: set[int] = set()
        for result in part.results():
            told.update(result.texts)
            call = calls.get(result.id)
            if call is None:
                continue
            for number in result.texts:
                cuts = self._of_result(texts[number], call, result, calls, workspace, policy)
                found += [_excerpt(number, cut, texts[number]) for cut in cuts]
        around = _Around(self.paths, workspace, policy)
        for number, text in enumerate(texts):
            if number not in told and may_mention(text):
                found += [_excerpt(number, cut, text) for cut in mentions_of(text, around.covers)]
        return tuple(found)

    def _of_result(
        self,
        text: str,
        call: CallMade,
        result: CallResult,
        calls: Mapping[str, CallMade],
        workspace: str,
        policy: Policy,
    ) -> Iterator[Cut]:
        rules = [self._rule(action, workspace, policy) for action in call.actions]
        if call.in_entries and any(rules) and (places := entries(text, len(rules))):
            for place, rule in zip(places, rules, strict=True):
                yield from whole_entry(place, rule) if rule else ()
            return
        if rule := next(filter(None, rules), None):
            if result.has_media:
                raise Unexamined("the prompt holds a picture or a document of an ignored file, which nobody can cut")
            yield from whole(text, rule)
            return
        for action in call.actions:
            if (cuts := self._lines(text, action, calls, workspace, policy)) is not None:
                yield from cuts
                return

    def _rule(self, action: Action, workspace: str, policy: Policy) -> IgnoreMatch | None:
        """The rule that keeps all that comes of an action from the model."""
        match action:
            case FileAccess(path=path, operation=operation):
                rule = _kept(self.paths.judge(path, workspace, policy), policy)
                reads = operation in {Operation.READ, Operation.SEARCH}
                return rule if rule and (reads or rule.denied) else None
            case ShellCommand():
                origin = Origin(workspace=workspace)
                facts = examine_command(action, origin, policy, self.paths, self.home, self.files, returns=True)
                read = (one for one in facts.effects if one.kind is EffectKind.READ and one.code != NAMES)
                judged = (_kept(facts.paths[one.target], policy) for one in read if one.target in facts.paths)
                return next(filter(None, judged), None)
            case ToolCall(tool=tool, arguments=arguments) if tool not in TOOLS:
                try:
                    named = paths_in(arguments)
                except TooMany:
                    return None
                return next(
                    filter(None, (_kept(self.paths.judge(one, workspace, policy), policy) for one in named)), None
                )
            case _:
                return None

    def _lines(
        self, text: str, action: Action, calls: Mapping[str, CallMade], workspace: str, policy: Policy
    ) -> Sequence[Cut] | None:
        """The lines to leave out of what an action brought; None for an action that brings no lines of files."""
        match action:
            case FileAccess(path=folder, operation=Operation.LIST):
                return listed(text, _Around(self.paths, workspace, policy, folder).denies)
            case FileAccess(path=folder, operation=Operation.SEARCH):
                return searched(text, _Around(self.paths, workspace, policy, folder))
            case ShellCommand() if (start := _searches_in(action)) is not None:
                return searched(text, _Around(self.paths, workspace, policy, start))
            case ToolCall(tool=tool) if tool in POLLS:
                # It may bring the rest of a search that was begun earlier.
                begun = (_searches_in(one) for call in calls.values() for one in call.actions)
                first = next((one for one in begun if one is not None), None)
                return () if first is None else searched(text, _Around(self.paths, workspace, policy, first))
            case _:
                return None


def _searches_in(action: Action) -> str | None:
    """The folder in which a command searches; None for any other action."""
    if not isinstance(action, ShellCommand):
        return None
    folder = folder_of_search(action.command)
    return None if folder is None else posixpath.join(action.cwd, folder)


def _kept(known: PathFacts, policy: Policy) -> IgnoreMatch | None:
    """The rule that keeps a file's text from the model. Under ASK a person has said what may leave."""
    match = known.ignored
    return match if match and (match.denied or policy.gitignored is not IgnoredAction.ASK) else None


@dataclass(slots=True)
class _Around:
    """Paths as a tool spells them: from the workspace, or from the folder that it was told to look in."""

    paths: PathJudge
    workspace: str
    policy: Policy
    folder: str = ""
    _known: dict[str, IgnoreMatch | None] = field(default_factory=dict[str, IgnoreMatch | None])
    _there: dict[str, bool] = field(default_factory=dict[str, bool])
    _lost: list[IgnoreMatch | None] = field(default_factory=list[IgnoreMatch | None])

    def covers(self, path: str) -> IgnoreMatch | None:
        if path not in self._known:
            facts = (self.paths.judge_literally(path, self.workspace, self.policy, cwd=cwd) for cwd in self._folders())
            self._known[path] = next(filter(None, (_kept(known, self.policy) for known in facts)), None)
        return self._known[path]

    def denies(self, path: str) -> IgnoreMatch | None:
        """Names of files that only git ignores may be listed."""
        match = self.covers(path)
        return match if match and match.denied else None

    def is_file(self, path: str) -> bool:
        if path not in self._there:
            self._there[path] = any(self.paths.is_file(path, self.workspace, cwd=cwd) for cwd in self._folders())
        return self._there[path]

    def lost(self) -> IgnoreMatch | None:
        if not self._lost:
            facts = self.paths.judge_tree(self.folder or ".", self.workspace, self.policy, knows_git=True)
            self._lost.append(_kept(facts, self.policy))
        return self._lost[0]

    def _folders(self) -> tuple[str, ...]:
        return ("", self.folder) if self.folder not in {"", "."} else ("",)


def _excerpt(number: int, cut: Cut, text: str) -> Excerpt:
    size = len(text[cut.start : cut.end].encode("utf-8", "replace"))
    return Excerpt(number, cut.start, cut.end, size, cut.rule, words=cut.words)
