from __future__ import annotations

import pytest
import tree_sitter_javascript
from tree_sitter import Language

from companion.policy.shell.javascript import tree
from companion.policy.shell.javascript.tree import parse_javascript


def kinds(code: str) -> list[str]:
    return [piece.kind for piece in parse_javascript(code) or []]


def test_the_grammar_knows_each_kind_that_is_understood():
    language = Language(tree_sitter_javascript.language())
    assert {kind for kind in tree._KINDS if language.id_for_node_kind(kind, True) is None} == set()


def test_parents_come_first_and_lead_to_their_children():
    pieces = parse_javascript("f(1, 'ä', x.y)") or []
    assert pieces[0].kind == "program"
    for piece in pieces[1:]:
        assert piece.parent is not None
        assert piece in piece.parent.kids
        assert pieces.index(piece.parent) < pieces.index(piece)
    call = next(piece for piece in pieces if piece.kind == "call_expression")
    function, given = call.get("function"), call.get("arguments")
    assert function is not None
    assert function.text == "f"
    assert given is not None
    assert [(one.kind, one.text) for one in given.named] == [
        ("number", "1"),
        ("string", "'ä'"),
        ("member_expression", ""),
    ]


@pytest.mark.parametrize(
    "code",
    [
        "a = /x[/]y/g",
        "f(/x/, a / b / c)",
        "x = y\nz = 1 / 2",
        "#!/usr/bin/env node\n1",
        "`a${b}c\\`${`d`}`",
        "/* a\n */ x // y\n",
        "f('a\\'b', \"c\\\nd\")",
        "a++ /b/ c",
        "x.get; x.of; ({set: 1})",
        "a?.b?.[0] ?? 1e-5 + .5 + 0x1f + 1_000n",
    ],
)
def test_what_is_read_in_one_way_is_read(code: str):
    assert kinds(code)


@pytest.mark.parametrize(
    "code",
    [
        "a <!-- b",
        "a\n--> b",
        "a\u2028b",
        "a\rb",
        "typeof await /x/g",
        "typeof yield /x/g",
        "if (a) /x/.test(b)",
        "{} /x/.y",
        "\\u0065val('x')",
        "var ä = 1",
        "f\n(g)",
        "f\n`x`",
        "tag `x`",
        "with (a) b",
        "debugger",
        "<a/>",
        "new.target",
        "import('x')",
        "@a class B {}",
        "x = = 1",
    ],
)
def test_what_could_be_read_otherwise_is_not(code: str):
    assert kinds(code) == []
