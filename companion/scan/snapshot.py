"""Many paths at once: the rules of each folder are read once, when the first path in it is asked about."""
# ruff: noqa: PTH118 - as in paths

from __future__ import annotations

import os
import stat

from companion.model.facts import PathFacts
from companion.model.policy import Policy
from companion.scan.folders import Node
from companion.scan.paths import DiskPaths


class Snapshot:
    """Judges paths of one workspace as of now. Make a new one to see what has changed. Blocking."""

    def __init__(self, paths: DiskPaths, workspace: str, policy: Policy) -> None:
        self._paths = paths
        self._workspace = workspace
        self._policy = policy
        ground = paths.ground(workspace)
        self._tree = paths.tree(ground, policy)
        # Paths are joined to the workspace by their spelling: under another name it has to be looked at in full.
        self._root = ground.root if ground.root and ground.root == ground.named else ""
        self._nodes: dict[str, Node | None] = {}

    def look(self, path: str, is_dir: bool | None = None) -> PathFacts:
        """As DiskPaths.judge_literally."""
        folder, _, name = path.rpartition("/")
        if folder in self._nodes:
            node = self._nodes[folder]
        else:
            node = self._nodes[folder] = self._plain_node(folder)
        if node is None or path.startswith("/") or name in {"", ".", ".."} or "\0" in name:
            return self._paths.judge_literally(path, self._workspace, self._policy, is_dir=is_dir)
        absolute = f"{node.path}/{name}"
        on_disk = False
        try:
            mode = os.lstat(absolute).st_mode
        except FileNotFoundError:
            pass
        except OSError:
            return self._paths.judge_literally(path, self._workspace, self._policy, is_dir=is_dir)
        else:
            if stat.S_ISLNK(mode):
                return self._paths.judge_literally(path, self._workspace, self._policy, is_dir=is_dir)
            on_disk = stat.S_ISDIR(mode)
        found = node.matches(name, is_dir=on_disk if is_dir is None else is_dir)
        ignored = next((each for each in found if each is not None), None)
        return PathFacts(path, absolute, inside=True, ignored=ignored, is_dir=on_disk)

    def _plain_node(self, folder: str) -> Node | None:
        """None where a path in this folder is not what its spelling says."""
        if not self._root or folder.startswith("/") or {"", ".", ".."} & set(folder.split("/") if folder else ()):
            return None
        try:
            node = self._tree.node(os.path.join(self._root, folder) if folder else self._root)
        except (OSError, ValueError):
            return None
        return node if node.is_plain else None
