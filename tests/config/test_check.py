"""A document against the rules: every key is either sound, with its place, or complained of."""

from __future__ import annotations

import json

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.config.check import check
from companion.config.complaints import dotted
from companion.config.document import read_document
from companion.config.names import key_of
from companion.config.provenance import Layer
from companion.config.rules import BY_NAME, KINDS, NAMED, RULES
from companion.config.values import LONGEST_NAME, MOST_DOLLARS

LIMIT = 64 * 1024


@pytest.fixture
def checked(tmp_path):
    def checked(text, *sections):
        file = tmp_path / "companion.toml"
        file.write_text(text, encoding="utf-8")
        document = read_document(file, LIMIT)
        return check(document, Layer.USER, sections) if sections else check(document, Layer.USER)

    return checked


def test_sound_values_are_read_with_the_line_that_said_them(checked):
    found = checked('[gateway]\nport = 5\n\n[upstreams.work]\nurl = "https://x.ai/"\n[tiers.plan]\n')
    assert {key: (one.value, one.origin.line) for key, one in found.settings.items()} == {
        "gateway.port": (5, 2),
        "upstreams.work.url": ("https://x.ai", 5),
    }
    assert {one.origin.layer for one in found.settings.values()} == {Layer.USER}
    assert found.names == {"upstreams.work": 4, "tiers.plan": 6}
    assert (found.complaints, found.refused) == ([], set())


def test_one_unsound_value_hides_no_other(checked):
    found = checked('[gateway]\nport = "x"\nhost = "::1"\n[log]\nlevel = "loud"\n')
    assert [(one.key, one.line) for one in found.complaints] == [("gateway.port", 2), ("log.level", 5)]
    assert found.refused == {"gateway.port", "log.level"}
    assert found.settings["gateway.host"].value == "::1"


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        ("[gateway]\nprot = 1", "gateway.prot", 'did you mean "port"?'),
        ("[gateway]\nurl = 1", "gateway.url", 'did you mean "upstreams.NAME.url"?'),
        ("level = 1", "level", 'did you mean "log.level"?'),
        ("[budget]\nday = 1", "budget", 'did you mean "budgets"?'),
        ("[upstreams]\nurl = 1", "upstreams.url", "give it a name: [upstreams.NAME]"),
        ("[tiers.atc]", "tiers.atc", 'did you mean "act"?'),
        ("[gateway]\nzzzz = 1", "gateway.zzzz", ""),
        ("[budgets]\nclinet = 1", "budgets.clinet", 'did you mean "client"?'),
        ("[budgets.client]\nday = 1", "budgets.client.day", "give it a name: [budgets.client.NAME]"),
        ("[limits.tier.paln]", "limits.tier.paln", 'did you mean "plan"?'),
        ("[limits.key.me]\nday = 1", "limits.key.me.day", 'did you mean "budgets.day"?'),
        ("[budgets.global.all]\nday = 1", "budgets.global", ""),
    ],
)
def test_a_key_at_the_wrong_place_is_led_to_the_right_one(checked, text, key, hint):
    [complaint] = checked(text).complaints
    assert (complaint.key, complaint.hint) == (key, hint)


def test_what_stands_at_an_unknown_key_is_never_shown(checked):
    found = checked('[upstreams.work]\nurl = "https://x.ai"\napi_key = "sk-hush"\n[sk]\nhush = "sk-hush"\n')
    assert len(found.complaints) == 2
    assert "sk-hush" not in "".join(map(str, found.complaints))


def test_names_are_whatever_agents_and_people_call_things(checked):
    named = ["*", "cline", "claude-3.5", "/home/me/my project", 'say "hi"', "ü", "n" * LONGEST_NAME]
    text = "".join(
        f"[budgets.project.{tomlkit.string(name).as_string()}]\nday = {n}\n" for n, name in enumerate(named, 1)
    )
    found = checked(text)
    assert found.complaints == []
    assert {key: (int(one.value), one.origin.line) for key, one in found.settings.items()} == {
        key_of(("budgets", "project", name, "day")): (n, 2 * n) for n, name in enumerate(named, 1)
    }


@pytest.mark.parametrize("name", ["", "a\nb", "n" * (LONGEST_NAME + 1), "\u202e"])
def test_what_nobody_can_be_called(checked, name):
    [complaint] = checked(f"[limits.user]\n{json.dumps(name)} = {{ parallel = 1 }}\n").complaints
    assert (complaint.line, complaint.found) == (2, "another name")


def test_only_the_named_sections_may_be_there(checked):
    found = checked("[policy]\nsecrets = 'deny'\n[gateway]\nport = 5\n", "policy")
    assert set(found.settings) == {"policy.secrets"}
    [complaint] = found.complaints
    assert (complaint.key, complaint.hint) == ("gateway", "it belongs into your own companion.toml")


def test_a_document_that_could_not_be_read_keeps_its_complaint(checked):
    found = checked("[gateway")
    assert (len(found.complaints), found.settings) == (1, {})


KEYS = st.sampled_from(
    sorted({*RULES, *KINDS, "*", *(key for rules in RULES.values() for key in rules), "work", "plan", "a b", "x"})
)
VALUES = st.recursive(
    st.sampled_from(["deny", "https://x.ai", "plan", 1, 60, MOST_DOLLARS, True, []]) | st.text(max_size=3),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150)
@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_law_every_key_is_sound_or_complained_of(tmp_path_factory, data):
    file = tmp_path_factory.getbasetemp() / "law.toml"
    file.write_text(tomlkit.dumps(data).replace("\r", ""), encoding="utf-8")
    document = read_document(file, LIMIT)
    found = check(document, Layer.USER)
    assert not set(found.settings) & found.refused
    assert found.refused == {one.key for one in found.complaints if one.key}
    for section, body in document.data.items():
        for path, table in _tables(section, body).items():
            keys = {dotted((*path, name)) for name in table} if isinstance(table, dict) else set()
            whole = any(dotted(path[: depth + 1]) in found.refused for depth in range(len(path)))
            assert whole or keys <= set(found.settings) | found.refused


def _tables(section, body):
    """Every table of a section in which keys have rules, by its path."""
    if not isinstance(body, dict):
        return {(section,): body}
    if section in NAMED:
        return {(section, name): table for name, table in body.items()}
    kinds = {kind: body[kind] for kind in KINDS if kind in body and section in BY_NAME}
    named = {
        (section, kind, name): table
        for kind, tables in kinds.items()
        for name, table in (tables.items() if isinstance(tables, dict) else ())
    }
    return {(section,): {key: value for key, value in body.items() if key not in kinds}} | named
