"""The scanner finds every key of any TOML that tomllib accepts, at the line where it stands."""

import tomllib

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.config.lines import DEEPEST, key_lines

KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["a", "b-c", "d_1", "a.b", '"', "#"]
)
SCALARS = (
    st.booleans()
    | st.integers(-9, 9)
    | st.dates()
    | st.datetimes()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)


def paths(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from paths(inner, (*path, key))


@settings(max_examples=100)
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_every_key_has_a_line(data):
    text = tomlkit.dumps(data)
    lines = key_lines(text)
    assert {path for path in paths(tomllib.loads(text)) if len(path) <= DEEPEST} <= set(lines)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())


TEXT = '''\
# [not.a.table]
top = """
[not] = 1""" # trailing
[a.b]  # comment
x.y = 1
"q.u" = ['one', # first
  'two',
  {z = "}", w = [ ] },
]
lit = \'\'\'
k = 1\'\'\'\'\'

[[many]]
n = 1
[many.inner]
deep = 1979-05-27 07:32:00
[[many]]
n = 2
'esc' = "\\""
"\\u0041" = """""two"" quotes"""""
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("a",), 4),
        (("a", "b", "x"), 5),
        (("a", "b", "x", "y"), 5),
        (("a", "b", "q.u"), 6),
        (("a", "b", "q.u", 1), 7),
        (("a", "b", "q.u", 2, "w"), 8),
        (("a", "b", "lit"), 10),
        (("many", 0, "n"), 14),
        (("many", 0, "inner", "deep"), 16),
        (("many", 1, "n"), 18),
        (("many", 1, "esc"), 19),
        (("many", 1, "A"), 20),
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_lines(path, line, ends):
    assert key_lines(TEXT.replace("\n", ends))[path] == line


def test_the_text_of_the_table_is_toml():
    assert set(paths(tomllib.loads(TEXT))) <= set(key_lines(TEXT))


def test_depth_costs_little():
    text = "a" + ".a" * 90 + " = [\n" + ("[{ b" + ".b" * 90 + " = [\n") * 20 + "]}]\n" * 20 + "]\nlast = 1"
    lines = key_lines(text)
    assert max(map(len, lines)) == DEEPEST
    assert lines[("last",)] == 43
