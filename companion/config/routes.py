"""Which upstream serves which tier, once every layer has spoken."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field

from companion.config.complaints import COMMAND_LINE, Complaint, listed, nearest
from companion.config.document import Document
from companion.config.names import key_of, parts_of
from companion.config.provenance import Layer, Origin, Setting
from companion.config.rules import BY_NAME, KINDS, RULES, TIERS, guess_provider
from companion.config.schema import Balance

TIER_DEFAULTS: Mapping[str, object] = {
    "model": None,
    "upstreams": None,
    "balance": Balance.IN_ORDER,
    "weights": None,
}
"""A tier's keys but for `upstream`, where nobody says anything."""

_KEY_SOURCES = ("key_env", "key_file", "key_keyring")


@define
class Layers:
    """What the layers have said so far, by dotted key."""

    document: Document
    names: Mapping[str, int]
    """The upstreams and tiers that have a table ("upstreams.work"), with its line; 0 when no file has it."""
    history: dict[str, list[Setting]] = field(factory=dict[str, list[Setting]])
    refused: set[str] = field(factory=set[str])
    """Keys that somebody set to something unsound: complained of already, so that nothing is built on them."""

    def say(self, key: str, *settings: Setting) -> None:
        """The next, stronger settings of a key."""
        self.history.setdefault(key, []).extend(settings)

    def value(self, key: str) -> object:
        """What holds; None when nobody said anything."""
        settings = self.history.get(key)
        return settings[-1].value if settings else None

    def presume(self, key: str, value: object, note: str = "") -> None:
        """What holds where nobody says anything."""
        self.history[key] = [Setting(value, Origin(Layer.DEFAULT, note=note)), *self.history.get(key, [])]

    def upstreams(self) -> list[str]:
        """Names, in the order of the file."""
        return [name.partition(".")[2] for name in self.names if name.startswith("upstreams.")]

    def has_place(self, key: str) -> bool:
        """Whether a key's upstream exists; keys of other sections always have a place."""
        return not key.startswith("upstreams.") or key.rpartition(".")[0] in self.names

    def knows_upstreams(self) -> bool:
        """Whether every upstream that was written down could be read as one."""
        whole = (key for key in self.refused if key.partition(".")[0] == "upstreams")
        return all(any(key.startswith(f"{name}.") for name in self.names) for key in whole)

    def complaint(self, key: str, expected: str, found: str, hint: str = "") -> Complaint:
        """About what holds at `key`, at the line where it was said."""
        settings = self.history.get(key)
        origin = settings[-1].origin if settings else Origin(Layer.DEFAULT)
        if origin.layer is Layer.COMMAND_LINE:
            return Complaint(COMMAND_LINE, 0, key, expected, found, hint)
        return Complaint(str(self.document.file), self.document.line(*parts_of(key)), key, expected, found, hint)

    def in_order(self) -> dict[str, tuple[Setting, ...]]:
        """The history in the order of the rules; upstreams, and names within a kind, in the order of the file."""
        sections = list(RULES)
        upstreams = [f"upstreams.{name}" for name in self.upstreams()]
        tables = {table: index for index, table in enumerate([*upstreams, *(f"tiers.{tier}" for tier in TIERS)])}
        said = {key: index for index, key in enumerate(self.history)}

        def place(key: str) -> tuple[int, int, int, int]:
            section, *between, name = parts_of(key)
            at = [*RULES[section]].index(name)
            if section not in BY_NAME:
                return sections.index(section), tables.get(".".join((section, *between)), 0), 0, at
            kind = 1 + KINDS.index(between[0]) if between else 0
            first = min(said.get(key_of((section, *between, one)), len(said)) for one in BY_NAME[section])
            return sections.index(section), kind, first if between else 0, at

        return {key: tuple(self.history[key]) for key in sorted(self.history, key=place)}


def route(layers: Layers) -> list[Complaint]:
    """Fills in what follows from the rest, as defaults, and complains of what does not fit together."""
    upstreams = layers.upstreams()
    complaints = [complaint for name in upstreams for complaint in _upstream(layers, f"upstreams.{name}")]
    if layers.knows_upstreams():
        said = [*layers.names, *layers.history]
        routed = (
            TIERS if upstreams else [tier for tier in TIERS if any(key.startswith(f"tiers.{tier}") for key in said)]
        )
        complaints += [complaint for tier in routed for complaint in _tier(layers, tier, upstreams)]
    return complaints + _auto(layers)


