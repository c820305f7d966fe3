"""The files that hold ignore rules: a change of one may change whose text is ignored."""

from __future__ import annotations

import os

from companion.model.policy import Policy
from companion.policy.ignore.agents import CLAUDE, CLAUDE_SETTINGS, NAMES
from companion.scan.fingerprints.store import Stamp, stamp_of
from companion.scan.git_config import read_settings
from companion.scan.rule_tree import GIT_FILE
from companion.scan.worktree import common_git_folder, find_top, own_git_folder

GONE: Stamp = (0, 0, 0)
"""The stamp of a file that is not there."""


def names_of_rule_files(policy: Policy) -> frozenset[str]:
    agents = (name for agent in policy.agent_ignore_files for name in NAMES[agent])
    return frozenset((GIT_FILE, *policy.ignore_files, *agents))


def rule_files_above(workspace: str, policy: Policy) -> dict[str, Stamp]:
    """Those outside the workspace's own folders, there or not: of the repository above it, and of all repositories."""
    top, home = find_top(workspace) or workspace, os.path.expanduser("~")  # noqa: PTH111 - as scan/paths.py
    common = common_git_folder(top)
    settings = read_settings(top, own_git_folder(top), common, home, os.environ)
    paths = [path for path in (settings.excludes_file, *settings.files) if path]
    if CLAUDE in policy.agent_ignore_files:
        paths += [os.path.join(folder, name) for folder in (home, workspace) for name in CLAUDE_SETTINGS]  # noqa: PTH118
    if common:
        paths.append(os.path.join(common, "info", "exclude"))  # noqa: PTH118
    folder = workspace
    while True:
        paths += [os.path.join(folder, name) for name in names_of_rule_files(policy)]  # noqa: PTH118
        above = os.path.dirname(folder)  # noqa: PTH120
        if folder in {top, above}:
            break
        folder = above
    return {path: stamp_at(path) for path in paths}


def stamp_at(path: str) -> Stamp:
    """As of now; GONE where nothing can be seen there."""
    try:
        return stamp_of(os.stat(path))  # noqa: PTH116 - asked often
    except (OSError, ValueError):
        return GONE
