"""The files that hold ignore rules: a change of one may change whose text is ignored."""

from __future__ import annotations

import os

from companion.model.policy import Policy
from companion.scan.fingerprints.store import Stamp, stamp_of
from companion.scan.ignore_files import GIT_FILE, common_git_folder, find_global_file, find_top

GONE: Stamp = (0, 0, 0)
"""The stamp of a file that is not there."""


def names_of_rule_files(policy: Policy) -> frozenset[str]:
    return frozenset((GIT_FILE, *policy.ignore_files))


def rule_files_above(workspace: str, policy: Policy) -> dict[str, Stamp]:
    """Those outside the workspace's own folders, there or not: of the repository above it, and of all repositories."""
    top = find_top(workspace) or workspace
    paths = [find_global_file(os.path.expanduser("~"), os.environ)]  # noqa: PTH111 - as scan/paths.py
    if common := common_git_folder(top):
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
