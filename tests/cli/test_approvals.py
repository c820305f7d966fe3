"""`companion pending`, `approve` and `deny`: what a person reads is the action, and an answer is to that action."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from companion.cli.approvals import approve, deny, pending
from companion.cli.shared import local_time


def run(command, *arguments):
    return CliRunner().invoke(command, list(arguments))


def test_nothing_waits(control):
    assert (run(pending).stdout, run(pending, "--json").stdout) == ("nothing waits\n", "[]\n")


def test_what_waits_is_shown_whole_with_the_commands_that_answer_it(control):
    approval, _ = control.opens("rm -rf build\necho done")
    lines = [line.strip() for line in run(pending).stdout.splitlines()]
    until = local_time(approval.expires_at, date=False)
    assert lines[0] == f"apr-0001  cline, act, in /w, until {until}"
    assert lines[1:6] == [
        "rm -rf build",
        "echo done",
        "it removes (removes)",
        "move it away",
        "companion approve apr-0001 [--session | --always]   or   companion deny apr-0001 --reason WHY",
    ]
    [plain] = json.loads(run(pending, "--json").stdout)
    assert (plain["what"], plain["digest"]) == ("rm -rf build\necho done", approval.digest)


def test_an_action_is_shown_as_it_is_whatever_it_holds(control):
    command = "echo '[red]x[/red] [bold' " + "y" * 300
    control.opens(command, workspace="")
    shown = run(pending).stdout
    assert f"    {command}\n" in shown
    assert "in an unknown workspace" in shown


def test_the_oldest_comes_first(control):
    control.opens("rm one", "apr-0002")
    control.opens("rm two", "apr-0001")
    assert [one["id"] for one in json.loads(run(pending, "--json").stdout)] == ["apr-0002", "apr-0001"]


def test_a_yes_lets_it_happen_once(control):
    _, outcome = control.opens("rm x\nrm y")
    result = run(approve, "apr-0001")
    assert (result.exit_code, result.stdout) == (0, "approved: rm x\n")
    assert (outcome.result(10).approve, outcome.result().by) == (True, "cli")
    late = run(deny, "apr-0001")
    assert late.exit_code == 1
    assert "approved by cli" in late.stderr
    assert late.stderr.endswith("next: companion log\n")


def test_a_no_carries_the_reason_for_the_model(control):
    _, outcome = control.opens("rm x")
    result = run(deny, "apr-0001", "--reason", "use git clean", "--json")
    assert json.loads(result.stdout)["id"] == "apr-0001"
    answered = outcome.result(10)
    assert (answered.approve, answered.reason) == (False, "use git clean")


def test_an_answer_is_bound_to_the_action_that_was_pending(control):
    approval, _ = control.opens("rm x")
    answers, real = [], control.approvals.answer

    def answer(name, given):
        answers.append(given)
        return real(name, given)

    control.approvals.answer = answer
    run(approve, "apr-0001")
    assert [given.digest for given in answers] == [approval.digest]


@pytest.mark.parametrize("command", [approve, deny])
def test_an_id_that_nobody_knows(control, command):
    result = run(command, "nobody")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith("no approval nobody waits\nnext: companion pending\n")
