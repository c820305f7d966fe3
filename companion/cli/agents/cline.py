"""Cline: `providers.json` of the CLI, measured on 3.0.65."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from companion.cli.agents.agent import ALIAS_PREFIX, CLIENT_HEADER, Link, NeedsModel, Wanted, text_at
from companion.cli.agents.changes import Change
from companion.cli.agents.cline_files import hook_file, plugin
from companion.cli.agents.errors import Unfit
from companion.cli.agents.hooks import OwnFile
from companion.cli.agents.jsontext import Json
from companion.cli.agents.syntax import MISSING, Syntax, lookup

NAME = "cline"
TITLE = "Cline"
PROGRAM = "cline"
DIALECT = "chat/completions"
SYNTAX: Syntax = Json()
SKELETON = '{\n  "version": 1,\n  "modes": {},\n  "providers": {}\n}\n'

MODEL = f"{ALIAS_PREFIX}auto"
"""Cline asks for one model in both of its modes. This alias names no tier, so the mode that each request states
decides; the alias of a tier would hide it."""

PLUGIN_PATIENCE = "export CLINE_PLUGIN_IMPORT_TIMEOUT_MS=60000"
"""Cline 3.0.65 gives a plugin four seconds to load, and goes on without it."""

_PROVIDER = "openai-compatible"
_ENTRY = ("providers", _PROVIDER)
_SETTINGS = (*_ENTRY, "settings")


def settings(environ: Mapping[str, str], home: Path, folder: Path | None) -> Path:
    inner = Path("settings", "providers.json")
    if folder is not None:
        return folder / "data" / inner
    if named := environ.get("CLINE_PROVIDER_SETTINGS_PATH", "").strip():
        return Path(named)
    if data := environ.get("CLINE_DATA_DIR", "").strip():
        return Path(data) / inner
    own = environ.get("CLINE_DIR", "").strip()
    return (Path(own) if own else home / ".cline") / "data" / inner


def changes(document: dict[str, Any], wanted: Wanted) -> list[Change]:
    version = document.get("version")
    if document and version != 1:
        raise Unfit(f"version: expected 1, found {version!r}: this is not the layout that Cline 3 reads")
    model = _model(document, wanted)
    last = Change(("lastUsedProvider",), _PROVIDER)
    if lookup(document, _ENTRY) is MISSING:
        settings = {
            "provider": _PROVIDER,
            "apiKey": wanted.key,
            "model": model,
            "baseUrl": wanted.openai,
            "headers": {CLIENT_HEADER: NAME},
        }
        entry = {"settings": settings, "updatedAt": wanted.at, "tokenSource": "manual"}
        return [last, Change(_ENTRY, entry, owned=True)]
    return [
        last,
        Change((*_SETTINGS, "provider"), _PROVIDER),
        Change((*_SETTINGS, "apiKey"), wanted.key),
        Change((*_SETTINGS, "model"), model),
        Change((*_SETTINGS, "baseUrl"), wanted.openai),
        Change((*_SETTINGS, "headers", CLIENT_HEADER), NAME),
        # Cline writes the time of every run here; taking it back loses nothing.
        Change((*_ENTRY, "updatedAt"), wanted.at, owned=True),
    ]


def folder(settings: Path) -> Path:
    """Cline's own, two above the data folder's settings where they lie as usual."""
    return settings.parents[2] if settings.parent.name == "settings" else settings.parent


def files(home: Path, wanted: Wanted) -> list[OwnFile]:
    """The plugin of the CLI; and where Cline's folder for hooks of VS Code is, a hook file."""
    if not wanted.hook.command:
        return []
    made = [plugin(Path(wanted.hook.folder), f"{wanted.gateway}/hooks/v1/cline", wanted.hook.token)]
    documents = home / "Documents" / "Cline"
    return [*made, hook_file(documents, wanted.hook.command)] if documents.is_dir() else made


def _model(document: dict[str, Any], wanted: Wanted) -> str:
    if wanted.model:
        return wanted.model
    if wanted.named("plan") and wanted.named("act"):
        return MODEL
    last = document.get("lastUsedProvider")
    # The catalogue of Cline's own provider has names that no other upstream knows.
    providers = [_PROVIDER, *([last] if isinstance(last, str) and last != NAME else [])]
    for present in (text_at(document, "providers", provider, "settings", "model") for provider in providers):
        if present and not present.startswith(ALIAS_PREFIX):
            return present
    if act := wanted.named("act"):
        return act
    raise NeedsModel


def link(document: dict[str, Any]) -> Link:
    if document.get("lastUsedProvider") != _PROVIDER:
        return Link()
    base = text_at(document, *_SETTINGS, "baseUrl").rstrip("/").removesuffix("/v1")
    return Link(base, text_at(document, *_SETTINGS, "apiKey"))


def remarks(document: dict[str, Any], wanted: Wanted, environ: Mapping[str, str]) -> list[str]:  # noqa: ARG001
    return [
        "In plan mode Cline says so in every request: companion serves it by the plan tier and lets it change nothing.",
        (
            f"Cline in VS Code has settings of its own: choose OpenAI Compatible there, base URL {wanted.openai}, "
            "and the key that stands in this file."
        ),
        (
            "Cline leaves a plugin out that takes more than four seconds to load, as on a very busy machine; "
            f"{PLUGIN_PATIENCE} gives it a minute."
        ),
    ]


def detours(document: dict[str, Any], environ: Mapping[str, str]) -> list[str]:  # noqa: ARG001
    last = document.get("lastUsedProvider")
    return [] if last == _PROVIDER else [f"Cline's present provider is {last}, not {_PROVIDER}"]


def headless(prompt: str) -> list[str]:
    return ["--json", "--auto-approve", "false", prompt]


def variables(folder: Path) -> dict[str, str]:
    return {"CLINE_DIR": str(folder), "CLINE_DATA_DIR": str(folder / "data")}
