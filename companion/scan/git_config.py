"""What git's configuration says of ignoring: which list holds for all repositories, and whether case counts.

Read as `git config` reads it (git-config(1)): the system's file, the user's two, the repository's own, the work tree's,
with what they include. Nothing is run.
"""
# ruff: noqa: PTH111, PTH118, PTH120, PTH123 - beside ignore_files: strings, for speed

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from companion.policy.ignore.globs import NeverMatches, translate_path
from companion.policy.ignore.patterns import encode

_LARGEST = 1 << 20
_DEEPEST = 10
"""As many includes inside each other as git follows."""
_SECTION = re.compile(r'\s*\[\s*([A-Za-z0-9.-]+)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\]')
_KEY = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)[ \t]*(=?)")
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b", '"': '"', "\\": "\\"}
_FALSE = frozenset({"false", "no", "off", "0", ""})


@dataclass(frozen=True, slots=True)
class GitSettings:
    """What counts of a repository's configuration."""

    excludes_file: str
    """Absolute path of the list for all repositories, which need not exist; "" for none."""
    ignore_case: bool
    """core.ignorecase."""
    files: tuple[str, ...]
    """Every file that had a say, or would have one if it were there."""


@dataclass(frozen=True, slots=True)
class _Found:
    section: str
    subsection: str
    key: str
    value: str


def read_settings(top: str, own: str, common: str, home: str, environ: Mapping[str, str]) -> GitSettings:
    """The settings in the work tree at `top`, whose own folder is `own`, of the repository whose folder is `common`.

    `own` and `common` are "" where there is no repository. What cannot be read says nothing.
    """
    reader = _Reader(home, own)
    excludes_file = _default_list(home, environ)
    ignore_case = False
    starts = [*_user_files(home, environ)]
    if common:
        starts.append(os.path.join(common, "config"))
    if own and own != common:
        starts.append(os.path.join(own, "config.worktree"))
    for start in starts:
        for found in reader.read(start):
            if found.section != "core" or found.subsection:
                continue
            if found.key == "excludesfile":
                excludes_file = reader.expand(found.value, top)
            elif found.key == "ignorecase":
                ignore_case = found.value.lower() not in _FALSE
    return GitSettings(excludes_file, ignore_case, tuple(reader.files))


def _default_list(home: str, environ: Mapping[str, str]) -> str:
    return os.path.join(environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "git", "ignore")


def _user_files(home: str, environ: Mapping[str, str]) -> Iterator[str]:
    if environ.get("GIT_CONFIG_NOSYSTEM", "").lower() in _FALSE:
        yield environ.get("GIT_CONFIG_SYSTEM") or "/etc/gitconfig"
    if "GIT_CONFIG_GLOBAL" in environ:
        if environ["GIT_CONFIG_GLOBAL"]:
            yield environ["GIT_CONFIG_GLOBAL"]
        return
    yield os.path.join(environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "git", "config")
    yield os.path.join(home, ".gitconfig")


class _Reader:
    def __init__(self, home: str, git_folder: str) -> None:
        self._home = home
        self._git_folder = git_folder
        self.files: list[str] = []

    def expand(self, value: str, start: str) -> str:
        """A path as git expands it, relative ones from `start`."""
        if not value:
            return ""
        if value == "~" or value.startswith("~/"):
            return self._home + value[1:]
        if value.startswith("~"):
            return os.path.expanduser(value)
        return os.path.join(start, value)

    def read(self, path: str, depth: int = 0) -> Iterator[_Found]:
        """Every setting of the file in order, each include where it stands."""
        self.files.append(path)
        try:
            with open(path, "rb") as file:
                text = file.read(_LARGEST).decode("utf-8", "surrogateescape")
        except (OSError, ValueError):
            return
        for found in parse(text):
            yield found
            if found.key != "path" or depth >= _DEEPEST or not found.value:
                continue
            if found.section == "include" or (
                found.section == "includeif" and self._applies(found.subsection, os.path.dirname(path))
            ):
                yield from self.read(self.expand(found.value, os.path.dirname(path)), depth + 1)

    def _applies(self, condition: str, folder: str) -> bool:
        """Whether an includeIf holds. Conditions on remotes count as not held."""
        kind, _, glob = condition.partition(":")
        if kind == "onbranch":
            head = _head(self._git_folder)
            return bool(head) and _covers(glob + ("**" if glob.endswith("/") else ""), head, fold_case=False)
        if kind not in {"gitdir", "gitdir/i"} or not self._git_folder:
            return False
        if glob.startswith("./"):
            glob = folder + glob[1:]
        elif glob.startswith("~/"):
            glob = self._home + glob[1:]
        elif not glob.startswith("/"):
            glob = "**/" + glob
        if glob.endswith("/"):
            glob += "**"
        fold = kind == "gitdir/i"
        return any(
            _covers(glob.removeprefix("/"), one.removeprefix("/"), fold_case=fold)
            for one in {self._git_folder, os.path.realpath(self._git_folder)}
        )


def _head(git_folder: str) -> str:
    """The branch that is checked out, or ""."""
    try:
        with open(os.path.join(git_folder, "HEAD"), encoding="utf-8", errors="surrogateescape") as file:
            said = file.read(4096)
    except OSError:
        return ""
    return said.removeprefix("ref: refs/heads/").strip() if said.startswith("ref: refs/heads/") else ""


def _covers(glob: str, path: str, *, fold_case: bool) -> bool:
    try:
        regex = re.compile(translate_path(encode(glob), fold_case=fold_case))
    except NeverMatches:
        return False
    return regex.fullmatch(encode(path.lower() if fold_case else path)) is not None


def parse(text: str) -> Iterator[_Found]:
    """The settings of a file's text in order. A line that git would refuse is passed over."""
    section = subsection = ""
    at = 1 if text.startswith("\ufeff") else 0
    while at < len(text):
        if heading := _SECTION.match(text, at):
            section, _, dotted = heading[1].lower().partition(".")
            subsection = dotted if heading[2] is None else re.sub(r"\\(.)", r"\1", heading[2])
            at = heading.end()
            continue
        key = _KEY.match(text, at)
        if key and section:
            value, at = _value(text, key.end()) if key[2] else ("true", _line_end(text, key.end()))
            yield _Found(section, subsection, key[1].lower(), value)
        else:
            at = _line_end(text, at)


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _value(text: str, at: int) -> tuple[str, int]:
    """A value from behind its "=" to the end of its line, and where the next line begins."""
    out: list[str] = []
    quoted = False
    kept = 0
    while at < len(text):
        letter = text[at]
        at += 1
        if letter == "\n" and not quoted:
            break
        if letter == "\r" and text[at : at + 1] == "\n":
            continue
        if letter == "\\":
            # Blanks before it count, also where it only joins two lines.
            kept = len(out)
            following = text[at : at + 1]
            at += 1
            if following == "\r" and text[at : at + 1] == "\n":
                at += 1
                continue
            if following != "\n":
                out.append(_ESCAPES.get(following, following))
                kept = len(out)
            continue
        if letter == '"':
            quoted = not quoted
            kept = len(out)
            continue
        if letter in "#;" and not quoted:
            at = _line_end(text, at)
            break
        if letter in " \t\r\f\v" and not quoted:
            if out:
                out.append(letter)
            continue
        out.append(letter)
        kept = len(out)
    return "".join(out[:kept]), at
