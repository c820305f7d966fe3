"""How a path lies on disk, and which rule covers it, as of now.

A path is judged twice, as it is spelt and as it resolves, and what covers either covers it.
"""
# ruff: noqa: PTH111, PTH112, PTH113, PTH114, PTH117, PTH118, PTH119 - Path would respell what agents spell

from __future__ import annotations

import os
import re
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from companion.model.facts import IgnoreMatch, PathFacts
from companion.model.policy import ClineIgnore, Policy
from companion.policy.ignore.agents import CLAUDE, NAMES
from companion.policy.ignore.lists import privileged_anywhere, privileged_at_home, secret_files
from companion.policy.ignore.patterns import encode
from companion.policy.ignore.pieces import TooManyPieces, may_come_apart, pieces_of
from companion.policy.ignore.rules import IgnoreFile, decide
from companion.scan.expand import MOST_ENTRIES, TooMany, expand, has_glob
from companion.scan.folders import FIXED, Lists, Node, TopSource
from companion.scan.ignore_files import IgnoreFiles
from companion.scan.own_rules import CLINEIGNORE, claude_rules, legacy_clineignore
from companion.scan.pathfacts import closed, first, stop, strictest, together
from companion.scan.rule_tree import Tree
from companion.scan.tree import first_ignored, folders_in, stronger
from companion.scan.worktree import find_top, relative_to

_LONGEST_PATH = 4096
_LOOK_NS = 20_000_000
_MOST_GROUNDS = 256
_MOST_PATHS = 8192
_Named = tuple[tuple[str, ...], ClineIgnore, tuple[str, ...]]
_SHORT = 1024
_ROOT = os.path.abspath(os.sep)  # noqa: PTH100 - a string, and with its drive on Windows
_ODD = re.compile(r"[*?\[\0]|//|/$|(?:^|/)\.{1,2}(?:/|$)|^~|^$")
"""A path with any of this may name another file than it spells, or several."""
_OWN = "companion keeps its configuration and its state there"
_POLICY_FILE = "it says what an agent may never read"


@dataclass(frozen=True, slots=True)
class Ground:
    """A workspace as the disk has it. All absolute, links followed, except `named`."""

    named: str
    """The workspace as the origin names it, in normal form."""
    root: str
    """The workspace; "" when nobody said, or said no absolute path."""
    top: str
    """Where ignore files begin to count: the repository's top, or the workspace where there is none."""
    git_top: str
    """As `top` for git's rules; the workspace where an outer repository leaves the whole workspace out."""


