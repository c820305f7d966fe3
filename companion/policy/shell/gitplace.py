"""Where git keeps a repository, as seen from the folder that it runs in. Format: gitrepository-layout(5)."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from companion.policy.shell.invocation import Look, UnreadableFile

_MOST_ABOVE = 32
_MOST_PLANTED = 4
"""Each folder costs a look at the disk with every command of git."""
_ABSOLUTE_ELSEWHERE = re.compile(r"[A-Za-z]:|\\\\")
"""Of a system whose paths are not looked at."""


@dataclass(frozen=True, slots=True)
class GitPlace:
    """`own` is the folder of this work tree, `common` that of all work trees of the repository: paths to look at."""

    own: str
    common: str


def find_place(look: Look) -> GitPlace | None:
    """The repository of the folder, or of the nearest one above it; None where there is none.

    Raises UnreadableFile where nobody can say which it is.
    """
    for above in ("../" * up for up in range(_MOST_ABOVE)):
        own = _folder(look, above)
        if own:
            shared = look(f"{own}/commondir")
            return GitPlace(own, own if shared is None else _below(own, shared.strip()))
        if _is_there(look, f"{above}HEAD") and _is_there(look, f"{above}config"):
            raise UnreadableFile("a repository without a work tree")
    return None


_ELSEWHERE = re.compile(r"worktree|include", re.IGNORECASE)
"""Words in a repository's configuration that may give it another work tree."""


def is_top(look: Look) -> bool:
    """Whether the folder certainly is the one that `git rev-parse --show-toplevel` names."""
    if not _is_there(look, ".git/HEAD") or look(".git/commondir") is not None:
        return False
    config = look(".git/config")
    return config is not None and _ELSEWHERE.search(config) is None


def way_to_top(look: Look) -> str | None:
    """The way from the folder to the top of its work tree, such as "../"; None where nobody can say."""
    try:
        return next((above for above in ("../" * up for up in range(_MOST_ABOVE)) if _folder(look, above)), None)
    except UnreadableFile:
        return None


def is_planted(look: Look) -> bool:
    """Whether git would take an ordinary folder, this one or one above, for a repository.

    Such a folder holds what `.git` holds, and its configuration, which names programs, is a file like any other.
    """
    for above in ("../" * up for up in range(_MOST_PLANTED)):
        if _is_there(look, f"{above}.git/HEAD") or _is_there(look, f"{above}.git"):
            return False
        if _is_there(look, f"{above}HEAD") and _is_there(look, f"{above}config"):
            return True
    return False


def is_of_git(path: str) -> bool:
    """Whether git decides by this file what a push does."""
    return ".git" in path.split("/") or path.endswith(("/.gitconfig", "/git/config", "/etc/gitconfig"))


def _folder(look: Look, above: str) -> str:
    """The folder that keeps the repository whose work tree is `above`; "" for none."""
    if _is_there(look, f"{above}.git/HEAD"):
        return f"{above}.git"
    text = look(f"{above}.git")
    if text is None:
        return ""
    if not text.startswith("gitdir:"):
        raise UnreadableFile(f"{above}.git")
    return _below(above, text.removeprefix("gitdir:").strip())


def _below(folder: str, path: str) -> str:
    if not path or _ABSOLUTE_ELSEWHERE.match(path):
        raise UnreadableFile(path)
    return posixpath.join(folder, path)


def _is_there(look: Look, path: str) -> bool:
    try:
        return look(path) is not None
    except UnreadableFile:
        return True
