"""A file's name as text is more names than one, for whoever splits it."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.policy.ignore.pieces import TooManyPieces, may_come_apart, pieces_of

XARGS = shutil.which("xargs") or ""
SHELL = shutil.which("bash") or ""
NAMES = st.text(st.sampled_from("a.e' \"\\\n\t/-"), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("name", "some"),
    [
        ("a .env .js", {"a", ".env", ".js"}),
        ("a\n.env\nb.js", {"a", ".env", "b.js"}),
        ("'.env'", {".env"}),
        ("\\.env", {".env"}),
        ("a '.en'v", {".env"}),
        ("x 'open .env", {".env", "'open"}),
        ("my dir/.e*", {"my", "dir/.e*", "my dir/.e*"}),
    ],
)
def test_readers_see_these_names_too(name, some):
    assert may_come_apart(name)
    assert some <= {*pieces_of(name)}


@pytest.mark.parametrize("name", ["a", ".env", "src/a-b_c.min.js", "é/ü"])
def test_an_ordinary_name_is_one(name):
    assert not may_come_apart(name)
    assert pieces_of(name) == []


def test_there_is_a_bound():
    with pytest.raises(TooManyPieces):
        pieces_of(" ".join(map(str, range(100))))


@pytest.mark.skipif(not XARGS, reason="compares with xargs, which is not here")
@given(NAMES)
def test_law_what_xargs_makes_of_a_name_is_among_its_pieces(name):
    told = subprocess.run([XARGS, "printf", "%s\\0"], input=name, capture_output=True, text=True, check=False)
    words = {word for word in told.stdout.split("\0") if word}
    assert words <= {name, *pieces_of(name)}


@pytest.mark.skipif(not SHELL, reason="compares with bash, which is not here")
@given(NAMES)
def test_law_what_a_shell_makes_of_a_name_is_among_its_pieces(name):
    script = (
        'for word in $1; do printf "%s\\0" "$word"; done; while read -r word; do printf "%s\\0" "$word"; done <<< "$1"'
    )
    told = subprocess.run(
        [SHELL, "-c", script, "x", name], capture_output=True, text=True, check=False, cwd="/proc/self"
    )
    words = {word for word in told.stdout.split("\0") if word}
    assert words <= {name, *pieces_of(name)}
