"""Other agents' own ways to say what they must not read, for users who want them to hold for every agent."""

from __future__ import annotations

import json
from typing import Any

from companion.policy.ignore.patterns import Pattern, PatternList, parse_pattern

CLAUDE = "claude"

NAMES: dict[str, tuple[str, ...]] = {
    "cursor": (".cursorignore",),
    "gemini": (".geminiignore",),
    "aider": (".aiderignore",),
    "codeium": (".codeiumignore",),
    CLAUDE: (),
}
"""Agent to the names of its ignore files, which are in gitignore syntax. Claude Code has its settings instead."""

CLAUDE_SETTINGS = (".claude/settings.json", ".claude/settings.local.json")
"""From the workspace's folder; the first also from the user's home."""


class NoSettings(ValueError):  # noqa: N818 - the caller closes, it does not fail
    """Settings that cannot be read; the message says why."""


def read_denied(content: bytes, *, folder: str, home: str, fold_case: bool = False) -> PatternList:
    """What `permissions.deny` of Claude Code's settings keeps from its Read tool, as patterns from the disk's root.

    Of a rule `Read(PATTERN)`, `//x` is absolute, `~/x` lies at home, `/x` starts from `folder`, which is the workspace
    or, for the user's own settings, home; anything else is a pattern at every level below `folder`. `Read` alone is
    everything there. Lines are numbered by their place in the list. Raises NoSettings.
    """
    try:
        settings: Any = json.loads(content or b"{}")
    except (ValueError, RecursionError) as error:
        raise NoSettings("not valid JSON, so its rules are unknown") from error
    permissions = settings.get("permissions", {}) if isinstance(settings, dict) else None
    denied = permissions.get("deny", []) if isinstance(permissions, dict) else None
    if not isinstance(denied, list):
        raise NoSettings("permissions.deny is no list, so its rules are unknown")
    patterns: list[Pattern] = []
    for number, rule in enumerate(denied, 1):
        if isinstance(rule, str) and (glob := _read_glob(rule.strip())) is not None:
            line = _from_root(glob, folder, home).encode("utf-8", "surrogatepass")
            patterns.append(parse_pattern(line, number, fold_case=fold_case))
    return PatternList(tuple(patterns))


def _read_glob(rule: str) -> str | None:
    """The pattern of a rule on the Read tool; None for a rule on another."""
    if rule == "Read":
        return "**"
    return rule[5:-1] if rule.startswith("Read(") and rule.endswith(")") else None


def _from_root(glob: str, folder: str, home: str) -> str:
    glob = glob.removeprefix("./")
    if glob.startswith("//"):
        return glob[1:]
    if glob.startswith("~/"):
        return _literal(home) + glob[1:]
    if glob.startswith("/"):
        return _literal(folder) + glob
    between = "/" if "/" in glob.removesuffix("/") else "/**/"
    return _literal(folder) + between + glob


def _literal(folder: str) -> str:
    """The folder as a pattern that matches it alone."""
    return "".join(f"\\{letter}" if letter in "*?[\\ " else letter for letter in folder).rstrip("/")
