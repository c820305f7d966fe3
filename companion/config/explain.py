"""Says of each key what holds, who said it and what it overrode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from companion.config.complaints import Complaint, ConfigError, nearest, quoted, show
from companion.config.provenance import Layer, Loaded, Origin, Setting
from companion.config.rules import rule_of
from companion.config.workspace import WorkspacePolicies, WorkspaceReading


@frozen
class Explanation:
    """One key."""

    key: str
    value: object
    origin: Origin
    expected: str
    """What may stand there, in words."""
    overrode: tuple[Setting, ...] = ()
    """What weaker layers said, strongest first."""
    remarks: tuple[str, ...] = ()


def keys(loaded: Loaded, under: str = "") -> tuple[str, ...]:
    """Every key that has a value, in the schema's order; with `under`, that key or those of that section."""
    return tuple(key for key in loaded.history if not under or key == under or key.startswith(f"{under}."))


def explain(loaded: Loaded, key: str, workspace: str | WorkspaceReading | None = None) -> Explanation:
    """What holds at a dotted key; in a workspace, its absolute path, what holds there.

    Raises ConfigError when there is no such key, and when the user's own configuration has complaints.
    """
    config = loaded.config
    if key not in loaded.history:
        raise ConfigError([unknown_key(loaded, key)])
    *weaker, strongest = loaded.history[key]
    rule = rule_of(key)
    plain = Explanation(key, strongest.value, strongest.origin, rule.expected if rule else "", tuple(reversed(weaker)))
    section, _, name = key.partition(".")
    if workspace is None or section != "policy":
        return plain
    reading = WorkspacePolicies(config.policy).reading(workspace) if isinstance(workspace, str) else workspace
    return _tightened(plain, reading, getattr(reading.policy, name))


def _tightened(plain: Explanation, reading: WorkspaceReading, value: object) -> Explanation:
    said = reading.settings.get(plain.key)
    if value == plain.value:
        remark = reading.remarks.get(plain.key)
        return evolve(plain, remarks=(remark,) if remark else ())
    if said is None or reading.complaints:
        origin = Origin(Layer.WORKSPACE, reading.file)
        remarks: tuple[str, ...] = ("the workspace's file cannot be used, so the strictest holds",)
    else:
        origin, remarks = said.origin, ()
    overrode = (Setting(plain.value, plain.origin), *plain.overrode)
    return evolve(plain, value=value, origin=origin, overrode=overrode, remarks=remarks)


def unknown_key(loaded: Loaded, key: str) -> Complaint:
    """The complaint about a key that nobody knows."""
    hint = nearest(key, keys(loaded))
    return Complaint("", 0, "", "a key of the configuration", quoted(key), hint)


def as_plain(value: object) -> Any:
    """A value for JSON: money and paths as text, lists as lists."""
    if isinstance(value, Decimal | Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): as_plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [as_plain(item) for item in value]
    return value


def as_text(value: object) -> str:
    """A value for people."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return show(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value)) or "none"
    return str(value)
