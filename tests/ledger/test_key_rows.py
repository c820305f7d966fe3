"""What may be said of a virtual key, and how it stands."""

from dataclasses import replace
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from companion.ledger.errors import KeyProblem
from companion.ledger.key_rows import KeyRow, checked, moment
from companion.model.scope import KeyScope

NAMED = KeyScope(name="laptop")
ROW = KeyRow("key-1", NAMED, b"", 1, None, None, None, None)


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (
            "project",
            ["web", "/home/ada/my web", "~/web", "./x", "@org/web"],
            ["-x", " x", "a\nb", "a;b", "käse", "x" * 201],
        ),
        ("user", ["ada", "ada@example.org", "Ada L."], ["ada\x1b[2J", "[red]"]),
        ("team", ["core team"], ["a\u202eb"]),
        ("tags", [("ci", "a:b")], [("",), ("ci", ""), ("ci", "a,b"), tuple(map(str, range(51)))]),
        (
            "models",
            [("claude-*",), ("*",), ("openai/gpt-5.1", "us.anthropic.claude:0")],
            [("",), ("a b",), ("gpt-[45]",), ("gpt-?",), ("a]",), ("é",), ("x" * 201,), tuple(map(str, range(51)))],
        ),
    ],
)
def test_what_a_scope_may_say(field, good, bad):
    for value in good:
        assert getattr(checked(replace(NAMED, **{field: value})), field) == value
    for value in bad:
        with pytest.raises(KeyProblem, match=field.removesuffix("s")) as refused:
            checked(replace(NAMED, **{field: value}))
        assert refused.value.next
        assert len(str(refused.value)) < 200, "what is wrong is said, not repeated"


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, "live"),
        ({"expires_at_ns": 11}, "live"),
        ({"expires_at_ns": 10}, "expired"),
        ({"revoked_at_ns": 5}, "revoked"),
        ({"revoked_at_ns": 5, "expires_at_ns": 6}, "revoked"),
    ],
)
def test_how_a_key_stands(changed, state):
    row = replace(ROW, **changed)
    assert row.state(10) == row.line(10, UTC).state == state


@pytest.mark.parametrize(
    ("changed", "shown"),
    [({}, True), ({"old_secret_until_ns": 10}, False), ({"revoked_at_ns": 5}, False), ({"expires_at_ns": 9}, False)],
)
def test_an_old_secret_is_shown_while_it_works(changed, shown):
    assert bool(replace(ROW, **({"old_secret_until_ns": 11} | changed)).line(10, UTC).old_secret_until) == shown


def test_times_are_told_in_the_zone_of_the_ledger():
    assert moment(1_800_000_000 * 10**9 + 999, ZoneInfo("Europe/Berlin")) == "2027-01-15T09:00:00+01:00"
    assert moment(None, UTC) == ""
