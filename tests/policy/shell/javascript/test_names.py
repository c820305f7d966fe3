from __future__ import annotations

import pytest

from companion.policy.shell.javascript.names import Names, NotUnderstood, arguments_of, changing, quoted
from companion.policy.shell.javascript.tree import Piece, parse_javascript


def pieces_of(code: str) -> list[Piece]:
    pieces = parse_javascript(code)
    assert pieces is not None
    return pieces


def free(code: str) -> list[str]:
    return [piece.text for piece in Names(pieces_of(code)).free]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("let a = b; a", ["b"]),
        ("{ let a } a", ["a"]),
        ("{ var a } a", []),
        ("function f(a) { a; b } a", ["b", "a"]),
        ("function f(a = b) { var b }", ["b"]),
        ("const {a, b: c, d: {e}, ...g} = h; a + b + c + e + g", ["h", "b"]),
        ("const [a, [b = c]] = d; a + b", ["c", "d"]),
        ("for (const a of b) a; a", ["b", "a"]),
        ("try {} catch (e) { e } e", ["e"]),
        ("x => x; x", ["x"]),
        ("(function g() { g }); g", ["g"]),
        ("class A { b() { A; c } }", ["c"]),
        ("import a, {b as c} from 'x'; import * as d from 'y'; a + b + c + d", ["b"]),
        ("({a, b: c, [d]: 1})", ["a", "c", "d"]),
        ("({a} = b)", ["a", "b"]),
    ],
)
def test_a_name_is_free_where_no_scope_around_it_binds_it(code: str, expected: list[str]):
    assert free(code) == expected


@pytest.mark.parametrize("code", ["{ function f() {} }", "if (a) { function f() {} }"])
def test_a_function_in_a_block_may_reach_beyond_it(code: str):
    with pytest.raises(NotUnderstood):
        Names(pieces_of(code))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("const a = 1", True),
        ("let a = 1", True),
        ("let a = 1; a = 2", False),
        ("let a = 1; a++", False),
        ("let a = 1; [a] = b", False),
        ("let a = 1; (a) = 2", False),
        ("let a = 1; ((a))++", False),
        ("let a = 1; for ((a) of b) {}", False),
        ("let a = 1; ({x: a} = b)", False),
        ("let a = 1; ({a} = b)", False),
        ("let a = 1; for (a of b) {}", False),
        ("var a = 1; var a = 2", False),
        ("function f(a) { var a = 1 }", False),
    ],
)
def test_what_has_one_value_for_good(code: str, expected: bool):
    assert all(one.is_constant for one in Names(pieces_of(code)).variables if one.name == "a") is expected


def test_the_part_of_a_value_that_a_name_is():
    names = Names(pieces_of("const {a, b: c, d = 1} = x"))
    assert {one.name: one.part for one in names.variables} == {"a": "a", "c": "b", "d": None}


def test_texts_without_escapes_are_known():
    known = {piece.text or piece.kind: quoted(piece) for piece in pieces_of("f('a', \"b\", `c`, '\\x61', `${d}`)")}
    assert known["'a'"] == "a"
    assert known['"b"'] == "b"
    assert known["'\\x61'"] is None
    calls = [piece for piece in pieces_of("f(a, b)") if piece.kind == "call_expression"]
    assert [one.text for one in arguments_of(calls[0])] == ["a", "b"]


def test_a_default_is_read_and_not_written():
    names = {piece.text: piece for piece in pieces_of("[a = b] = c") if piece.kind == "identifier"}
    assert changing(names["a"]) is not None
    assert changing(names["b"]) is None
    assert changing(names["c"]) is None
