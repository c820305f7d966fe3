"""What goes wrong with the ledger says what, and what to do next."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from companion.ledger import errors
from companion.ledger.errors import KeyProblem, LedgerError, LedgerUnavailable

KINDS = (LedgerError, LedgerUnavailable, KeyProblem)
NAMES = {kind.__name__ for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_catches_the_first_catches_all_and_has_the_words_and_the_step(kind):
    with pytest.raises(LedgerError) as caught:
        raise kind("the disk is full", "free some space")
    assert (str(caught.value), caught.value.next) == ("the disk is full", "free some space")
    assert kind("the disk is full").next == ""


def places() -> list[tuple[str, ast.Call]]:
    """Where such an error is made, by file and line."""
    return [
        (f"{path.name}:{node.lineno}", node)
        for path in Path(errors.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES
    ]


def test_law_no_error_of_the_ledger_leaves_a_person_without_a_next_step():
    assert len(places()) > 10, "they are found"
    silent = [where for where, call in places() if len(call.args) < 2 and not call.keywords]
    assert silent == []
