"""A name counts for what it is bound to where nothing else in the program can be meant by it."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.policy.shell.pynames import Names


def texts(program: str) -> tuple[str, ...] | None:
    """What the last expression may come to."""
    tree = ast.parse(program)
    last = tree.body[-1]
    assert isinstance(last, ast.Expr)
    return Names(tree).texts(last.value)


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("'a'", ("a",)),
        ("p = 'a'\np", ("a",)),
        ("p = 'a'\nf'{p}/b' + 'c'", ("a/bc",)),
        ("p = 'a'\nq = p + 'b'\nq", ("ab",)),
        ("for p in ['a', 'b', 'a']: pass\np", ("a", "b")),
        ("p = 'a'\nf(p='b')\np", ("a",)),
        ("p", None),
        ("p = 1\np", None),
        ("p = b'a'\np", None),
        ("p = 'a'\ndel p\np", None),
        ("p = 'a'\ndef f(p): pass\np", None),
        ("p = 'a'\ndef f(*p): pass\np", None),
        ("p = 'a'\ndef f():\n global p\n p = 'b'\np", None),
        ("p = 'a'\ndef f():\n def g():\n  nonlocal p\np", None),
        ("p = 'a'\ndef p(): pass\np", None),
        ("p = 'a'\nclass p: pass\np", None),
        ("p = 'a'\ntry: pass\nexcept E as p: pass\np", None),
        ("p = 'a'\nwith x as p: pass\np", None),
        ("p = 'a'\nmatch x:\n case p: pass\np", None),
        ("p = 'a'\nmatch x:\n case [*p]: pass\np", None),
        ("p = 'a'\nmatch x:\n case {**p}: pass\np", None),
        ("p = 'a'\nimport p.q\np", None),
        ("p = 'a'\nfrom x import y as p\np", None),
        ("for p in ['a', 1]: pass\np", None),
        ("'a' % x", None),
        ("'a' if x else 'b'", None),
    ],
)
def test_texts(program: str, expected: tuple[str, ...] | None):
    assert texts(program) == expected


@given(st.lists(st.sampled_from(["p = 'a'", "p = x", "for p in 'ab': x", "q = p", "print(p)", "p += 'b'"]), max_size=5))
def test_a_name_that_is_known_never_is_anything_else(lines: list[str]):
    program = "\n".join([*lines, "p"])
    known = texts(program)
    scope: dict[str, object] = {"x": "x", "print": lambda _: None}
    try:
        exec("\n".join(lines), scope)
    except NameError:
        return
    assert known is None or scope.get("p", known[0]) in known


def test_too_many_are_none():
    many = repr([str(number) for number in range(9)])
    assert texts(f"for p in {many}: pass\nfor q in {many}: pass\np") is not None
    assert texts(f"for p in {many}: pass\nfor q in {many}: pass\np + q") is None
