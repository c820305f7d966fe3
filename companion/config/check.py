"""Holds a document against the rules and says everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from attrs import define, field

from companion.config.complaints import Complaint, Unfit, dotted, listed, nearest, show
from companion.config.document import Document
from companion.config.names import key_of
from companion.config.provenance import Layer, Origin, Setting
from companion.config.rules import BY_NAME, KINDS, NAMED, RULES, TIERS, UPSTREAM_NAME, Rule
from companion.config.values import LONGEST_NAME, is_name
from companion.model.budget import EACH


@define
class Checked:
    """What a file says: its sound values by dotted key, and a complaint about each other one."""

    document: Document
    layer: Layer
    settings: dict[str, Setting] = field(factory=dict[str, Setting])
    names: dict[str, int] = field(factory=dict[str, int])
    """Dotted name of each upstream and tier that has a table, e.g. "upstreams.work", with its line."""
    refused: set[str] = field(factory=set[str])
    """Dotted keys that are there but unsound."""
    complaints: list[Complaint] = field(factory=list[Complaint])

    def complain(self, path: tuple[str, ...], expected: str, found: str, hint: str = "") -> None:
        """Adds a complaint about the key at `path`."""
        line = self.document.line(*path)
        self.refused.add(dotted(path))
        self.complaints.append(Complaint(str(self.document.file), line, dotted(path), expected, found, hint))


def check(document: Document, layer: Layer, sections: Collection[str] = tuple(RULES)) -> Checked:
    """Everything that `document` says in the named sections, the only ones it may have."""
    checked = Checked(document, layer, complaints=list(document.complaints))
    for section, body in document.data.items():
        path = (section,)
        if section not in sections:
            _unknown(checked, path, sections)
        elif not isinstance(body, dict):
            checked.complain(path, _header(section), _kind(body))
        elif section in NAMED:
            for name, table in body.items():
                _named_table(checked, (section, name), table)
        elif section in BY_NAME:
            _table(checked, path, {key: value for key, value in body.items() if key not in KINDS}, RULES[section])
            for kind in KINDS:
                if kind in body:
                    _kind_table(checked, (section, kind), body[kind])
        else:
            _table(checked, path, body, RULES[section])
    return checked


def _kind_table(checked: Checked, path: tuple[str, str], tables: Any) -> None:
    section, kind = path
    expected = f"a table [{section}.{kind}.NAME]"
    if not isinstance(tables, dict):
        checked.complain(path, expected, _kind(tables))
        return
    for name, table in tables.items():
        rules = BY_NAME[section]
        if not isinstance(table, dict):
            hint = f"give it a name: [{section}.{kind}.NAME]" if name in rules else ""
            checked.complain((*path, name), expected, _kind(table), hint)
        elif kind == "tier" and name not in (*TIERS, EACH):
            checked.complain((*path, name), f"the tier {listed((*TIERS, EACH))}", "another name", nearest(name, TIERS))
        elif not is_name(name):
            checked.complain((*path, name), f"a name of 1 to {LONGEST_NAME} visible characters", "another name")
        else:
            _table(checked, (*path, name), table, rules)


def _named_table(checked: Checked, path: tuple[str, str], table: Any) -> None:
    section, name = path
    if not isinstance(table, dict):
        checked.complain(path, _header(section), _kind(table), _wrapped(section, name))
    elif section == "tiers" and name not in TIERS:
        checked.complain(path, f"the tier {listed(TIERS)}", "another name", nearest(name, TIERS))
    elif section == "upstreams" and not UPSTREAM_NAME.fullmatch(name):
        checked.complain(path, "a name of up to 40 letters, digits, _ and -", "another name")
    else:
        checked.names[dotted(path)] = checked.document.line(*path)
        _table(checked, path, table, RULES[section])


def _table(checked: Checked, path: tuple[str, ...], table: Mapping[str, Any], rules: Mapping[str, Rule]) -> None:
    for name, value in table.items():
        rule = rules.get(name)
        if rule is None:
            kinds = KINDS if len(path) == 1 and path[0] in BY_NAME else ()
            _unknown(checked, (*path, name), (*rules, *kinds))
            continue
        try:
            read = rule.read(value)
        except Unfit as unfit:
            checked.complain((*path, name), rule.expected, unfit.found or show(value), unfit.hint)
        else:
            origin = Origin(checked.layer, str(checked.document.file), checked.document.line(*path, name))
            checked.settings[key_of((*path, name))] = Setting(read, origin)


def _unknown(checked: Checked, path: tuple[str, ...], known: Collection[str]) -> None:
    """The value is not shown: what stands at a mistyped key may be a secret."""
    name = path[-1]
    if len(path) == 1 and name in RULES:
        checked.complain(path, f"no table but {listed(known)}", "this one", "it belongs into your own companion.toml")
        return
    hint = nearest(name, known) or _elsewhere(name)
    checked.complain(path, f"the {'table' if len(path) == 1 else 'key'} {listed(known)}", "an unknown one", hint)


def _elsewhere(name: str) -> str:
    """Names the section where this key belongs, when there is one."""
    for section, rules in RULES.items():
        if name in rules:
            between = ".NAME." if section in NAMED else "."
            return f'did you mean "{section}{between}{name}"?'
    return ""


def _wrapped(section: str, name: str) -> str:
    """For a key that stands where a name should: upstreams.url instead of upstreams.work.url."""
    return f"give it a name: [{section}.NAME]" if name in RULES[section] else ""


def _header(section: str) -> str:
    return f"a table [{section}.NAME]" if section in NAMED else f"a table [{section}]"


def _kind(value: Any) -> str:
    return "text" if isinstance(value, str) else show(value)
