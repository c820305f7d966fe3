"""Where work trees and repositories begin, and paths as seen from a folder."""
# ruff: noqa: PTH118, PTH120 - a decision takes paths apart a dozen times: strings cost a third of what Path does

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path


def find_top(folder: str) -> str:
    """The nearest folder from `folder` upwards that is the top of a git work tree, or ""."""
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return ""
        folder = above


def own_git_folder(top: str) -> str:
    """Where the work tree at `top` keeps what is its own; "" when there is no repository to be found."""
    path = Path(top, ".git")
    try:
        return str(path) if path.is_dir() else _pointer(path, top, prefix="gitdir:")
    except (OSError, ValueError):
        return ""


def common_git_folder(top: str) -> str:
    """Where the repository of a work tree keeps what its work trees share; "" when there is none to be found."""
    own = own_git_folder(top)
    try:
        return own and (_pointer(Path(own, "commondir"), own) or own)
    except (OSError, ValueError):
        return ""


def _pointer(file: Path, start: str, prefix: str = "") -> str:
    """The folder, from `start`, that the plain `file` names; "" when it names none."""
    text = file.read_text("utf-8", "surrogateescape") if file.is_file() else ""
    named = text.removeprefix(prefix).strip()
    return os.path.join(start, named) if text.startswith(prefix) and named and "\0" not in named else ""


def parts_below(path: str, top: str) -> Sequence[str]:
    """The names that lead from `top` to `path`, both absolute and normal; () when `path` is not below."""
    relative = relative_to(path, top)
    return relative.split("/") if relative else ()


def relative_to(path: str, top: str) -> str | None:
    """`path` from `top`, joined by "/", "" for `top` itself; None when it lies elsewhere. Both absolute and normal."""
    if path == top:
        return ""
    start = top if top.endswith(os.sep) else top + os.sep
    return path[len(start) :].replace(os.sep, "/") if path.startswith(start) else None


def shown(path: str, workspace: str) -> str:
    """`path` as people see it: from the workspace where it lies below it, else whole."""
    return (workspace and relative_to(path, workspace)) or path
