from __future__ import annotations

import pytest
from msgspec import structs

from companion.edges.gateway.tooluse import Called, Changes, Form, Rewritten, Said, ToolUse


def test_changes_are_something_as_soon_as_one_call_is_another_or_one_is_added():
    assert not Changes()
    assert not Changes({}, ())
    for change in (Rewritten("{}"), Called("Bash", "{}"), Said("")):
        assert Changes({0: change})
    assert Changes(extra=(Said(""),))


def test_no_two_answers_share_their_changes():
    assert Changes().by_key is not Changes().by_key


@pytest.mark.parametrize(
    "value",
    [ToolUse(0, "Bash", "{}"), Rewritten("{}"), Called("Bash", "{}"), Said("no")],
    ids=repr,
)
def test_what_was_judged_cannot_become_another_thing(value):
    for field in structs.fields(value):
        with pytest.raises(AttributeError, match="immutable"):
            setattr(value, field.name, "x")
    assert value == structs.replace(value)


def test_a_call_is_a_function_unless_it_says_otherwise():
    assert ToolUse(0, "Bash", "{}") == ToolUse(0, "Bash", "{}", Form.FUNCTION) != ToolUse(0, "Bash", "{}", Form.CUSTOM)
