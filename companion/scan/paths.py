"""How a path lies on disk, and which rule covers it, as of now.

A path is judged twice, as it is spelt and as it resolves, and what covers either covers it.
"""
# ruff: noqa: PTH111, PTH112, PTH114, PTH117, PTH118, PTH119, PTH120 - Path would respell what agents spell

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from companion.model.facts import IgnoreMatch, PathFacts
from companion.model.policy import Policy
from companion.policy.ignore.lists import privileged_anywhere, privileged_at_home, secret_files
from companion.policy.ignore.rules import Rules, decide
from companion.scan.expand import MOST_ENTRIES, TooMany, expand, has_glob
from companion.scan.ignore_files import IgnoreFiles, find_global_file, find_top, relative_to
from companion.scan.tree import first_ignored, stronger

_LONGEST_PATH = 4096
_OWN = "companion keeps its configuration and its state there"
_POLICY_FILE = "it says what an agent may never read"


@dataclass(frozen=True, slots=True)
class _Ground:
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
        fold_case: bool = sys.platform in {"darwin", "win32"},
    ) -> None:
        """`protected` are companion's own folders; `home` and `environ` stand in for this process's own."""
        self._home = os.path.realpath(home or os.path.expanduser("~"))
        self._protected = tuple(os.path.realpath(folder) for folder in protected)
        self._fold_case = fold_case
        global_file = find_global_file(self._home, os.environ if environ is None else environ)
        self._files = IgnoreFiles(global_file, fold_case=fold_case)
        self._secrets = secret_files(fold_case=fold_case)
        self._privileged = privileged_anywhere(fold_case=fold_case)
        self._privileged_at_home = privileged_at_home(fold_case=fold_case)

    def judge(self, path: str, workspace: str, policy: Policy, *, cwd: str = "") -> PathFacts:
        """Facts of `path`, relative paths taken from `cwd` or the workspace. Never raises: odd input counts as ignored.

        A path with glob characters also stands for everything that it matches; what is ignored among it speaks for all.
        """
        try:
            return _together(path, self._places(path, self._ground(workspace), policy, cwd))
        except _Odd as reason:
            return _closed(path, str(reason))
        except (OSError, ValueError, RecursionError) as error:
            return _closed(path, f"the path cannot be examined: {type(error).__name__}")

    def judge_tree(
        self, path: str, workspace: str, policy: Policy, *, cwd: str = "", knows_git: bool = False
    ) -> PathFacts:
        """As `judge` for something that reads every file below `path`: ignored when any file there is.

        `knows_git`: the reader leaves out what git ignores and follows no links, as ripgrep does in a repository.
        """
        try:
            ground = self._ground(workspace)
            places = self._places(path, ground, policy, cwd)
            facts = _together(path, places)
            if facts.ignored and facts.ignored.denied:
                return facts
            tops = [(place.resolved, place.ignored) for place in places if place.is_dir]
            found = first_ignored(
                tops,
                families=lambda folder: self._families(ground, folder, policy),
                follow=lambda link: self._judge(link, ground, policy),
                knows_git=knows_git and all(find_top(top) for top, _ in tops),
            )
            return replace(facts, ignored=stronger(facts.ignored, found))
        except _Odd as reason:
            return _closed(path, str(reason))
        except (OSError, ValueError, RecursionError) as error:
            return _closed(path, f"the folder cannot be examined: {type(error).__name__}")

    def _places(self, path: str, ground: _Ground, policy: Policy, cwd: str) -> list[PathFacts]:
        """Facts of what `path` says, and after it of what it matches as a glob. Raises _Odd."""
        if "\0" in path:
            raise _Odd("the path holds a NUL character")
        start = os.path.join(ground.named or os.sep, cwd)
        spelt = self._expand_home(path)
        if len(os.fsencode(os.path.join(start, spelt))) > _LONGEST_PATH:
            raise _Odd(f"the path is longer than {_LONGEST_PATH} bytes")
        own = self._judge(os.path.join(start, spelt), ground, policy)
        if not has_glob(spelt):
            return [own]
        try:
            return [own, *(self._judge(each, ground, policy) for each in expand(start, spelt))]
        except TooMany:
            too_many = _stop(f"the glob would look at more than {MOST_ENTRIES} entries", denied=False)
            return [replace(own, ignored=stronger(own.ignored, too_many))]

    def _expand_home(self, path: str) -> str:
        own = path == "~" or path.startswith("~/")
        return self._home + path[1:] if own else os.path.expanduser(path)

    def _ground(self, workspace: str) -> _Ground:
        if not os.path.isabs(workspace):
            return _Ground("", "", "", "")
        root = os.path.realpath(workspace)
        top = git_top = find_top(root) or root
        if top != root and self._files.git_match(top, relative_to(root, top) or "", is_dir=True):
            git_top = root
        return _Ground(_normal(workspace), root, top, git_top)

    def _judge(self, absolute: str, ground: _Ground, policy: Policy) -> PathFacts:
        spelt = _normal(absolute)
        below = relative_to(spelt, ground.named) if ground.named else None
        if below is not None:
            spelt = _normal(os.path.join(ground.root, below))
        resolved = os.path.realpath(absolute)
        inside = bool(ground.root) and relative_to(resolved, ground.root) is not None
        if _differs_by_process(spelt):
            resolved, inside = spelt, False
        both = (resolved, spelt) if spelt != resolved else (resolved,)
        ignored = [self._ignored(each, ground, policy, said_folder=absolute.endswith("/")) for each in both]
        privileged = (self._why_privileged(each, ground, policy) for each in both)
        return PathFacts(
            given=absolute,
            resolved=resolved,
            inside=inside,
            ignored=_strictest(ignored),
            is_dir=os.path.isdir(resolved),
            privileged=next(filter(None, privileged), ""),
        )

    def _ignored(self, path: str, ground: _Ground, policy: Policy, *, said_folder: bool) -> IgnoreMatch | None:
        # To git a link to a folder is no folder.
        is_dir = not os.path.islink(path) if os.path.isdir(path) else said_folder and not os.path.lexists(path)
        folder = path if path == ground.top else os.path.dirname(path)
        for rules, root in self._families(ground, folder, policy):
            if found := decide(rules, relative_to(path, root) or "", is_dir=is_dir):
                return found
        return None

    def _families(self, ground: _Ground, folder: str, policy: Policy) -> list[tuple[Rules, str]]:
        """The rules for what lies in `folder`, each with the folder that they start from; deny lists first."""
        top, git_top = ground.top, ground.git_top
        if not top or relative_to(folder, top) is None:
            top = git_top = find_top(folder)
        families = [(self._secrets, os.sep)]
        if top:
            names = policy.ignore_files
            families += [(self._files.deny_rules(top, folder, name, shown_from=ground.root), top) for name in names]
            families.append((self._files.git_rules(git_top, folder, shown_from=ground.root), git_top))
        return families

    def _why_privileged(self, path: str, ground: _Ground, policy: Policy) -> str:
        if any(relative_to(path, folder) is not None for folder in self._protected):
            return _OWN
        below = relative_to(path, ground.root) if ground.root else None
        relative = below if below is not None else relative_to(path, os.sep) or ""
        fold = str.lower if self._fold_case else str
        if fold(os.path.basename(relative)) in map(fold, policy.ignore_files):
            return _POLICY_FILE
        found = decide(self._privileged, relative, is_dir=False) or self._privileged_in_home(path, ground)
        return found.source if found else ""

    def _privileged_in_home(self, path: str, ground: _Ground) -> IgnoreMatch | None:
        """None as well where the workspace itself lies in such a folder: agents keep work trees below their own."""
        of_workspace = relative_to(ground.root, self._home) if ground.root else None
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


def _strictest(found: Iterable[IgnoreMatch | None]) -> IgnoreMatch | None:
    strictest: IgnoreMatch | None = None
    for each in found:
        strictest = stronger(strictest, each)
    return strictest


def _together(given: str, places: Sequence[PathFacts]) -> PathFacts:
    """The facts of all places that a path stands for; the first is the path as it is written."""
    ignored = _strictest(each.ignored for each in places)
    speaker = next((each for each in places if ignored and each.ignored == ignored), places[0])
    return replace(
        speaker,
        given=given,
        inside=all(each.inside for each in places),
        is_dir=any(each.is_dir for each in places),
        privileged=next((each.privileged for each in places if each.privileged), ""),
    )


def _closed(path: str, reason: str) -> PathFacts:
    return PathFacts(given=path, resolved="", inside=False, ignored=_stop(reason))


def _stop(reason: str, *, denied: bool = True) -> IgnoreMatch:
    return IgnoreMatch("companion", 0, f"({reason})", denied=denied)
