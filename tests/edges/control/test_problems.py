"""What the ledger's rooms object to becomes an answer, and nothing else is swallowed."""

from __future__ import annotations

import pytest

from companion.edges.control.problems import Refusal, refusing
from companion.ledger.errors import KeyProblem, LedgerError, LedgerUnavailable


@pytest.mark.parametrize(
    ("error", "status", "code", "following"),
    [
        (LedgerError("it is damaged", "companion doctor"), 409, "ledger", "companion doctor"),
        (KeyProblem("it is taken", "choose another"), 409, "ledger", "choose another"),
        (LedgerUnavailable("it is late"), 409, "ledger", ""),
        (ValueError("no such dimension"), 400, "bad-request", ""),
    ],
)
def test_each_objection_is_a_refusal_in_its_own_words(error, status, code, following):
    with pytest.raises(Refusal) as caught, refusing():
        raise error
    refusal = caught.value
    assert (refusal.status, refusal.code, str(refusal), refusal.next) == (status, code, str(error), following)


@pytest.mark.parametrize("error", [KeyError("x"), RuntimeError("x"), Refusal(418, "own", "mine")])
def test_anything_else_passes_as_it_is(error):
    with pytest.raises(type(error)) as caught, refusing():
        raise error
    assert caught.value is error
