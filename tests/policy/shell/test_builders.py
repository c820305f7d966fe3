"""The tables of builders: every pattern compiles, and none lets a path or a file's name through by accident."""

from __future__ import annotations

import re

import pytest

from companion.policy.shell.builders import BUILDERS, ENTRIES

WAYS = [(name, way) for name, ways in (*BUILDERS.items(), *((n, w) for n, (_, w) in ENTRIES.items())) for way in ways]
HOSTILE = [
    "-",
    "--",
    "-x/y",
    "--config=/x",
    "--plugin=x",
    "-Iinit",
    "--exec=x",
    "-o/x",
    "--output=/x",
    "@x",
    "-e",
    "../x",
]


@pytest.mark.parametrize(("name", "way"), WAYS, ids=[f"{name}-{number}" for number, (name, _) in enumerate(WAYS)])
def test_a_flag_is_none_that_names_a_file(name, way):
    for pattern in filter(None, (way.flags, way.valued, way.named, way.places, way.folder)):
        assert re.fullmatch(pattern, "") is None
        allowed = {"-e"} if name in {"gofmt", "goimports", "gofumpt", "mvn", "jest"} else set()
        assert not [word for word in HOSTILE if word not in allowed and re.fullmatch(pattern, word)]


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_a_script_is_known_by_what_stands_in_it(name):
    marks, ways = ENTRIES[name]
    assert ways
    assert marks.search("print('hello')") is None
