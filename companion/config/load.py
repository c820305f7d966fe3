"""Puts the layers of the configuration together: defaults < environment < the user's file < the command line."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs
import cattrs

from companion.config.check import Checked, check
from companion.config.complaints import COMMAND_LINE, Complaint, Unfit, show
from companion.config.document import read_document
from companion.config.provenance import Layer, Loaded, Origin, Setting
from companion.config.routes import Layers, route
from companion.config.rules import TIERS, rule_of
from companion.config.schema import Config
from companion.config.zone import system_zone, zone_from_environment
from companion.places import Places

LARGEST_FILE = 256 * 1024

UPSTREAM_KEY_VARIABLE = "COMPANION_UPSTREAM_KEY"
"""Holds the key of the upstream that the command line names."""

_TYPED = Origin(Layer.COMMAND_LINE)
_NOTHING: Mapping[str, object] = MappingProxyType({})


def load(
    places: Places, overrides: Mapping[str, object] = _NOTHING, environ: Mapping[str, str] | None = None
) -> Loaded:
    """The configuration as it stands on disk now, with every complaint at once. Never raises.

    `overrides` holds what the command line says: dotted keys such as "gateway.port", and "upstream", a URL that
    becomes the only upstream, named "default", and serves every tier. None stands for an option that was not given.
    """
    environ = os.environ if environ is None else environ
    given = {key: value for key, value in overrides.items() if value is not None}
    checked = check(read_document(places.config_file, LARGEST_FILE), Layer.USER)
    layers = Layers(checked.document, checked.names, refused=checked.refused)
    for key, value in _defaults().items():
        layers.say(key, Setting(value, Origin(Layer.DEFAULT)))
    layers.say("budgets.timezone", *_zones(environ))
    replaced = "upstream" in given
    if replaced:
        layers.names = {"upstreams.default": 0}
    for key, setting in checked.settings.items():
        if not (replaced and key.startswith("upstreams.")):
            layers.say(key, setting)
    complaints = [*checked.complaints, *_override(layers, given)]
    complaints += route(layers)
    remarks = _remarks(checked, layers, replaced=replaced)
    config = None if complaints else _build(layers, places.config)
    complaints.sort(key=lambda complaint: (complaint.file, complaint.line))
    return Loaded(str(places.config_file), layers.in_order(), tuple(complaints), remarks, config)


def _defaults() -> dict[str, object]:
    """Every key outside upstreams and tiers, with the schema's default."""
    plain = Config()
    values: dict[str, object] = {}
    for section in ("gateway", "budgets", "policy", "log"):
        part = getattr(plain, section)
        fields = dataclasses.fields(part) if dataclasses.is_dataclass(part) else attrs.fields(type(part))
        values |= {f"{section}.{one.name}": getattr(part, one.name) for one in fields}
    return values


def _zones(environ: Mapping[str, str]) -> list[Setting]:
    found: list[Setting] = []
    if system := system_zone():
        found.append(Setting(system, Origin(Layer.DEFAULT, note="the system's")))
    if named := zone_from_environment(environ):
        found.append(Setting(named, Origin(Layer.ENVIRONMENT, note="TZ")))
    return found


def _override(layers: Layers, given: Mapping[str, object]) -> list[Complaint]:
    """Says what the command line says. The complaints are about the command line."""
    complaints: list[Complaint] = []
    wanted = dict(given)
    if "upstream" in wanted:
        url = wanted.pop("upstream")
        wanted |= {"upstreams.default.url": url, "upstreams.default.key_env": UPSTREAM_KEY_VARIABLE}
        for tier in TIERS:
            layers.say(f"tiers.{tier}.model", Setting(None, _TYPED))
            wanted[f"tiers.{tier}.upstream"] = "default"
    for key, value in wanted.items():
        rule = rule_of(key)
        if rule is None or not layers.has_place(key):
            complaints.append(Complaint(COMMAND_LINE, 0, key, "a known key", "an unknown one"))
            continue
        try:
            layers.say(key, Setting(rule.read(value), _TYPED))
        except Unfit as unfit:
            found = unfit.found or show(value)
            complaints.append(Complaint(COMMAND_LINE, 0, key, rule.expected, found, unfit.hint))
            layers.refused.add(key)
    return complaints


def _remarks(checked: Checked, layers: Layers, *, replaced: bool) -> tuple[str, ...]:
    remarks: list[str] = []
    if replaced and any(name.startswith("upstreams.") for name in checked.names):
        remarks.append("the upstream of the command line stands in for every upstream and tier of the file")
    if not layers.upstreams() and not checked.complaints:
        remarks.append("no upstream is named yet, so no model can be called")
    if len(layers.history["budgets.timezone"]) == 1:
        remarks.append("this system does not tell its time zone, so a day begins at midnight UTC; set budgets.timezone")
    return tuple(remarks)


def _build(layers: Layers, folder: Path) -> Config:
    """The values that hold, as the schema has them. Paths are taken from the folder of the user's file."""
    nested: dict[str, Any] = {}
    for key, settings in layers.history.items():
        *outer, name = key.split(".")
        table = nested
        for part in outer:
            table = table.setdefault(part, {})
        table[name] = settings[-1].value
    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_structure_hook(Decimal, lambda value, _: value)
    converter.register_structure_hook(Path, lambda value, _: _absolute(value, folder))
    return converter.structure(nested, Config)


def _absolute(text: str, folder: Path) -> Path:
    """`~` is the user's home; where there is none it stays a folder's name."""
    return (folder / os.path.expanduser(text)).absolute()  # noqa: PTH111 - Path's raises where there is no home
