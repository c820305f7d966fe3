from __future__ import annotations

import pytest

from companion.policy.shell.javascript.names import Names
from companion.policy.shell.javascript.tree import Piece, parse_javascript
from companion.policy.shell.javascript.values import Values


def values_of(code: str) -> tuple[Values, list[Piece]]:
    pieces = parse_javascript(code)
    assert pieces is not None
    return Values(pieces, Names(pieces), "sub", modules=True), pieces


def last_argument(code: str) -> tuple[Values, Piece]:
    """The argument of the last call of `it`."""
    values, pieces = values_of(code)
    calls = [
        piece
        for piece in pieces
        if piece.kind == "call_expression" and (callee := piece.get("function")) and callee.text == "it"
    ]
    given = calls[-1].get("arguments")
    assert given is not None
    return values, given.named[0]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("it('a' + `b`)", "ab"),
        ("const a = 'x'; it(a + ('y'))", "xy"),
        ("it(path.join(__dirname, '..', 'a'))", "a"),
        ("const {join: j} = require('path'); it(j('a', 'b'))", "a/b"),
        ("it(path.resolve('a', '/b'))", "/b"),
        ("it(process.cwd())", "."),
        ("let a = 'x'; a = 'y'; it(a)", None),
        ("it('a' - 'b')", None),
        ("it(join('a'))", None),
        ("function f(path) { it(path.join('a')) }", None),
        ("it('\\x61')", None),
    ],
)
def test_constant_texts(code: str, expected: str | None):
    values, piece = last_argument(code)
    assert values.text(piece) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("it(1)", True),
        ("let i = 0; i++; i += 2; it(i + 1)", True),
        ("it(x.length - 1)", True),
        ("it(Math.floor(x))", True),
        ("it(parseInt(x))", True),
        ("let i; i = 1; it(i)", True),
        ("let i = 0; i = x; it(i)", False),
        ("let i = 0; i += 'a'; it(i)", False),
        ("let i = 0; [i] = x; it(i)", False),
        ("let i = 0; for (i of x) it(i)", False),
        ("function f(i) { it(i) }", False),
        ("let [i] = x; i = 1; it(i)", False),
        ("let {a: {i}} = x; i = 1; it(i)", False),
        ("it(x.length)", False),
        ("it(1 + x)", False),
        ("it('a')", False),
        ("const Math = x; it(Math.max())", False),
    ],
)
def test_numbers(code: str, expected: bool):
    values, piece = last_argument(code)
    assert values.is_number(piece) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("it(fs)", "fs"),
        ("const f = require('node:fs'); it(f.promises)", "fs.promises"),
        ("const {promises: p} = require('fs'); it(p.rm)", "fs.promises.rm"),
        ("import {rm as r} from 'fs/promises'; it(r)", "fs.promises.rm"),
        ("const a = require('fs'); const b = a; it(b.rmSync)", "fs.rmSync"),
        ("it(console.log)", None),
        ("it(process.argv)", None),
        ("it(process)", "process"),
        ("const fs = 1; it(fs)", None),
        ("it(process.stdin.on('data', x))", "process.stdin"),
    ],
)
def test_known_things(code: str, expected: str | None):
    values, piece = last_argument(code)
    assert values.known(piece) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("console.log(a[k])", True),
        ("`${a[k] || 1}`", True),
        ("if (a[k]) f()", True),
        ("a[k].b.length + 1", True),
        ("a[k].map(f)", True),
        ("a[k] = 1", True),
        ("a[k]++", True),
        ("const x = a[k]; console.log(x, x.y)", True),
        ("[1].filter(x => a[k])", True),
        ("b.includes(a[k])", True),
        ("JSON.stringify({x: [a[k]]})", True),
        ("a[k]()", False),
        ("f(a[k])", False),
        ("x = a[k]", False),
        ("a[k].b = 1", False),
        ("a[k].call(b)", False),
        ("const x = a[k]; x()", False),
        ("[1].map(x => a[k])", False),
        ("const b = {includes: f}; b.includes(a[k])", False),
        ("b[j] = f; b.includes(a[k])", False),
        ("(b[j]) = f; b.includes(a[k])", False),
        ("const {fromEntries} = Object; b.includes(a[k])", False),
        ("const b = JSON.parse(c, f); b.includes(a[k])", False),
        ("const b = JSON.parse(c, f); b.filter(x => a[k])", False),
        ("const {parse} = JSON; const b = parse(c, f); b.includes(a[k])", False),
        ("const b = JSON.parse(c); b.includes(a[k])", True),
        ("JSON.stringify(a[k], null, 2)", True),
        ("JSON.stringify({x: a[k]}, f)", False),
        ("JSON.stringify([a[k]], (x, y) => y('z'))", False),
        ("JSON.stringify(a[k], f)", False),
        ("JSON.stringify(a[k], ...[f])", False),
        ("JSON.stringify({toJSON: a[k]})", False),
        ("() => { return a[k] }", False),
    ],
)
def test_where_what_a_computed_key_finds_may_go(code: str, expected: bool):
    values, pieces = values_of(code)
    found = [
        piece
        for piece in pieces
        if piece.kind == "subscript_expression" and (index := piece.get("index")) and index.text == "k"
    ]
    assert [values.is_used_up(piece) for piece in found] == [expected]
