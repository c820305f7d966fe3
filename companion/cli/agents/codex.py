"""Codex: `config.toml`, measured on 0.169.0. The key goes into a header, so that no shell has to export a variable."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from companion.cli.agents.agent import CLIENT_HEADER, IDLE_MILLISECONDS, Link, Wanted, text_at
from companion.cli.agents.changes import Change
from companion.cli.agents.hooks import HOOK_SECONDS, OwnFile, codex_hash, group, listed
from companion.cli.agents.syntax import Syntax
from companion.cli.agents.tomltext import Toml

NAME = "codex"
TITLE = "Codex"
PROGRAM = "codex"
DIALECT = "responses"
SYNTAX: Syntax = Toml()
SKELETON = ""

_PROVIDER = "companion"
_HOOKS = ("hooks", "PreToolUse")
_TABLE = ("model_providers", _PROVIDER)


def settings(environ: Mapping[str, str], home: Path, folder: Path | None) -> Path:
    own = environ.get("CODEX_HOME", "").strip()
    return (folder or (Path(own) if own else home / ".codex")) / "config.toml"


def changes(document: dict[str, Any], wanted: Wanted) -> list[Change]:
    provider = {
        "name": _PROVIDER,
        "base_url": wanted.openai,
        "wire_api": "responses",
        "stream_idle_timeout_ms": IDLE_MILLISECONDS,
        "http_headers": {CLIENT_HEADER: NAME, "Authorization": f"Bearer {wanted.key}"},
    }
    # The user's own model stays: Codex knows its window by its name, and a tier that names a model replaces it anyway.
    model = [Change(("model",), wanted.model)] if wanted.model else []
    return [
        *model,
        Change(("model_provider",), _PROVIDER),
        *_hook(document, wanted),
        Change(_TABLE, provider, owned=True),
    ]


def _hook(document: dict[str, Any], wanted: Wanted) -> list[Change]:
    """The hook, and that it is trusted: one that is not, Codex leaves out without a word."""
    if not wanted.hook.command:
        return []
    entry = group({"type": "command", "command": wanted.hook.command, "timeout": HOOK_SECONDS})
    present = listed(document, *_HOOKS)
    name = f"{wanted.hook.settings}:pre_tool_use:{len(present)}:0"
    return [
        Change(_HOOKS, [*present, entry], item=entry),
        Change(("hooks", "state", name), {"trusted_hash": codex_hash(entry)}, owned=True),
    ]


def folder(settings: Path) -> Path:
    return settings.parent


def files(home: Path, wanted: Wanted) -> list[OwnFile]:  # noqa: ARG001 - the shape of an Agent
    return []


def link(document: dict[str, Any]) -> Link:
    if document.get("model_provider") != _PROVIDER:
        return Link()
    base = text_at(document, *_TABLE, "base_url").rstrip("/").removesuffix("/v1")
    return Link(base, text_at(document, *_TABLE, "http_headers", "Authorization").removeprefix("Bearer "))


def remarks(document: dict[str, Any], wanted: Wanted, environ: Mapping[str, str]) -> list[str]:  # noqa: ARG001
    how = (
        "In plan mode Codex says so in every request: companion serves it by the plan tier and lets it change nothing."
    )
    return [how, *detours(document, environ)]


def detours(document: dict[str, Any], environ: Mapping[str, str]) -> list[str]:  # noqa: ARG001
    if document.get("model_provider", _PROVIDER) != _PROVIDER:
        return [f"model_provider is {document['model_provider']!r}, not {_PROVIDER!r}"]
    profile = text_at(document, "profile")
    provider = text_at(document, "profiles", profile, "model_provider")
    if provider in {"", _PROVIDER}:
        return []
    return [f"The profile {profile} names the provider {provider}, so Codex does not call the gateway: change it"]


def headless(prompt: str) -> list[str]:
    return ["exec", "--skip-git-repo-check", "-s", "read-only", prompt]


def variables(folder: Path) -> dict[str, str]:
    return {"CODEX_HOME": str(folder)}
