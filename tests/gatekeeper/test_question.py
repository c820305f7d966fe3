"""What a person is shown beside the action."""

from companion.contract.types import Deletion
from companion.gatekeeper.question import Previewer
from companion.model.action import FileAccess, Operation, ShellCommand, ToolCall
from companion.model.exchange import Exchange, Origin
from companion.model.facts import Effect, EffectKind, Facts
from companion.model.grant import Content, Script
from companion.model.policy import Policy
from tests.support.rooms import NOON, Doomed, Scanner, Scripts

GONE = Deletion(3, 10, complete=True, names=["a"])


def previewer(**given) -> Previewer:
    return Previewer(
        given.get("doomed") or Doomed(GONE), given.get("files") or Scripts(), given.get("scrub") or Scanner().scrub
    )


def exchange(action) -> Exchange:
    return Exchange("1", NOON, Origin(workspace="/w"), action)


async def look(command: str, *effects: Effect, content=Content("d"), **given):
    facts = Facts(Origin(), Policy(), effects=effects)
    return await previewer(**given).look(exchange(ShellCommand(command, "/w/sub")), facts, content, command)


async def test_effects_are_marked_and_what_is_deleted_is_looked_at_where_the_command_stands():
    doomed = Doomed(GONE)
    delete = Effect(EffectKind.DELETE, "x", 3, 4, "delete", "it is gone")
    preview = await look("rm x", delete, Effect(EffectKind.RUN, "rm", 0, 2), doomed=doomed)
    assert [(one.kind, one.start, one.end) for one in preview.effects] == [("delete", 3, 4), ("run", 0, 2)]
    assert doomed.looked == [(("x",), "/w/sub")]
    assert preview.deletes == GONE


async def test_a_deletion_by_a_file_tool_is_looked_at_too_and_a_tool_shows_nothing_more():
    facts = Facts(Origin(), Policy())
    shown = await previewer().look(exchange(FileAccess("a", Operation.DELETE)), facts, Content("d"), "delete a")
    assert shown.deletes == GONE
    shown = await previewer().look(exchange(ToolCall("t")), facts, Content("d"), "t {}")
    assert (shown.deletes, shown.effects, shown.scripts) == (None, [], [])


async def test_scripts_are_new_the_same_or_changed_without_their_secrets():
    files = Scripts()
    files.remembered = {"/w/same": "x", "/w/changed": "a\nb\n"}
    content = Content(
        "d",
        (
            Script("/w/new", "1", "say HUSH\u202e\n"),
            Script("/w/same", "2", "x"),
            Script("/w/changed", "3", "a\nc\n"),
            Script("/w/binary", "4"),
        ),
    )
    preview = await look("bash new", content=content, files=files)
    assert [script.state for script in preview.scripts] == ["new", "same", "changed", "new"]
    new, same, changed, binary = (script.shown for script in preview.scripts)
    assert "HUSH" not in new
    assert "<U+202E>" in new
    assert same == ""
    assert "-b" in changed
    assert "+c" in changed
    assert "no text" in binary


async def test_what_cannot_be_searched_for_secrets_is_withheld():
    def fails(text: str) -> str:
        raise ValueError

    preview = await look("bash x", content=Content("d", (Script("x", "1", "text"),)), scrub=fails)
    assert "text" not in preview.scripts[0].shown.replace("withheld", "")


async def test_a_long_script_is_cut_and_says_so():
    preview = await look("bash x", content=Content("d", (Script("x", "1", "y" * 30_000),)))
    assert preview.scripts[0].shown.endswith("(10000 more characters: look at the file)")
