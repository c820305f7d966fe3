"""A finding says its state by the function that made it."""

from __future__ import annotations

import pytest

from companion.cli.agents.findings import Finding, State, fail, ok, warn
from companion.contract.codec import to_plain


@pytest.mark.parametrize(("make", "state"), [(warn, State.WARN), (fail, State.FAIL)])
def test_what_is_not_well_may_name_the_next_step(make, state):
    assert make("disk", "it is full", "make room") == Finding("disk", state, "it is full", "make room")
    assert make("disk", "it is full").next == ""


def test_what_is_well_needs_none():
    assert ok("disk", "it has room") == Finding("disk", State.OK, "it has room", "")


def test_json_has_the_words_that_scripts_look_for():
    assert to_plain(fail("disk", "it is full", "make room")) == {
        "check": "disk", "state": "fail", "said": "it is full", "next": "make room",
    }  # fmt: skip
    assert [str(state) for state in State] == ["ok", "warn", "fail"]
