"""Single entries of a TOML text change; comments and layout stay, and every result means what it should."""

import tomllib

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.cli.agents.errors import Unfit, Unparseable
from companion.cli.agents.tomltext import Toml

TOML = Toml()
TABLE = {"name": "companion", "http_headers": {"x": "1"}}

KEYS = st.sampled_from(["model", "model_provider", "model_providers", "a", "projects", "/p q"])
SCALARS = st.booleans() | st.integers(-(2**62), 2**62) | st.text(st.characters(codec="ascii"), max_size=8) | st.floats()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=4).map(tomlkit.dumps)

TEXTS = [
    "",
    "# hello\n",
    'model = "x"\n\n[a]\nb = 1\n\n[a.c]\nd=2\n',
    "[a]\nb=1",
    '[model_providers.x]\nname="x"\n[projects."/p"]\nt="t"\n[model_providers.y]\nname="y"\n',
    "[[x]]\na=1\n",
    "a=1\r\n[b]\r\nc=1\r\n",
    '[model_providers]\n[model_providers.companion]\nname="old"\nenv_key="K"\n\n[z]\na=1\n',
]


@pytest.mark.parametrize("text", TEXTS)
def test_entries_are_set_and_taken_out(text):
    put = TOML.put(TOML.put(text, ("model_provider",), "companion"), ("model_providers", "companion"), TABLE)
    found = tomllib.loads(put)
    assert found["model_provider"] == "companion"
    assert found["model_providers"]["companion"] == TABLE
    assert all(line in put for line in text.splitlines() if line.startswith(("#", "[projects", "[[x", "b", "d")))
    back = TOML.restore(TOML.restore(put, ("model_providers", "companion"), text), ("model_provider",), text)
    assert {key: value for key, value in tomllib.loads(back).items() if value != {}} == tomllib.loads(text)


@settings(max_examples=60)
@given(text=DOCUMENTS)
def test_a_result_is_exact_or_refused(text):
    expected = tomllib.loads(text)
    try:
        changed = TOML.put(text, ("model_providers", "companion"), TABLE)
    except Unfit:
        return
    expected.setdefault("model_providers", {})["companion"] = TABLE
    assert repr(sorted(map(repr, tomllib.loads(changed).items()))) == repr(sorted(map(repr, expected.items())))


def test_a_value_comes_back_as_it_was_written():
    text = "model_provider = 'openai' # mine\n"
    assert TOML.restore(TOML.put(text, ("model_provider",), "companion"), ("model_provider",), text).startswith(
        "model_provider = 'openai'"
    )


def test_windows_line_ends_stay():
    changed = TOML.put("a=1\r\n[b]\r\nc=1\r\n", ("model_providers", "companion"), TABLE)
    assert changed.count("\n") == changed.count("\r\n") > 3


def test_a_layout_that_cannot_take_the_entry_is_refused():
    with pytest.raises(Unfit, match="model_providers"):
        TOML.put('model_providers = "x"\n', ("model_providers", "companion"), TABLE)


def test_what_is_no_toml_is_said_with_its_place():
    with pytest.raises(Unparseable) as caught:
        TOML.parse("a = 1\nb = \n")
    assert caught.value.line == 2
