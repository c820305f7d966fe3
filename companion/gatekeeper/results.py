"""Leaves text of ignored files out of what a prompt tells of tools' results and of mentioned files, by their paths.

What it cuts depends on the calls up to there, the result, the rules, and what lies on the disk under the paths that
they name. While none of these changes, a prompt goes out the same in every turn.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from companion.gatekeeper.facts import examine_command
from companion.gatekeeper.ports import PathJudge, SmallFiles, Tracked, Unexamined
from companion.gatekeeper.repositories import Repositories, kept
from companion.model.action import Action, CallMade, CallResult, FileAccess, Operation, Part, ShellCommand, ToolCall
from companion.model.exchange import Origin
from companion.model.facts import EffectKind, Excerpt, IgnoreMatch
from companion.model.policy import Policy
from companion.policy.guards.tools import TOOLS
from companion.policy.ignore.arguments import TooMany, paths_in
from companion.policy.ignore.owners import Manner
from companion.policy.ignore.patches import may_hold_patch
from companion.policy.ignore.printed import NOTHING, Printed, printed_by, rest_of
from companion.policy.ignore.results import (
    Cut,
    entries,
    listed,
    may_mention,
    mentions_of,
    printed_by_git,
    searched,
    searched_entry,
    whole,
    whole_entry,
)
from companion.policy.ignore.searches import POLLS, folder_of_search
from companion.policy.shell.effects import NAMES, TRACKED, TREE
from companion.policy.shell.read import read_command

_ENTERS = re.compile(
    r"(?:^|[\s;&|(){}`\"'])(?:cd|pushd|chdir)\s+(?:-[LPe@]+\s+|--\s+)*(\"[^\"]*\"|'[^']*'|[^\s;&|()`\"']+)"
)
_NOT_CONSTANT = re.compile(r"[$`*?\[{\\]")
_MOST_FOLDERS = 8


@dataclass(frozen=True, slots=True)
class Results:
    """Blocking. Safe in threads."""

    paths: PathJudge
    home: str
    files: SmallFiles | None = None
    tracked: Tracked | None = None
    """Without it every ignored file in a workspace may be one that git tracks."""

    @staticmethod
    def may_cut(part: Part) -> bool:
        """Whether `cuts` has to look at the part. Quick."""
        if part.is_answer:
            return False
        return bool(part.results()) or any(may_mention(text) or may_hold_patch(text) for text in part.texts())

    def cuts(self, part: Part, calls: Mapping[str, CallMade], workspace: str, policy: Policy) -> tuple[Excerpt, ...]:
        """What is left out of a part. `calls` are those of the prompt, by their ids. Raises Unexamined."""
        texts = part.texts()
        by_text: dict[int, list[Cut]] = {}
        for result in part.results():
            # Where nobody knows which call brought it, any of them may have.
            known = calls.get(result.id) if result.id else None
            call = known or CallMade("", tuple(action for one in calls.values() for action in one.actions))
            asked = _Asked(call, tuple(calls.values()), workspace, policy)
            for number in result.texts:
                by_text.setdefault(number, []).extend(self._of_result(texts[number], asked, result))
        around = _Around(self.paths, workspace, policy)
        of_results = {number for result in part.results() for number in result.texts}
        for number, text in enumerate(texts):
            if number not in of_results and may_hold_patch(text):
                by_text.setdefault(number, []).extend(
                    printed_by_git(text, self._repositories(workspace, policy), NOTHING)
                )
            if may_mention(text):
                by_text.setdefault(number, []).extend(mentions_of(text, around.covers))
        return tuple(
            _excerpt(number, cut, texts[number]) for number, cuts in sorted(by_text.items()) for cut in _joined(cuts)
        )

    def _of_result(self, text: str, asked: _Asked, result: CallResult) -> Iterator[Cut]:
        actions = asked.call.actions
        rules = [self._rule(action, asked.workspace, asked.policy) for action in actions]
        places = entries(text, len(rules)) if asked.call.in_entries else []
        if places:
            for place, rule, action in zip(places, rules, actions, strict=True):
                if rule:
                    yield from whole_entry(place, rule)
                else:
                    if (search := self._search([action], asked)) is not None:
                        yield from searched_entry(text, place, *search)
                    yield from self._of_git(text, [action], asked, place)
            return
        if rule := next(filter(None, rules), None):
            if result.has_media:
                raise Unexamined(
                    "the prompt holds a picture or a document of an ignored file, which nobody can cut "
                    f"({rule.source}:{rule.line}: {rule.pattern}); begin a conversation without it"
                    + ("" if rule.denied else ', or set gitignored = "ask"')
                )
            yield from whole(text, rule)
            return
        for action in actions:
            if isinstance(action, FileAccess) and action.operation is Operation.LIST:
                yield from listed(text, _Around(self.paths, asked.workspace, asked.policy, (action.path,)).denies)
        if (search := self._search(actions, asked)) is not None:
            yield from searched(text, *search)
        yield from self._of_git(text, actions, asked)

    def _of_git(
        self, text: str, actions: Sequence[Action], asked: _Asked, place: tuple[int, int] | None = None
    ) -> Iterator[Cut]:
        """Lines of tracked files that git was not told to leave alone."""
        printed = NOTHING
        commands: dict[ShellCommand, None] = {}
        for action in actions:
            if isinstance(action, ShellCommand):
                printed |= printed_by(action.command)
                commands[action] = None
            elif isinstance(action, ToolCall) and action.tool in POLLS:
                begun = [one for call in asked.calls for one in call.actions if isinstance(one, ShellCommand)]
                for one in begun:
                    if (earlier := printed_by(one.command)) != NOTHING:
                        printed |= rest_of(earlier)
                        commands[one] = None
        if printed == NOTHING and not may_hold_patch(text):
            return
        yield from printed_by_git(
            text, self._repositories(asked.workspace, asked.policy, printed, tuple(commands), asked), printed, place
        )

    def _repositories(
        self,
        workspace: str,
        policy: Policy,
        printed: Printed = NOTHING,
        commands: Sequence[ShellCommand] = (),
        asked: _Asked | None = None,
    ) -> Repositories:
        """The repositories in which commands may have run; that of the workspace is always among them."""
        folders: dict[str, None] = {"": None}
        entered, moved = [""], False
        if asked and commands:
            others, moved = self._entered(commands[0] if len(commands) == 1 else None, asked)
            entered += others
        for command in commands:
            named = _folders_of_git(command.command, command.cwd or workspace, self.home)
            places = (posixpath.join(one, command.cwd, other) for one in entered for other in ("", *named))
            for folder in dict.fromkeys(places):
                if folder and folder not in folders and self.paths.judge(folder, workspace, policy).is_dir:
                    folders[folder] = None
        return Repositories(self.paths, self.tracked, workspace, policy, printed, tuple(folders), moved=moved)

    def _search(self, actions: Sequence[Action], asked: _Asked) -> tuple[_Around, Manner] | None:
        """Where the searches among some actions look, and how their result is written; None where there is none."""
        folders: dict[str, None] = {}
        manners: set[Manner] = set()
        knows_git = lost = False
        for action in actions:
            match action:
                case FileAccess(path=path, operation=Operation.SEARCH) if self.paths.is_file(path, asked.workspace):
                    # Its lines may stand without its name, and the rules have been asked about it.
                    continue
                case FileAccess(path=folder, operation=Operation.SEARCH):
                    folders[folder], knows_git = None, True
                    manners.add(Manner.TOOL)
                case ShellCommand() if (start := self._folder(action, asked.workspace)) is not None:
                    entered, unknown = self._entered(action, asked)
                    folders |= dict.fromkeys((start, *(posixpath.join(one, start) for one in entered), *entered))
                    lost = lost or unknown
                    manners.add(Manner.COMMAND)
                case ToolCall(tool=tool) if tool in POLLS:
                    # It may bring the rest of any search that was begun earlier.
                    begun = [self._folder(one, asked.workspace) for call in asked.calls for one in call.actions]
                    if found := [one for one in begun if one is not None]:
                        folders |= dict.fromkeys(found)
                        manners.add(Manner.REST)
                case _:
                    manners.add(Manner.REST)
        if not folders:
            return None
        manner = manners.pop() if len(manners) == 1 else Manner.REST if Manner.REST in manners else Manner.TOOL
        only_tools = knows_git and manner is Manner.TOOL
        around = _Around(self.paths, asked.workspace, asked.policy, tuple(folders), knows_git=only_tools, moved=lost)
        return around, manner

    def _folder(self, action: Action, workspace: str) -> str | None:
        """The folder from which a command searches folders; None for any other action.

        Of single files it prints lines without their names, and each of them was judged by itself.
        """
        if not isinstance(action, ShellCommand) or (folder := folder_of_search(action.command, self.home)) is None:
            return None
        effects = read_command(action.command, cwd=action.cwd or workspace, home=self.home)
        targets = [one.target.rstrip("/") or "/" for one in effects if one.code == TREE]
        if all(self.paths.is_file(target, workspace, cwd=action.cwd) for target in targets):
            return None
        return posixpath.join(action.cwd, folder)

    def _entered(self, command: ShellCommand | None, asked: _Asked) -> tuple[list[str], bool]:
        """Folders in which an agent's shell may stand since an earlier command; and whether it may be any other."""
        found: dict[str, None] = {}
        for call in asked.calls:
            for one in call.actions:
                if not isinstance(one, ShellCommand) or ("cd" not in one.command and "pushd" not in one.command):
                    continue
                if one == command:
                    # Its own `cd` is known.
                    continue
                for entered in _ENTERS.finditer(one.command):
                    folder = entered[1].strip("\"'")
                    if _NOT_CONSTANT.search(folder):
                        return list(found), True
                    folder = self.home + folder[1:] if folder == "~" or folder.startswith("~/") else folder
                    for start in ("", *found):
                        place = posixpath.join(start, folder)
                        known = self.paths.judge(place, asked.workspace, asked.policy)
                        if known.inside and known.is_dir:
                            found[place] = None
                    if len(found) > _MOST_FOLDERS:
                        return list(found), True
        return list(found), False

    def _rule(self, action: Action, workspace: str, policy: Policy) -> IgnoreMatch | None:
        """The rule that keeps all that comes of an action from the model."""
        match action:
            case FileAccess(path=path, operation=operation):
                rule = kept(self.paths.judge(path, workspace, policy), policy)
                reads = operation in {Operation.READ, Operation.SEARCH}
                return rule if rule and (reads or rule.denied) else None
            case ShellCommand():
                origin = Origin(workspace=workspace)
                facts = examine_command(action, origin, policy, self.paths, self.home, self.files, returns=True)
                read = (one for one in facts.effects if one.kind is EffectKind.READ and one.code != NAMES)
                judged = (kept(facts.paths[one.target], policy) for one in read if one.target in facts.paths)
                return next(filter(None, judged), None)
            case ToolCall(tool=tool, arguments=arguments) if tool not in TOOLS:
                try:
                    named = paths_in(arguments)
                except TooMany:
                    return None
                return next(
                    filter(None, (kept(self.paths.judge(one, workspace, policy), policy) for one in named)), None
                )
            case _:
                return None


