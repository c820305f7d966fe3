"""What the composition root does beside composing. The daemon as a whole: tests/whole."""

from __future__ import annotations

from datetime import UTC, datetime

from companion.daemon import _bracketed, _warned
from companion.model.budget import BudgetState, Window
from companion.model.scope import Dimension
from tests.support.rooms import Heard


def test_an_address_with_colons_stands_in_brackets():
    assert (_bracketed("127.0.0.1"), _bracketed("::1")) == ("127.0.0.1", "[::1]")


def test_a_budgets_warning_says_whose_and_how_much():
    heard = Heard()
    at = datetime(2026, 6, 2, tzinfo=UTC)
    state = BudgetState(Dimension.KEY, "ci", Window.DAY, limit=2 * 10**12, spent=10**12, reserved=0, resets_at=at)
    _warned(heard, state, 50)
    [(name, id, text, _)] = heard.notices
    assert (name, id) == ("budget.warning", "key")
    assert text == "50 % of the day's budget of key ci is spent: $1.00 of $2.00"
