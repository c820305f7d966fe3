from __future__ import annotations

import sys

import click
from click.testing import CliRunner

from companion.cli.lazy import LazyGroup


def test_a_group_lists_its_commands_in_order_and_loads_only_the_one_that_is_used() -> None:
    group = LazyGroup("group", table={"second": "no.such.module:command", "first": "companion.cli.keys:keys"})
    sys.modules.pop("companion.cli.keys", None)
    context = click.Context(group)
    assert group.list_commands(context) == ["second", "first"]
    assert "companion.cli.keys" not in sys.modules
    result = CliRunner().invoke(group, ["first", "--help"])
    assert result.exit_code == 0
    assert "companion.cli.keys" in sys.modules


def test_a_name_that_is_not_in_the_table_is_refused_in_clicks_words() -> None:
    result = CliRunner().invoke(LazyGroup("group", table={}), ["nothing"])
    assert result.exit_code == 2
    assert "No such command 'nothing'" in result.output
    assert "Did you mean" not in result.output


def test_a_mistyped_name_is_answered_with_the_one_most_like_it() -> None:
    group = LazyGroup("group", table={"status": "no.such.module:command", "log": "no.such.module:command"})
    result = CliRunner().invoke(group, ["stat"])
    assert result.exit_code == 2
    assert "No such command 'stat'. Did you mean 'status'?" in result.output