def _upstream(layers: Layers, table: str) -> list[Complaint]:
    url = f"{table}.url"
    complaints: list[Complaint] = []
    if layers.value(url) is None and url not in layers.refused:
        complaints.append(layers.complaint(url, RULES["upstreams"]["url"].expected, "nothing"))
    keys = [f"{table}.{name}" for name in _KEY_SOURCES]
    given = [key for key in keys if layers.value(key) is not None]
    if len(given) > 1:
        found = " and ".join(key.rpartition(".")[2] for key in given)
        complaints.append(layers.complaint(given[-1], f"one of {', '.join(_KEY_SOURCES)}", found, "remove all but one"))
    for key in keys:
        layers.presume(key, None)
    layers.presume(f"{table}.account", table.partition(".")[2], "the upstream's name")
    layers.presume(f"{table}.allow_private", value=False)
    layers.presume(f"{table}.provider", guess_provider(str(layers.value(url) or "")), "guessed from the url")
    return complaints


def _tier(layers: Layers, tier: str, upstreams: list[str]) -> list[Complaint]:
    table = f"tiers.{tier}"
    for name, value in TIER_DEFAULTS.items():
        layers.presume(f"{table}.{name}", value)
    complaints = _weights(layers, table)
    order = f"{table}.upstreams"
    if order in layers.refused:
        return complaints
    if layers.value(order) is None:
        if len(upstreams) == 1:
            layers.presume(f"{table}.upstream", upstreams[0], "the only upstream")
        return complaints + _only(layers, tier, upstreams)
    layers.presume(f"{table}.upstream", None)
    for key in (f"{table}.upstream", f"{table}.model"):
        if layers.value(key) is not None:
            hint = 'put it into the list, as "NAME" or "NAME/MODEL"'
            complaints.append(layers.complaint(key, "upstream and model, or upstreams", "both", hint))
    entries = layers.value(order)
    for entry in entries if isinstance(entries, tuple) else ():
        name = entry.partition("/")[0]
        if name not in upstreams:
            complaints.append(layers.complaint(order, _known(upstreams), f'"{name}"', nearest(name, upstreams)))
    return complaints


def _only(layers: Layers, tier: str, upstreams: list[str]) -> list[Complaint]:
    """What is wrong with the one upstream of a tier."""
    key = f"tiers.{tier}.upstream"
    named = layers.value(key)
    if key in layers.refused or named in upstreams:
        return []
    if named is None:
        return [layers.complaint(key, _known(upstreams), "nothing", f"name it in a table [tiers.{tier}]")]
    return [layers.complaint(key, _known(upstreams), f'"{named}"', nearest(str(named), upstreams))]


def _known(upstreams: list[str]) -> str:
    return f"one of your upstreams, {listed(upstreams)}" if upstreams else "an upstream that has a table of its own"


def _weights(layers: Layers, table: str) -> list[Complaint]:
    key, order, balance = f"{table}.weights", f"{table}.upstreams", f"{table}.balance"
    if layers.refused & {key, order, balance}:
        return []
    weights, entries = layers.value(key), layers.value(order)
    weighted = layers.value(balance) is Balance.WEIGHTED
    if weights is None:
        return [layers.complaint(balance, 'weights beside "weighted"', "none", "add weights")] if weighted else []
    if not weighted:
        return [layers.complaint(key, 'no weights unless balance is "weighted"', "weights", 'say balance = "weighted"')]
    ours, theirs = (len(one) if isinstance(one, tuple) else 1 for one in (weights, entries))
    return [] if ours == theirs else [layers.complaint(key, f"a weight for each of upstreams, {theirs}", str(ours))]


def _auto(layers: Layers) -> list[Complaint]:
    simple, complex_ = layers.value("auto.simple_tokens"), layers.value("auto.complex_tokens")
    if not isinstance(simple, int) or not isinstance(complex_, int) or simple < complex_:
        return []
    return [layers.complaint("auto.complex_tokens", f"more tokens than simple_tokens, {simple}", str(complex_))]
