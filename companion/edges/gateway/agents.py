"""What a request says about the agent that sent it: who it is, where it works, whether it plans or acts.

Markers measured on Cline 3.0, Claude Code 2.1 and Codex 0.169. They count only in text that the agent's own code
writes (system and developer messages); a file that quotes a marker changes nothing.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from functools import lru_cache
from pathlib import PurePosixPath, PureWindowsPath

from companion.edges.gateway.dialect import Asked
from companion.model.action import Tier

CLIENT_HEADER = "x-companion-client"
WORKSPACE_HEADER = "x-companion-workspace"
TIER_HEADER = "x-companion-tier"
ALIAS_PREFIX = "companion/"

_MOST_SESSIONS = 10_000

_USER_AGENTS = (("claude-cli", "claude"), ("codex", "codex"), ("ai-sdk", "cline"), ("cline", "cline"))
_CLIENT_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")

_CLINE_FOLDER = re.compile(r"^\s*\d+\. Working Directory: (.+?)\s*$", re.MULTILINE)
_CLAUDE_FOLDER = re.compile(r"^\s*-?\s*Primary working directory: (.+?)\s*$", re.MULTILINE)
_FOLDERS = (_CLINE_FOLDER, _CLAUDE_FOLDER)
_CODEX_FOLDER = re.compile(r"\A\s*<environment_context>.*?<cwd>(.+?)</cwd>", re.DOTALL)

_CLINE_PLAN = re.compile(r"^# Plan Mode\s+You are in Plan mode\.", re.MULTILINE)
# Into planning from anywhere; out of it only where the block begins with it, as the agent's own notice does.
_CLAUDE_MODE = re.compile(
    r"^(?P<plan>Plan mode is active\.)|\A\s*(?:<system-reminder>\s*)?(?P<act>## Exited Plan Mode)", re.MULTILINE
)
_CODEX_MODE = re.compile(
    r"<collaboration_mode>\s*(?:(?P<plan># Plan Mode)|(?P<act># Collaboration Mode: Default))", re.MULTILINE
)


def client_of(headers: Mapping[str, str]) -> str:
    """The agent's name: as `companion connect` wrote it into its settings, else by its user agent."""
    named = headers.get(CLIENT_HEADER, "").lower()
    if _CLIENT_NAME.fullmatch(named):
        return named
    user_agent = headers.get("user-agent", "").lower()
    return next((name for mark, name in _USER_AGENTS if mark in user_agent), "unknown")


def session_of(headers: Mapping[str, str]) -> str:
    """The agent's own session id, where it sends one."""
    return (headers.get("x-claude-code-session-id") or headers.get("session-id") or headers.get("session_id") or "")[
        :80
    ]


def workspace_of(headers: Mapping[str, str], asked: Asked) -> str:
    """The folder the agent works in, as it says; "" when it does not, or names two, or none that bounds anything."""
    return folder if _is_bound(folder := _folder_of(headers, asked)) else ""


def _folder_of(headers: Mapping[str, str], asked: Asked) -> str:
    if header := headers.get(WORKSPACE_HEADER, ""):
        return header.encode("latin-1").decode("utf-8", "surrogateescape")
    # A rule file of the project stands in the instructions too, and may name another folder than the agent does.
    named = {found for text in asked.instructions for found in _folders(text)}
    if named:
        return named.pop() if len(named) == 1 else ""
    for text in (*asked.instructions, *asked.context):
        if found := _CODEX_FOLDER.search(text):
            return found[1]
    return ""


@lru_cache(maxsize=256)
def _folders(text: str) -> tuple[str, ...]:
    """The folders that a text names. The same instructions come with every turn."""
    return tuple(found for pattern in _FOLDERS for found in pattern.findall(text) if found.strip())


@lru_cache(maxsize=256)
def _is_bound(folder: str) -> bool:
    """Whether the folder is absolute and not a whole disk."""
    return (
        folder.isprintable()
        and (PurePosixPath(folder).is_absolute() or PureWindowsPath(folder).is_absolute())
        and (len(PureWindowsPath(folder).parts) > 1)
    )


_TIERS = {str(tier): tier for tier in Tier}


class Modes:
    """The tier of each call, and the mode that each session was last known to be in.

    Alias in the model's name, else header, else the agent's marker, else what the session's last marker said (an
    agent's helpers carry none of their own), else act. Where an alias or a header says otherwise, a plan marker wins:
    it is the person's own switch.
    """

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, Tier] = OrderedDict()

    def tier_of(self, headers: Mapping[str, str], asked: Asked) -> Tier:
        session, marked = session_of(headers), _marked_tier(asked)
        if session and marked is not None:
            self._sessions[session] = marked
            self._sessions.move_to_end(session)
            if len(self._sessions) > _MOST_SESSIONS:
                self._sessions.popitem(last=False)
        mode = marked or self._sessions.get(session)
        if mode is Tier.PLAN:
            return Tier.PLAN
        alias = asked.model.removeprefix(ALIAS_PREFIX) if asked.model.startswith(ALIAS_PREFIX) else ""
        return _TIERS.get(alias) or _TIERS.get(headers.get(TIER_HEADER, "").lower()) or Tier.ACT


def _marked_tier(asked: Asked) -> Tier | None:
    """What the agent's own markers say; None when there is none."""
    # Claude Code and Codex leave every change of mode in the history: the last one counts. Cline says it in one place.
    last: Tier | None = None
    for text in asked.instructions:
        marked, whole = _marked(text)
        if whole:
            return marked
        last = marked or last
    return last


@lru_cache(maxsize=256)
def _marked(text: str) -> tuple[Tier | None, bool]:
    """The mode that a text says last, and whether it says so for the whole request."""
    if _CLINE_PLAN.search(text):
        return Tier.PLAN, True
    last: re.Match[str] | None = None
    for pattern in (_CLAUDE_MODE, _CODEX_MODE):
        for found in pattern.finditer(text):
            last = found
    if last is None:
        return None, False
    return (Tier.PLAN if last["plan"] else Tier.ACT), False