@lru_cache(maxsize=1024)
def _folders_of_git(command: str, folder: str, home: str) -> tuple[str, ...]:
    """Where git runs in a command that runs in `folder`."""
    return tuple(one.target for one in read_command(command, cwd=folder, home=home) if one.code == TRACKED)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a result answers: its call, and all of the prompt's calls up to there."""

    call: CallMade
    calls: tuple[CallMade, ...]
    workspace: str
    policy: Policy


@dataclass(slots=True)
class _Around:
    """Paths as a tool spells them: from the workspace, or from one of the folders in which it may have looked.

    With `knows_git` it passes over what git ignores. With `moved` it may have stood anywhere.
    """

    paths: PathJudge
    workspace: str
    policy: Policy
    folders: tuple[str, ...] = ()
    knows_git: bool = False
    moved: bool = False
    _known: dict[str, IgnoreMatch | None] = field(default_factory=dict[str, IgnoreMatch | None])
    _there: dict[str, bool] = field(default_factory=dict[str, bool])
    _lost: list[IgnoreMatch | None] = field(default_factory=list[IgnoreMatch | None])

    def covers(self, path: str) -> IgnoreMatch | None:
        if path not in self._known:
            facts = (self.paths.judge_literally(path, self.workspace, self.policy, cwd=cwd) for cwd in self._starts())
            match = next(filter(None, (kept(known, self.policy) for known in facts)), None)
            self._known[path] = self.lost() if match is None and self.moved and not posixpath.isabs(path) else match
        return self._known[path]

    def denies(self, path: str) -> IgnoreMatch | None:
        """Names of files that only git ignores may be listed."""
        match = self.covers(path)
        return match if match and match.denied else None

    def is_file(self, path: str) -> bool:
        if path not in self._there:
            self._there[path] = any(self.paths.is_file(path, self.workspace, cwd=cwd) for cwd in self._starts())
        return self._there[path]

    def lost(self) -> IgnoreMatch | None:
        if not self._lost:
            self._lost.append(next(filter(None, map(self._below, dict.fromkeys((*self.folders, ".")))), None))
        return self._lost[0]

    def _below(self, folder: str) -> IgnoreMatch | None:
        if not self.paths.judge(folder or ".", self.workspace, self.policy).inside:
            # Elsewhere a tree has no end.
            return None
        facts = self.paths.judge_tree(
            folder or ".", self.workspace, self.policy, knows_git=self.knows_git, follows_links=not self.knows_git
        )
        return kept(facts, self.policy)

    def _starts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(("", *(folder for folder in self.folders if folder != "."))))


def _joined(cuts: Iterable[Cut]) -> Iterator[Cut]:
    """Cuts of one text in order. Where two touch the same characters, the first one's words stand for both."""
    last: Cut | None = None
    for cut in sorted(cuts, key=lambda cut: (cut.start, -cut.end)):
        if last is not None and cut.start < last.end:
            last = replace(last, end=max(last.end, cut.end))
            continue
        if last is not None:
            yield last
        last = cut
    if last is not None:
        yield last


def _excerpt(number: int, cut: Cut, text: str) -> Excerpt:
    size = len(text[cut.start : cut.end].encode("utf-8", "replace"))
    return Excerpt(number, cut.start, cut.end, size, cut.rule, words=cut.words)
