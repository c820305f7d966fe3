"""The work that one command may cost: what is spent never comes back, and one step past the end is refused."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.policy.shell.budget import Budget
from companion.policy.shell.read import read_command
from companion.policy.shell.source import LONGEST, Unclear

COUNTED = ["commands", "visits", "tokens", "characters"]


@pytest.mark.parametrize("counter", COUNTED)
def test_all_of_it_may_be_spent_and_nothing_more(counter: str):
    budget = Budget()
    budget.spend(**{counter: getattr(budget, counter)})
    with pytest.raises(Unclear) as caught:
        budget.spend(**{counter: 1})
    assert caught.value.code == "over-budget"


@pytest.mark.parametrize("counter", COUNTED)
def test_what_ran_out_stays_run_out_whatever_is_asked_for_next(counter: str):
    budget = Budget()
    with pytest.raises(Unclear):
        budget.spend(**{counter: getattr(budget, counter) + 1})
    with pytest.raises(Unclear):
        budget.spend()


@given(st.lists(st.fixed_dictionaries({}, optional={name: st.integers(0, 400) for name in COUNTED}), max_size=12))
def test_many_small_sums_cost_as_much_as_one(spent: list[dict[str, int]]):
    one, many = Budget(), Budget()
    sums = {name: sum(each.get(name, 0) for each in spent) for name in COUNTED}

    def outcome(budget: Budget, steps: list[dict[str, int]]) -> bool:
        try:
            for step in steps:
                budget.spend(**step)
        except Unclear:
            return False
        return True

    assert outcome(many, spent) is outcome(one, [sums])
    assert outcome(one, [{}]) is all(getattr(Budget(), name) >= sums[name] for name in COUNTED)


def test_a_visit_is_one_visit():
    budget = Budget(visits=2)
    budget.visit()
    budget.visit()
    assert budget == Budget(visits=0)
    with pytest.raises(Unclear, match="over-budget"):
        budget.visit()


def test_each_command_has_a_budget_and_effects_of_its_own():
    one, other = Budget(), Budget()
    one.spend(commands=1)
    one.effects.extend(read_command("ls"))
    assert other == Budget()
    assert other.characters == LONGEST


def test_nothing_that_is_counted_is_left_out_here():
    others = {"effects", "scripts", "look", "pending", "plain", "unexported", "tame", "code"}
    assert {field.name for field in fields(Budget)} == {*COUNTED, *others}


@pytest.mark.parametrize(
    ("fits", "too_much"),
    [
        ("true\n" * 120, "true\n" * 130),
        (f"sh -c '{'true; ' * 60}'; sh -c '{'true; ' * 60}'", f"sh -c '{'true; ' * 65}'; sh -c '{'true; ' * 65}'"),
        ("for i in 1 2; do " + "true; " * 60 + "done", "for i in 1 2 3; do " + "true; " * 60 + "done"),
        ("echo " + "a " * 900, "echo " + "a " * 1100),
    ],
    ids=["programs", "programs in scripts", "programs in a loop", "words"],
)
def test_a_command_is_counted_with_its_scripts_and_each_round_of_a_loop(fits: str, too_much: str):
    assert "over-budget" not in {effect.code for effect in read_command(fits)}
    assert "over-budget" in {effect.code for effect in read_command(too_much)}
