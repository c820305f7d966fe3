"""Which upstream serves which tier, once every layer has spoken."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field

from companion.config.complaints import COMMAND_LINE, Complaint, listed, nearest
from companion.config.document import Document
from companion.config.provenance import Layer, Origin, Setting
from companion.config.rules import RULES, TIERS, guess_provider


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
        return Complaint(str(self.document.file), self.document.line(*key.split(".")), key, expected, found, hint)

    def in_order(self) -> dict[str, tuple[Setting, ...]]:
        """The history in the order of the rules; upstreams in the order of the file."""
        sections = list(RULES)
        upstreams = [f"upstreams.{name}" for name in self.upstreams()]
        tables = {table: index for index, table in enumerate([*upstreams, *(f"tiers.{tier}" for tier in TIERS)])}

        def place(key: str) -> tuple[int, int, int]:
            table, _, name = key.rpartition(".")
            section = table.partition(".")[0]
            return sections.index(section), tables.get(table, 0), [*RULES[section]].index(name)

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
    return complaints


def _upstream(layers: Layers, name: str) -> list[Complaint]:
    url, env, file = f"{name}.url", f"{name}.key_env", f"{name}.key_file"
    complaints: list[Complaint] = []
    if layers.value(url) is None and url not in layers.refused:
        complaints.append(layers.complaint(url, RULES["upstreams"]["url"].expected, "nothing"))
    if layers.value(env) is not None and layers.value(file) is not None:
        complaints.append(layers.complaint(file, "key_env or key_file", "both", "remove one of them"))
    for key in (env, file):
        if key not in layers.history:
            layers.say(key, Setting(None, Origin(Layer.DEFAULT)))
    guess = Setting(guess_provider(str(layers.value(url) or "")), Origin(Layer.DEFAULT, note="guessed from the url"))
    layers.history[f"{name}.provider"] = [guess, *layers.history.get(f"{name}.provider", [])]
    return complaints


def _tier(layers: Layers, tier: str, upstreams: list[str]) -> list[Complaint]:
    key = f"tiers.{tier}.upstream"
    if len(upstreams) == 1:
        only = Setting(upstreams[0], Origin(Layer.DEFAULT, note="the only upstream"))
        layers.history[key] = [only, *layers.history.get(key, [])]
    model = f"tiers.{tier}.model"
    layers.history[model] = [Setting(None, Origin(Layer.DEFAULT)), *layers.history.get(model, [])]
    named = layers.value(key)
    if key in layers.refused or named in upstreams:
        return []
    expected = f"one of your upstreams, {listed(upstreams)}" if upstreams else "an upstream that has a table of its own"
    if named is None:
        return [layers.complaint(key, expected, "nothing", f"name it in a table [tiers.{tier}]")]
    return [layers.complaint(key, expected, f'"{named}"', nearest(str(named), upstreams))]
