"""Puts the layers of the configuration together: defaults < environment < the user's file < the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cattrs

from companion.config.check import Checked, check
from companion.config.complaints import COMMAND_LINE, Complaint, Unfit, show
from companion.config.document import read_document
from companion.config.names import parts_of
from companion.config.provenance import Layer, Loaded, Origin, Setting
from companion.config.routes import TIER_DEFAULTS, Layers, route
from companion.config.rules import BY_NAME, NAMED, RULES, TIERS, rule_of
from companion.config.schema import Balance, Candidate, Config, TierRoute
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
    for section, rules in RULES.items():
        if section not in NAMED:
            part = getattr(plain, section)
            values |= {f"{section}.{name}": getattr(part, name) for name in rules}
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
            for name, value in TIER_DEFAULTS.items():
                layers.say(f"tiers.{tier}.{name}", Setting(value, _TYPED))
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
        section, *between, name = parts_of(key)
        table = nested.setdefault(section, {})
        for part in ("by_name", *between) if section in BY_NAME and between else between:
            table = table.setdefault(part, {})
        table[name] = settings[-1].value
    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_structure_hook(Decimal, lambda value, _: value)
    converter.register_structure_hook(Path, lambda value, _: _absolute(str(value), folder))
    converter.register_structure_hook(TierRoute, lambda value, _: _route_of(**value))
    return converter.structure(nested, Config)


def _route_of(
    upstream: str | None,
    model: str | None,
    upstreams: Sequence[str] | None,
    balance: Balance,
    weights: Sequence[int] | None,
) -> TierRoute:
    """A tier's table, of either form, as the one form that there is behind it."""
    if upstreams is None:
        return TierRoute((Candidate(str(upstream), model),), balance)
    split = [entry.partition("/") for entry in upstreams]
    shares = weights or [1] * len(split)
    candidates = [Candidate(name, rest or None, share) for (name, _, rest), share in zip(split, shares, strict=True)]
    return TierRoute(tuple(candidates), balance)


def _absolute(text: str, folder: Path) -> Path:
    """`~` is the user's home; where there is none it stays a folder's name."""
    return (folder / os.path.expanduser(text)).absolute()  # noqa: PTH111 - Path's raises where there is no home
