"""What an agent may read below a folder, as a list: every file that no rule covers."""

from __future__ import annotations

import os
from collections.abc import Iterator

from companion.model.policy import Policy
from companion.scan.folders import Node
from companion.scan.paths import DiskPaths
from companion.scan.tree import folders_in
from companion.scan.worktree import relative_to


def allowed_files(paths: DiskPaths, workspace: str, policy: Policy) -> Iterator[str]:
    """Paths from the workspace of all files that no ignore rule covers, in no order. `.git` is left out.

    A link is among them where neither its name nor what it leads to is covered; folders behind links are not entered.
    Folders that cannot be listed are passed by.
    """
    ground = paths.ground(workspace)
    tree = paths.tree(ground, policy)
    top = tree.node(ground.root)
    if any(family.excluded for family in top.families):
        return
    waiting: list[tuple[Node, str]] = [(top, "")]
    while waiting:
        node, start = waiting.pop()
        lets_pass = node.lets_pass
        for entry in _entries(node.path):
            name = entry.name
            if entry.is_symlink():
                facts = paths.judge_literally(start + name, workspace, policy)
                if facts.ignored is None and not facts.is_dir:
                    yield start + name
            elif entry.is_dir(follow_symlinks=False):
                if name != ".git" and lets_pass(name, is_dir=True):
                    waiting.append((tree.below(node, entry.path, name), f"{start}{name}/"))
            elif lets_pass(name, is_dir=False):
                yield start + name


def allowed_folders(paths: DiskPaths, workspace: str, policy: Policy, start: str = "") -> Iterator[str]:
    """`start`, or the workspace, and every folder below it that no rule covers: all absolute, links left out."""
    ground = paths.ground(workspace)
    tree = paths.tree(ground, policy)
    folder = os.path.realpath(start) if start else ground.root
    if relative_to(folder, tree.top) is None:
        return
    waiting = [tree.node(folder)]
    while waiting:
        node = waiting.pop()
        if any(family.excluded for family in node.families):
            continue
        yield node.path
        waiting += [
            tree.below(node, path, name)
            for name, path in folders_in(node.path)
            if name != ".git" and node.lets_pass(name, is_dir=True)
        ]


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []
