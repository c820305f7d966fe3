"""What a yes is bound to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.gatekeeper.contents import Contents, digest_of
from companion.model.action import FileAccess, Operation, ShellCommand, ToolCall
from companion.model.exchange import Exchange, Origin
from companion.model.grant import Script
from tests.support.rooms import NOON, Scripts

BASE = digest_of(ShellCommand("bash x.sh", "/w", (("A", "1"),)), "/w", (Script("/w/x.sh", "aa"),))


@pytest.mark.parametrize(
    ("action", "workspace", "scripts"),
    [
        (ShellCommand("bash  x.sh", "/w", (("A", "1"),)), "/w", (Script("/w/x.sh", "aa"),)),
        (ShellCommand("bash x.sh", "/w/sub", (("A", "1"),)), "/w", (Script("/w/x.sh", "aa"),)),
        (ShellCommand("bash x.sh", "/w", (("A", "2"),)), "/w", (Script("/w/x.sh", "aa"),)),
        (ShellCommand("bash x.sh", "/w"), "/w", (Script("/w/x.sh", "aa"),)),
        (ShellCommand("bash x.sh", "/w", (("A", "1"),)), "/w", (Script("/w/x.sh", "bb"),)),
        (ShellCommand("bash x.sh", "/w", (("A", "1"),)), "/w", (Script("/w/y.sh", "aa"),)),
        (ShellCommand("bash x.sh", "/w", (("A", "1"),)), "/w", ()),
    ],
    ids=["command", "folder", "value", "variable", "bytes", "path", "no-script"],
)
def test_each_part_counts(action, workspace, scripts):
    assert digest_of(action, workspace, scripts) != BASE


def test_the_wire_and_the_hook_mean_the_same():
    assert digest_of(ShellCommand("ls"), "/w") == digest_of(ShellCommand("ls", "/w"), "/w")
    assert digest_of(ShellCommand("ls", "/w/"), "/other") == digest_of(ShellCommand("ls"), "/w")
    write = Operation.WRITE
    assert digest_of(FileAccess("a", write), "/w") == digest_of(FileAccess("/w/a", write), "/w")
    assert digest_of(ToolCall("t", '{"a":1,"b":2}'), "/w") == digest_of(ToolCall("t", '{"b": 2, "a": 1}'), "/w")


@given(st.lists(st.text(max_size=5), min_size=2, max_size=2), st.lists(st.text(max_size=5), min_size=2, max_size=2))
def test_no_part_poses_as_another(one, other):
    first, second = (ShellCommand(command, f"/{folder}") for command, folder in (one, other))
    same = one[0] == other[0] and digest_of(ShellCommand("", f"/{one[1]}"), "") == digest_of(
        ShellCommand("", f"/{other[1]}"), ""
    )
    assert (digest_of(first, "") == digest_of(second, "")) is same


async def test_scripts_are_read_from_the_commands_folder():
    files = Scripts({"x.sh": "echo 1"})
    made = Exchange("1", NOON, Origin(workspace="/w"), ShellCommand("bash x.sh"))
    before = await Contents(files).take(made)
    assert [script.path for script in before.scripts] == ["x.sh"]
    files.texts["x.sh"] = "echo 2"
    assert (await Contents(files).take(made)).digest != before.digest
