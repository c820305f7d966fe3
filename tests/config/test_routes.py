"""Which upstream serves which tier: filled in where it follows, complained of where it does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.config.complaints import COMMAND_LINE
from companion.config.document import Document
from companion.config.provenance import Layer, Origin, Setting
from companion.config.routes import Layers, route
from companion.config.rules import BY_NAME, KINDS, NAMED, RULES, TIERS
from companion.config.schema import Balance

FILE = Path("/h/companion.toml")
URL = {"a": "https://api.anthropic.com", "b": "https://api.openai.com"}


def layers(said: dict[str, object], upstreams=("a",), layer=Layer.USER, refused=()) -> Layers:
    """Layers in which the upstreams have tables, with their URLs, and somebody said the rest."""
    lines = {("upstreams", name): line for line, name in enumerate(upstreams, start=1)}
    made = Layers(Document(FILE, lines=lines), {f"upstreams.{name}": 1 for name in upstreams}, refused=set(refused))
    for name in upstreams:
        made.say(f"upstreams.{name}.url", Setting(URL[name], Origin(Layer.USER, str(FILE))))
    for key, value in said.items():
        made.say(key, Setting(value, Origin(layer, str(FILE) if layer is Layer.USER else "")))
    return made


def values(made: Layers, part: str) -> dict[str, object]:
    return {key: made.value(key) for key in made.history if key.endswith(part)}


def test_the_only_upstream_serves_every_tier():
    made = layers({"tiers.plan.model": "big"})
    assert route(made) == []
    assert values(made, ".upstream") == {f"tiers.{tier}.upstream": "a" for tier in TIERS}
    assert values(made, ".model") == {"tiers.plan.model": "big", "tiers.act.model": None, "tiers.small.model": None}
    assert set(values(made, ".upstreams").values()) == {None}
    assert set(values(made, ".balance").values()) == {Balance.IN_ORDER}
    assert made.history["tiers.act.upstream"][0].origin.note == "the only upstream"


def test_without_upstreams_nothing_is_routed_and_nothing_is_wrong():
    made = layers({}, ())
    assert (route(made), made.history) == ([], {})


def test_of_two_upstreams_each_tier_must_name_one():
    made = layers({"tiers.plan.upstream": "a", "tiers.act.upstream": "c"}, ("a", "b"))
    act, small = sorted(route(made), key=lambda one: one.key)
    assert (act.key, act.found, act.expected) == ("tiers.act.upstream", '"c"', 'one of your upstreams, "a" or "b"')
    assert (small.key, small.found, small.hint) == (
        "tiers.small.upstream",
        "nothing",
        "name it in a table [tiers.small]",
    )


def test_a_tier_without_any_upstream_is_complained_of():
    [complaint] = route(layers({"tiers.act.upstream": "a"}, ()))
    assert complaint.expected == "an upstream that has a table of its own"


def test_what_was_refused_already_brings_no_second_complaint():
    assert route(layers({}, ("a", "b"), refused=[f"tiers.{tier}.upstream" for tier in TIERS])) == []
    assert route(layers({"tiers.act.upstream": "a b"}, (), refused=["upstreams.a b"])) == []


@pytest.mark.parametrize(
    ("said", "key", "found"),
    [
        (
            {"upstreams.a.key_env": "K", "upstreams.a.key_file": "f"},
            "upstreams.a.key_file",
            "key_env and key_file",
        ),
        (
            {"upstreams.a.key_env": "K", "upstreams.a.key_file": "f", "upstreams.a.key_keyring": "s/u"},
            "upstreams.a.key_keyring",
            "key_env and key_file and key_keyring",
        ),
        ({"upstreams.a.url": None}, "upstreams.a.url", "nothing"),
    ],
)
def test_what_an_upstream_lacks_or_has_twice(said, key, found):
    [complaint] = route(layers(said))
    assert (complaint.key, complaint.found, complaint.file, complaint.line) == (key, found, str(FILE), 1)


def test_a_complaint_about_what_was_typed_points_to_the_command_line():
    [complaint] = route(layers({"tiers.act.upstream": "c", "tiers.plan.upstream": "a", "tiers.small.upstream": "a"},
                               ("a", "b"), Layer.COMMAND_LINE))  # fmt: skip
    assert (complaint.file, complaint.line) == (COMMAND_LINE, 0)


def test_a_provider_is_guessed_and_can_be_said():
    made = layers({"upstreams.b.provider": "mine"}, ("a", "b"))
    route(made)
    assert values(made, ".provider") == {"upstreams.a.provider": "anthropic", "upstreams.b.provider": "mine"}


def test_an_account_is_the_upstream_itself_unless_said():
    made = layers({"upstreams.b.account": "a"}, ("a", "b"))
    route(made)
    assert values(made, ".account") == {"upstreams.a.account": "a", "upstreams.b.account": "a"}
    assert set(values(made, ".allow_private").values()) == {False}


LONG = "tiers.act.upstreams"


@pytest.mark.parametrize(
    ("said", "complaints"),
    [
        ({LONG: ("a", "b/m")}, []),
        ({LONG: ("a",), "tiers.act.balance": Balance.RANDOM}, []),
        ({LONG: ("a", "c/m", "d")}, [(LONG, '"c"'), (LONG, '"d"')]),
        ({LONG: ("a",), "tiers.act.upstream": "a"}, [("tiers.act.upstream", "both")]),
        ({LONG: ("a",), "tiers.act.model": "m"}, [("tiers.act.model", "both")]),
        ({LONG: ("a", "b"), "tiers.act.weights": (1, 2)}, [("tiers.act.weights", "weights")]),
        ({LONG: ("a", "b"), "tiers.act.balance": Balance.WEIGHTED}, [("tiers.act.balance", "none")]),
        (
            {LONG: ("a", "b"), "tiers.act.balance": Balance.WEIGHTED, "tiers.act.weights": (1, 2, 3)},
            [("tiers.act.weights", "3")],
        ),
        ({LONG: ("a", "b"), "tiers.act.balance": Balance.WEIGHTED, "tiers.act.weights": (1, 2)}, []),
        ({LONG: None, "tiers.act.upstream": "a"}, []),
    ],
)
def test_the_long_form_of_a_tier(said, complaints):
    made = layers({"tiers.plan.upstream": "a", "tiers.small.upstream": "b", **said}, ("a", "b"))
    assert [(one.key, one.found) for one in route(made)] == complaints


def test_a_list_that_was_refused_needs_no_upstream_beside_it():
    made = layers({"tiers.plan.upstream": "a", "tiers.small.upstream": "b"}, ("a", "b"), refused=[LONG])
    assert route(made) == []


def test_the_only_upstream_is_not_presumed_where_a_list_stands():
    made = layers({LONG: ("a/m",)})
    assert route(made) == []
    assert made.value("tiers.act.upstream") is None


@pytest.mark.parametrize(("simple", "complex_", "wrong"), [(1, 2, False), (2, 2, True), (3, 2, True), (None, 2, False)])
def test_a_simple_prompt_is_smaller_than_a_complex_one(simple, complex_, wrong):
    made = layers({"auto.simple_tokens": simple, "auto.complex_tokens": complex_})
    assert [one.key for one in route(made)] == (["auto.complex_tokens"] if wrong else [])


def test_only_keys_of_upstreams_need_a_place():
    made = layers({})
    assert [made.has_place(key) for key in ("upstreams.a.url", "upstreams.z.url", "gateway.port")] == [
        True,
        False,
        True,
    ]


KEYS = [f"{section}.{key}" for section in RULES if section not in NAMED for key in RULES[section]]
BELOW = [
    f"{section}.{kind}.{name}.{key}"
    for section, rules in BY_NAME.items()
    for kind in KINDS
    for name in ('"a.b"', "z")
    for key in rules
]


@given(st.permutations(KEYS), st.permutations(["a", "b"]), st.permutations(BELOW))
def test_law_the_order_is_that_of_the_rules_whatever_was_said_first(keys, names, below):
    made = layers(dict.fromkeys([*below, *keys]), names)
    assert route(made)
    order = list(made.in_order())
    assert set(order) == set(made.history)
    assert [key for key in order if key in KEYS] == KEYS
    sections = list(dict.fromkeys(key.partition(".")[0] for key in order))
    assert sections == list(RULES)
    assert [key for key in order if key.endswith(".url")] == [f"upstreams.{name}.url" for name in names]
    for section, rules in BY_NAME.items():
        ours = [key.split(".", 2) for key in order if key in BELOW and key.startswith(section)]
        assert [kind for _, kind, _ in ours] == [kind for kind in KINDS for _ in range(2 * len(rules))]
        said = [rest.rpartition(".") for *_, rest in ours]
        assert [rule for *_, rule in said] == [*rules] * (2 * len(KINDS))
        assert all(len({table for table, *_ in group}) == 1 for group in batched(said, len(rules)))


def batched(items, size):
    return [items[start : start + size] for start in range(0, len(items), size)]


@given(
    st.sampled_from([(), ("a",), ("b", "a")]),
    st.dictionaries(
        st.sampled_from([f"tiers.{tier}.{key}" for tier in TIERS for key in ("upstream", "model")]),
        st.sampled_from(["a", "b", "c"]),
    ),
)
def test_law_without_complaints_every_tier_has_an_upstream(upstreams, said):
    made = layers(said, upstreams)
    if route(made):
        return
    served = [made.value(f"tiers.{tier}.upstream") for tier in TIERS]
    assert set(served) <= set(upstreams) if upstreams else served == [None] * len(TIERS)
