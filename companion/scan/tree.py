"""Whether something that reads a whole folder would read an ignored file."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence

from companion.model.facts import IgnoreMatch, PathFacts
from companion.scan.folders import GIT, Node

MOST_ENTRIES = 50_000
"""Entries of folders that one walk looks at."""

RulesOf = Callable[[str], Node]
"""The rules for what lies in a folder; deny lists first."""


def first_ignored(
    tops: Sequence[tuple[str, IgnoreMatch | None]],
    *,
    rules: RulesOf,
    follow: Callable[[str], PathFacts],
    knows_git: bool = False,
    follows_links: bool = True,
    apart: Callable[[str], IgnoreMatch | None] = lambda _: None,
    most: int = MOST_ENTRIES,
) -> IgnoreMatch | None:
    """The rule that covers a file below one of the `tops`, a deny list's before git's; None when all may be read.

    Each top is a folder, absolute and resolved, with git's rule that covers it, if any. `follow` judges a symbolic
    link, unless the reader passes by them; with `knows_git` it passes by what git ignores. `.git` is left out. A folder
    that cannot be listed hides its files from other readers too. `apart` judges what else a file's path may name. More
    than `most` entries count as ignored.
    """
    found: IgnoreMatch | None = None
    waiting = deque(tops)
    seen = {top for top, _ in tops}
    looked_at = 0
    while waiting:
        folder, inherited = waiting.popleft()
        node = rules(folder)
        for entry in _entries(folder):
            looked_at += 1
            if looked_at > most:
                return found or IgnoreMatch("companion", 0, f"(more than {most} entries lie below)", denied=False)
            is_link = entry.is_symlink()
            if (is_link and not follows_links) or (knows_git and _left_out(node, entry)):
                continue
            if is_link:
                facts = follow(entry.path)
                match, is_dir, path = stronger(inherited, facts.ignored), facts.is_dir, facts.resolved
            else:
                match, is_dir, path = _match(node, entry, inherited), entry.is_dir(), entry.path
            if is_dir and path not in seen:
                seen.add(path)
                # What git leaves out is often large: it is looked at last, and only for deny lists.
                (waiting.append if match else waiting.appendleft)((path, match))
            elif not is_dir and (match := match or apart(entry.path)):
                if match.denied:
                    return match
                found = found or match
    return found


def stronger(first: IgnoreMatch | None, second: IgnoreMatch | None) -> IgnoreMatch | None:
    """A deny list's match before git's, else the first there is."""
    return second if second and (first is None or (second.denied and not first.denied)) else first


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if entry.name != ".git"]
    except OSError:
        return []


def folders_in(folder: str) -> list[tuple[str, str]]:
    """(name, path) of each folder in it, links left out."""
    return [(entry.name, entry.path) for entry in _entries(folder) if _is_folder(entry)]


def _match(node: Node, entry: os.DirEntry[str], inherited: IgnoreMatch | None) -> IgnoreMatch | None:
    """The rule that covers `entry`; inside an excluded folder, what excludes that, unless a deny list covers more."""
    if inherited and inherited.denied:
        return inherited
    found = node.matches(entry.name, is_dir=_is_folder(entry))
    return stronger(inherited, next((each for each in found if each), None))


def _left_out(node: Node, entry: os.DirEntry[str]) -> bool:
    found = node.matches(entry.name, is_dir=_is_folder(entry))
    return any(match and family.kind == GIT for match, family in zip(found, node.families, strict=True))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """To git a link to a folder is no folder."""
    return entry.is_dir(follow_symlinks=False)
