"""Claude Code: `settings.json`, measured on 2.1.197. What stands in its `env` beats the shell's environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from companion.cli.agents.agent import ALIAS_PREFIX, CLIENT_HEADER, IDLE_MILLISECONDS, Link, Wanted, text_at
from companion.cli.agents.changes import Change
from companion.cli.agents.hooks import HOOK_SECONDS, OwnFile, group, listed
from companion.cli.agents.jsontext import Json
from companion.cli.agents.syntax import Syntax

NAME = "claude"
TITLE = "Claude Code"
PROGRAM = "claude"
DIALECT = "messages"
SYNTAX: Syntax = Json()
SKELETON = "{}\n"

_HEADER_LINE = f"{CLIENT_HEADER}: {NAME}"
_HEADERS = ("env", "ANTHROPIC_CUSTOM_HEADERS")
_TIERS = {
    "plan": "ANTHROPIC_DEFAULT_OPUS_MODEL",
    "act": "ANTHROPIC_DEFAULT_SONNET_MODEL",
    "small": "ANTHROPIC_DEFAULT_HAIKU_MODEL",
}
_HOOKS = ("hooks", "PreToolUse")
_BLOCKS_ON_FAILURE = (2, 1, 295)
"""From this version on an http hook may say that a call is blocked when it fails."""
_ELSEWHERE = ("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY")


def settings(environ: Mapping[str, str], home: Path, folder: Path | None) -> Path:
    own = environ.get("CLAUDE_CONFIG_DIR", "").strip()
    return (folder or (Path(own) if own else home / ".claude")) / "settings.json"


def changes(document: dict[str, Any], wanted: Wanted) -> list[Change]:
    found = [
        Change(("env", "ANTHROPIC_BASE_URL"), wanted.gateway),
        Change(("env", "ANTHROPIC_AUTH_TOKEN"), wanted.key),
        Change(_HEADERS, _headers(text_at(document, *_HEADERS)), line=_HEADER_LINE),
        Change(("env", "CLAUDE_STREAM_IDLE_TIMEOUT_MS"), str(IDLE_MILLISECONDS)),
    ]
    named = [tier for tier in _TIERS if wanted.named(tier)]
    found += [Change(("env", _TIERS[tier]), f"{ALIAS_PREFIX}{tier}") for tier in named]
    if wanted.model:
        found.append(Change(("model",), wanted.model))
    elif {"plan", "act"} <= set(named):
        # This choice of Claude Code means: the opus model to plan, the sonnet model to act.
        found.append(Change(("model",), "opusplan"))
    if wanted.hook.command:
        entry = group(_handler(wanted))
        found.append(Change(_HOOKS, [*listed(document, *_HOOKS), entry], item=entry))
    return found


def _handler(wanted: Wanted) -> dict[str, Any]:
    version = wanted.hook.version
    if version is not None and version >= _BLOCKS_ON_FAILURE:
        return {
            "type": "http",
            "url": f"{wanted.gateway}/hooks/v1/claude/json",
            "headers": {"Authorization": f"Bearer {wanted.hook.token}"},
            "timeout": HOOK_SECONDS,
            "onFailure": "block",
        }
    return {"type": "command", "command": wanted.hook.command, "timeout": HOOK_SECONDS}


def folder(settings: Path) -> Path:
    return settings.parent


def files(home: Path, wanted: Wanted) -> list[OwnFile]:  # noqa: ARG001 - the shape of an Agent
    return []


def _headers(present: str) -> str:
    others = [line for line in present.split("\n") if line and line.partition(":")[0].strip().lower() != CLIENT_HEADER]
    return "\n".join([*others, _HEADER_LINE])


def link(document: dict[str, Any]) -> Link:
    base = text_at(document, "env", "ANTHROPIC_BASE_URL").rstrip("/")
    return Link(base, text_at(document, "env", "ANTHROPIC_AUTH_TOKEN"))


def remarks(document: dict[str, Any], wanted: Wanted, environ: Mapping[str, str]) -> list[str]:
    if wanted.named("plan") and wanted.named("act"):
        how = "Claude Code asks for the plan tier in plan mode and for the act tier else, by its choice `opusplan`."
    else:
        how = "In plan mode Claude Code says so in every request: companion serves it by the plan tier."
    return [how, *detours(document, environ)]


def detours(document: dict[str, Any], environ: Mapping[str, str]) -> list[str]:
    return [
        f"{name} is set, so Claude Code does not call the gateway: unset it"
        for name in _ELSEWHERE
        if (text_at(document, "env", name) or environ.get(name, "")).strip().lower() not in {"", "0", "false"}
    ]


def headless(prompt: str) -> list[str]:
    return ["-p", prompt, "--output-format", "json"]


def variables(folder: Path) -> dict[str, str]:
    return {"CLAUDE_CONFIG_DIR": str(folder)}
