"""Whose files they are."""

import pytest

from companion.model.action import FileAccess, Operation, ShellCommand
from companion.model.exchange import Origin
from companion.model.facts import Facts, PathFacts
from companion.model.policy import Policy
from companion.model.verdict import PASS, Allow, Ask
from companion.policy.guards.files import files

HOOK = "git's settings decide which programs git runs"

ACCESSES = [
    # operation, inside, privileged, verdict, code
    (Operation.READ, True, "", Allow, "file-in-workspace"),
    (Operation.LIST, True, "", Allow, "file-in-workspace"),
    (Operation.SEARCH, True, "", Allow, "file-in-workspace"),
    (Operation.WRITE, True, "", Allow, "file-in-workspace"),
    (Operation.DELETE, True, "", Ask, "file-deleted"),
    (Operation.READ, True, HOOK, Allow, "file-in-workspace"),
    (Operation.WRITE, True, HOOK, Ask, "privileged-write"),
    (Operation.DELETE, True, HOOK, Ask, "privileged-write"),
    (Operation.READ, False, "", Ask, "outside-workspace"),
    (Operation.LIST, False, "", Ask, "outside-workspace"),
    (Operation.WRITE, False, "", Ask, "outside-workspace"),
    (Operation.WRITE, False, HOOK, Ask, "privileged-write"),
]


def facts(path, **known):
    return Facts(Origin(workspace="/ws"), Policy(), paths={path: PathFacts(path, f"/at/{path}", **known)})


@pytest.mark.parametrize(("operation", "inside", "privileged", "kind", "code"), ACCESSES)
def test_accesses(operation, inside, privileged, kind, code):
    verdict = files(FileAccess("x", operation), facts("x", inside=inside, privileged=privileged))
    assert isinstance(verdict, kind)
    assert verdict.code == code


def test_the_reason_says_where_a_path_leads():
    assert "/at/x" in files(FileAccess("x", Operation.READ), facts("x", inside=False)).reason
    assert HOOK in files(FileAccess("x", Operation.WRITE), facts("x", inside=True, privileged=HOOK)).reason


def test_a_path_that_nobody_looked_at_asks():
    verdict = files(FileAccess("y", Operation.READ), facts("x", inside=True))
    assert isinstance(verdict, Ask)
    assert verdict.code == "path-unknown"


def test_commands_are_for_another_guard():
    assert files(ShellCommand("rm x"), facts("x", inside=False)) is PASS
