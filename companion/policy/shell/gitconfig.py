"""git's configuration, as far as it says where a push goes. Format: git-config(1), "Configuration file"."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from companion.policy.shell.gitplace import GitPlace
from companion.policy.shell.invocation import Look, UnreadableFile

_FILES = ("/etc/gitconfig", "~/.config/git/config", "~/.gitconfig")
"""Those that hold for every repository, in git's order: what stands later counts."""
_MOST_FILES = 16
_LONGEST = 64 * 1024
_SECTION = re.compile(r'\[\s*([\w.-]+)(?:\s+"((?:[^"\\\n]|\\.)*)")?\s*\]')
_KEY = re.compile(r"([A-Za-z][\w-]*)[ \t]*(?:=[ \t]*|(?=[\n#;]|$))")
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b"}


class BadConfig(ValueError):  # noqa: N818 - the caller takes the worst
    """A text that git would not read either, one that nobody can read here, or more files than are looked at."""


@dataclass(slots=True)
class GitConfig:
    """Values by section, subsection and key, each in the order in which git reads them."""

    values: dict[tuple[str, str, str], list[str]] = field(default_factory=dict[tuple[str, str, str], list[str]])
    perhaps: dict[tuple[str, str, str], list[str]] = field(default_factory=dict[tuple[str, str, str], list[str]])
    """Those of files that git includes under a condition."""

    def all(self, section: str, subsection: str, key: str) -> list[str]:
        """Every value of a key that may be given several times."""
        name = section, subsection, key
        return [*self.values.get(name, ()), *self.perhaps.get(name, ())]

    def last(self, section: str, subsection: str, key: str) -> list[str]:
        """The value that counts, and those that may count instead; [] where there is none."""
        name = section, subsection, key
        return list(dict.fromkeys([*self.values.get(name, ())[-1:], *self.perhaps.get(name, ())]))


def load(look: Look, place: GitPlace | None) -> GitConfig:
    """The user's configuration, and the repository's where there is one. Raises BadConfig."""
    config = GitConfig()
    seen: set[str] = set()
    for path in (*_FILES, *([f"{place.common}/config"] if place else [])):
        _read(config, look, path, seen, certain=True)
    if place:
        # Git reads it only where an extension says so.
        _read(config, look, f"{place.own}/config.worktree", seen, certain=False)
    return config


def _read(config: GitConfig, look: Look, path: str, seen: set[str], *, certain: bool) -> None:
    try:
        if path in seen or (text := look(path)) is None:
            return
    except UnreadableFile as why:
        raise BadConfig(f"{path} cannot be read") from why
    seen.add(path)
    if len(seen) > _MOST_FILES or len(text) > _LONGEST:
        raise BadConfig("too much of it")
    for section, subsection, key, value in entries(text):
        if section in {"include", "includeif"} and key == "path":
            if re.match(r"~(?!/)|%\(", value):
                raise BadConfig(f"nobody knows where {value} is")
            inner = value if value.startswith(("/", "~/")) else posixpath.join(posixpath.dirname(path), value)
            _read(config, look, inner, seen, certain=certain and section == "include")
        else:
            kept = config.values if certain else config.perhaps
            kept.setdefault((section, subsection, key), []).append(value)


def entries(text: str) -> Iterator[tuple[str, str, str, str]]:
    """Section, subsection, key and value of each entry, names in small letters. Raises BadConfig."""
    text = text.replace("\r\n", "\n")
    section, subsection = "", ""
    at = 0
    while at < len(text):
        if text[at] in " \t\n\f\v\ufeff":
            at += 1
        elif text[at] in "#;":
            at = _line_end(text, at)
        elif found := _SECTION.match(text, at):
            section, _, rest = found.group(1).partition(".")
            subsection = re.sub(r"\\(.)", r"\1", found.group(2)) if found.group(2) is not None else rest.lower()
            section, at = section.lower(), found.end()
        elif found := _KEY.match(text, at):
            if "=" in found.group():
                value, at = _value(text, found.end())
            else:
                value, at = "true", _line_end(text, found.end())
            yield section, subsection, found.group(1).lower(), value
        else:
            raise BadConfig(f"not understood at character {at}")


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _value(text: str, at: int) -> tuple[str, int]:
    parts: list[str] = []
    quoted = False
    kept = 0
    while at < len(text):
        character = text[at]
        if character == "\\":
            # Blanks before it count, also where it only joins two lines.
            kept = len(parts)
            following = text[at + 1 : at + 2]
            at += 2
            if following != "\n":
                parts.append(_ESCAPES.get(following, following))
                kept = len(parts)
            continue
        if character == "\n" or (character in "#;" and not quoted):
            break
        at += 1
        if character == '"':
            quoted = not quoted
            kept = len(parts)
            continue
        if quoted or character not in " \t\r\f\v":
            parts.append(character)
            kept = len(parts)
        elif parts:
            parts.append(character)
    return "".join(parts[:kept]), _line_end(text, at)
