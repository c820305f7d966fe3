"""Names of a program's own members."""

from __future__ import annotations

import pytest

from companion.policy.shell.javascript.keys import keys, makes_key
from companion.policy.shell.javascript.names import Names
from companion.policy.shell.javascript.tree import Piece, parse_javascript


def pieces_of(code: str) -> list[Piece]:
    pieces = parse_javascript(code)
    assert pieces is not None
    Names(pieces)
    return pieces


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("const a = {b: 1, c() {}, get d() { return 1 }, e, 'f': 1}", {"b", "c", "d", "e", "f"}),
        ("class A { b() {} c = 1 }", {"b", "c"}),
        ("a.b = 1", {"b"}),
        ("(a.b) = 1", {"b"}),
        ("a['b'] = 1", {"b"}),
        ("[a.b] = c", {"b"}),
        ("for (a.b of c) {}", {"b"}),
        ("a.b", set()),
    ],
)
def test_names_that_stand_there(code: str, expected: set[str]):
    assert keys(pieces_of(code)) >= expected
    assert expected or not keys(pieces_of(code))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("a[b] = 1", True),
        ("(a[b]) = 1", True),
        ("a = {[b]: 1}", True),
        ("Object.fromEntries(a)", True),
        ("const {fromEntries} = Object", True),
        ("const {fromEntries: f} = Object", True),
        ("JSON.parse(a, f)", True),
        ("JSON.parse(...a)", True),
        ("const {parse} = JSON", True),
        ("const f = JSON.parse", True),
        ("querystring.parse(a, null, null, {decodeURIComponent: f})", True),
        ("import {parse} from 'querystring'", True),
        ("JSON.parse(a)", False),
        ("a[b]", False),
        ("a['b'] = 1", False),
        ("a.b = 1", False),
    ],
)
def test_names_that_nobody_knows(code: str, expected: bool):
    assert any(map(makes_key, pieces_of(code))) is expected
