"""What of the ignored text is nobody's secret, or not text."""

from __future__ import annotations

from fnmatch import fnmatchcase

LARGEST_FILE = 4 * 1024 * 1024
"""Bytes of a file that are looked at: half of them from its beginning, half from its end."""
_SNIFFED = 8192
_BOMS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))

_PUBLIC = ("license*", "licence*", "copying*", "notice*", "authors*", "changelog*")
"""The same text lies in a thousand projects."""

_AGENTS_OWN = (
    "CLAUDE.md",
    "CLAUDE.local.md",
    "AGENTS.md",
    "GEMINI.md",
    ".claude",
    ".cline",
    ".clinerules",
    ".codex",
    ".cursor",
    ".cursorrules",
    ".windsurfrules",
    ".git",
)
"""Agents put these into their prompts by themselves."""


def is_public(name: str) -> bool:
    return any(fnmatchcase(name.lower(), pattern) for pattern in _PUBLIC)


def is_agents_own(name: str) -> bool:
    """Whether agents take their instructions from a file or folder of this name."""
    return name in _AGENTS_OWN


def is_skipped(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def as_text(data: bytes) -> bytes | None:
    """The text of a file as UTF-8, as a program that prints it would show it; None where it is not text."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[2:].decode(encoding, "replace").encode("utf-8", "replace")
    return None if b"\0" in data[:_SNIFFED] else data