class DiskPaths:
    """Judges paths for the gatekeeper. Blocking, short; safe in threads."""

    def __init__(
        self,
        protected: Sequence[str | Path] = (),
        *,
        home: str | None = None,
        environ: Mapping[str, str] | None = None,
        with_defaults: bool = True,
        fold_case: bool = sys.platform in {"darwin", "win32"},
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """`protected` are companion's own folders; `home` and `environ` stand in for this process's own.

        Without defaults only ignore files have a say, no list of secret files that companion brings along.
        """
        self._home = os.path.realpath(home or os.path.expanduser("~"))
        self._protected = tuple(os.path.realpath(folder) for folder in protected)
        self._fold_case = fold_case
        self._files = IgnoreFiles(self._home, environ, fold_case=fold_case)
        self._fixed = ((secret_files(fold_case=fold_case), _ROOT),) if with_defaults else ()
        self._privileged = privileged_anywhere(fold_case=fold_case)
        self._privileged_at_home = privileged_at_home(fold_case=fold_case)
        self._now_ns = now_ns
        self._grounds: dict[str, tuple[int, Ground]] = {}
        self._last: tuple[Ground | None, Policy | None, Tree | None] = (None, None, None)
        self._only_fixed = Lists(fixed=self._fixed)
        self._known_lists: dict[_Named, Lists] = {}
        self._privileges: dict[tuple[str, str, tuple[str, ...]], str] = {}

    def judge(self, path: str, workspace: str, policy: Policy, *, cwd: str = "") -> PathFacts:
        """Facts of `path`, relative paths taken from `cwd` or the workspace. Never raises: odd input counts as ignored.

        A path with glob characters also stands for everything that it matches; what is ignored among it speaks for all.
        """
        try:
            ground = self.ground(workspace)
            if not cwd and len(path) < _SHORT and not _ODD.search(path):
                plain = self._judge_plain(path, ground, policy)
                if plain is not None:
                    return plain
            return together(path, self._places(path, ground, policy, cwd))
        except _Odd as reason:
            return closed(path, str(reason))
        except (OSError, ValueError, RecursionError) as error:
            return closed(path, f"the path cannot be examined: {type(error).__name__}")

    def judge_literally(
        self, path: str, workspace: str, policy: Policy, *, cwd: str = "", is_dir: bool | None = None
    ) -> PathFacts:
        """As `judge` for the name of one file: no part of it is a glob or a home. `is_dir` None asks the disk."""
        try:
            ground = self.ground(workspace)
            return replace(self._judge(self._absolute(path, ground, cwd), ground, policy, is_dir=is_dir), given=path)
        except _Odd as reason:
            return closed(path, str(reason))
        except (OSError, ValueError, RecursionError) as error:
            return closed(path, f"the path cannot be examined: {type(error).__name__}")

    def is_file(self, path: str, workspace: str, *, cwd: str = "") -> bool:
        """Whether a file lies there, links followed, as the agent would find it."""
        try:
            return os.path.isfile(self._absolute(path, self.ground(workspace), cwd))
        except (_Odd, OSError, ValueError):
            return False

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
        """As `judge` for something that reads every file below `path`: ignored when any file there is.

        `knows_git`: the reader leaves out what git ignores, in a repository.
        """
        try:
            ground = self.ground(workspace)
            places = self._places(path, ground, policy, cwd)
            facts = together(path, places)
            if facts.ignored and facts.ignored.denied:
                return facts
            tops = [(place.resolved, place.ignored) for place in places if place.is_dir]
            in_git = knows_git and all(find_top(top) for top, _ in tops)
            found = first_ignored(
                tops,
                rules=lambda folder: self._node(folder, ground, policy),
                follow=lambda link: self._judge(link, ground, policy),
                knows_git=in_git,
                follows_links=follows_links or not in_git,
                apart=lambda file: strictest(each.ignored for each in self._apart(file, ground, policy, cwd)),
            )
            return replace(facts, ignored=stronger(facts.ignored, found))
        except (TooMany, TooManyPieces):
            return closed(path, "the name of a file in it stands for too many others")
        except _Odd as reason:
            return closed(path, str(reason))
        except (OSError, ValueError, RecursionError) as error:
            return closed(path, f"the folder cannot be examined: {type(error).__name__}")

    def rule_files(self, workspace: str, policy: Policy) -> list[IgnoreFile]:
        """Every ignore file that has a say about what may be read in the workspace, each once."""
        ground = self.ground(workspace)
        tree = self.tree(ground, policy)
        waiting, found = [tree.node(ground.root)], dict[tuple[str, str], IgnoreFile]()
        while waiting:
            node = waiting.pop()
            for family in node.families:
                if family.kind != FIXED:
                    found.update({(file.source, file.base): file for file in family.rules.files})
            for name, path in folders_in(node.path):
                if name != ".git" and node.lets_pass(name, is_dir=True):
                    waiting.append(tree.below(node, path, name))
        return list(found.values())

    def _places(self, path: str, ground: Ground, policy: Policy, cwd: str) -> list[PathFacts]:
        """Facts of what `path` says, and after it of what it matches as a glob. Raises _Odd."""
        spelt = self._expand_home(path)
        own = self._judge(self._absolute(spelt, ground, cwd), ground, policy)
        if not has_glob(spelt):
            return [own]
        try:
            matched = expand(os.path.join(ground.named or os.sep, cwd), spelt)
            places = [place for each in matched for place in self._apart(each, ground, policy, cwd)]
            return [own, *(self._judge(each, ground, policy) for each in matched), *places]
        except (TooMany, TooManyPieces):
            too_many = stop(f"the glob would look at more than {MOST_ENTRIES} entries", denied=False)
            return [replace(own, ignored=stronger(own.ignored, too_many))]

    def _apart(self, path: str, ground: Ground, policy: Policy, cwd: str) -> Iterator[PathFacts]:
        """What a file's path may name besides once it is text that somebody splits. Raises TooMany, TooManyPieces."""
        start = os.path.join(ground.named or os.sep, cwd)
        name = path[len(start) + 1 :] if path.startswith(f"{start}/") else os.path.relpath(path, start)
        if may_come_apart(name):
            for piece in pieces_of(name):
                there = expand(start, piece) if has_glob(piece) else [self._absolute(piece, ground, cwd)]
                yield from (self._judge(each, ground, policy) for each in there if os.path.lexists(each))

    def _absolute(self, path: str, ground: Ground, cwd: str) -> str:
        if "\0" in path:
            raise _Odd("the path holds a NUL character")
        absolute = os.path.join(ground.named or os.sep, cwd, path)
        if len(encode(absolute)) > _LONGEST_PATH:
            raise _Odd(f"the path is longer than {_LONGEST_PATH} bytes")
        return absolute

    def _expand_home(self, path: str) -> str:
        own = path == "~" or path.startswith("~/")
        return self._home + path[1:] if own else os.path.expanduser(path)

    def ground(self, workspace: str) -> Ground:
        """The workspace as it was on disk at most 20 ms ago; what lies in it is looked at each time."""
        now = self._now_ns()
        known = self._grounds.get(workspace)
        if known and 0 <= now - known[0] < _LOOK_NS:
            return known[1]
        if not os.path.isabs(workspace):
            return Ground("", "", "", "")
        root = os.path.realpath(workspace)
        top = git_top = find_top(root) or root
        if top != root and self._files.git_match(top, relative_to(root, top) or "", is_dir=True):
            git_top = root
        ground = Ground(_normal(workspace), root, top, git_top)
        if len(self._grounds) >= _MOST_GROUNDS:
            self._grounds.clear()
        self._grounds[workspace] = (now, ground)
        return ground

    def _judge(self, absolute: str, ground: Ground, policy: Policy, *, is_dir: bool | None = None) -> PathFacts:
        if ground.named and not _ODD.search(absolute):
            plain = self._judge_plain(absolute, ground, policy, is_dir)
            if plain is not None:
                return plain
        return self._judge_fully(absolute, ground, policy, is_dir)

    def _judge_plain(self, path: str, ground: Ground, policy: Policy, said: bool | None = None) -> PathFacts | None:
        """Facts of a path below the workspace that leads over no link, so that it resolves to itself; else None.

        `path`, absolute or from the workspace, has nothing odd in it.
        """
        named, given = ground.named, path
        if not path.startswith(os.sep):
            path = f"{ground.root}{os.sep}{path}"
        elif path.startswith(named + os.sep):
            path = ground.root + path[len(named) :]
        else:
            return None
        if not named or _differs_by_process(path):
            return None
        folder, _, name = path.rpartition(os.sep)
        node = self.tree(ground, policy).node(folder)
        if not node.is_plain:
            return None
        mode = node.mode(name)
        if stat.S_ISLNK(mode):
            return None
        is_dir = stat.S_ISDIR(mode)
        found = node.matches(name, is_dir=is_dir if said is None else said)
        why = self._known_privileged(path, ground.root, policy.ignore_files)
        return PathFacts(given, path, True, first(found), is_dir, why)

    def _judge_fully(self, absolute: str, ground: Ground, policy: Policy, said: bool | None) -> PathFacts:
        spelt = _normal(absolute)
        below = relative_to(spelt, ground.named) if ground.named else None
        if below is not None:
            spelt = _normal(os.path.join(ground.root, below))
        resolved = os.path.realpath(absolute)
        inside = bool(ground.root) and relative_to(resolved, ground.root) is not None
        if _differs_by_process(spelt):
            resolved, inside = spelt, False
        both = (resolved, spelt) if spelt != resolved else (resolved,)
        if said is None and absolute.endswith("/") and not os.path.lexists(spelt):
            said = True
        ignored = [self._ignored(each, ground, policy, said) for each in both]
        privileged = (self._known_privileged(each, ground.root, policy.ignore_files) for each in both)
        return PathFacts(
            given=absolute,
            resolved=resolved,
            inside=inside,
            ignored=strictest(ignored),
            is_dir=os.path.isdir(resolved),
            privileged=next(filter(None, privileged), ""),
        )

    def _ignored(self, path: str, ground: Ground, policy: Policy, said: bool | None) -> IgnoreMatch | None:
        # To git a link to a folder is no folder.
        is_dir = os.path.isdir(path) and not os.path.islink(path) if said is None else said
        folder, name = os.path.split(path)
        tree = self.tree_of(path if path == ground.top else folder, ground, policy)
        if path == tree.top or not name:
            return first(family.excluded for family in tree.node(tree.top).families)
        return first(tree.node(folder).matches(name, is_dir=is_dir))

    def tree(self, ground: Ground, policy: Policy) -> Tree:
        """The rules below the top of a workspace that was named."""
        last_ground, last_policy, last = self._last
        if last is not None and last_ground is ground and last_policy is policy:
            return last
        lists = self._lists(policy)
        tree = self._files.tree(ground.top, ground.git_top, lists, workspace=ground.root)
        self._last = (ground, policy, tree)
        return tree

    def tree_of(self, folder: str, ground: Ground, policy: Policy) -> Tree:
        """The rules that hold in `folder`, which may lie in another repository or in none."""
        if ground.top and relative_to(folder, ground.top) is not None:
            return self.tree(ground, policy)
        top = find_top(folder)
        if top:
            return self._files.tree(top, top, self._lists(policy), workspace=ground.root)
        return self._files.tree(_ROOT, "", self._only_fixed, workspace=ground.root)

    def _node(self, folder: str, ground: Ground, policy: Policy) -> Node:
        return self.tree_of(folder, ground, policy).node(folder)

    def _lists(self, policy: Policy) -> Lists:
        key = (policy.ignore_files, policy.clineignore, policy.agent_ignore_files)
        known = self._known_lists.get(key)
        if known is None:
            if len(self._known_lists) >= _MOST_GROUNDS:
                self._known_lists.clear()
            known = self._known_lists[key] = self._make_lists(policy)
        return known

    def _make_lists(self, policy: Policy) -> Lists:
        names = list(policy.ignore_files)
        own: list[TopSource] = []
        if policy.clineignore is ClineIgnore.LEGACY and CLINEIGNORE in names:
            names.remove(CLINEIGNORE)
            own.append(partial(legacy_clineignore, fold_case=self._fold_case))
        for agent in policy.agent_ignore_files:
            names += NAMES.get(agent, ())
        if CLAUDE in policy.agent_ignore_files:
            own.append(partial(claude_rules, home=self._home, fold_case=self._fold_case))
        return Lists(tuple(dict.fromkeys(names)), tuple(own), self._fixed)

    def _known_privileged(self, path: str, root: str, names: tuple[str, ...]) -> str:
        """As `_why_privileged`, which asks no disk."""
        key = (path, root, names)
        known = self._privileges.get(key)
        if known is None:
            known = self._why_privileged(path, root, names)
            if len(self._privileges) >= _MOST_PATHS:
                self._privileges.clear()
            self._privileges[key] = known
        return known

    def _why_privileged(self, path: str, root: str, names: tuple[str, ...]) -> str:
        if any(relative_to(path, folder) is not None for folder in self._protected):
            return _OWN
        below = relative_to(path, root) if root else None
        relative = below if below is not None else relative_to(path, os.sep) or ""
        fold = str.lower if self._fold_case else str
        if fold(os.path.basename(relative)) in map(fold, names):
            return _POLICY_FILE
        found = decide(self._privileged, relative, is_dir=False) or self._privileged_in_home(path, root)
        return found.source if found else ""

    def _privileged_in_home(self, path: str, root: str) -> IgnoreMatch | None:
        """None as well where the workspace itself lies in such a folder: agents keep work trees below their own."""
        of_workspace = relative_to(root, self._home) if root else None
        if of_workspace and decide(self._privileged_at_home, of_workspace, is_dir=True):
            return None
        relative = relative_to(path, self._home)
        return decide(self._privileged_at_home, relative, is_dir=False) if relative else None


class _Odd(Exception):  # noqa: N818 - an answer, not a failure
    """A path that cannot name a file; the message says why."""


def _normal(path: str) -> str:
    """Without ".", ".." and repeated slashes, going by the spelling. normpath leaves two slashes at the start."""
    path = os.path.normpath(path)
    return path[1:] if path.startswith("//") else path


def _differs_by_process(path: str) -> bool:
    """Whether the agent's process would find another file under this name than companion's."""
    return path.startswith(("/proc/", "/dev/fd/"))
