import re
from importlib import resources

import pytest

from companion.policy.knowledge.index import FILES
from companion.policy.knowledge.tables import CLASSES, Node, Tool, tool

PROGRAMS = sorted(FILES)


def commands(node: Node, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Node]]:
    found = [(path, node)]
    for word, child in node.children.items():
        found += commands(child, (*path, word))
    return found


def table_of(program: str) -> Tool:
    known = tool(program)
    assert known is not None
    return known


def test_an_unknown_program_has_no_table():
    assert tool("no-such-program") is None


@pytest.mark.parametrize("program", PROGRAMS)
def test_law_every_table_can_be_read(program):
    known = table_of(program)
    rows = [row for _, node in commands(known.root) for row in node.rows]
    assert rows
    assert {row.what for row in rows} <= set(CLASSES)
    assert known.account | known.region | known.endpoint <= set(known.root.options)


@pytest.mark.parametrize("program", PROGRAMS)
def test_law_a_command_with_commands_below_it_says_how_many_operands_it_has(program):
    """Or a command that nobody knows would be an operand of it."""
    for path, node in commands(table_of(program).root):
        if node.children:
            assert all(row.most is not None for row in node.rows if row.what == "read"), path


def test_every_section_belongs_to_a_program_of_the_index():
    folder = resources.files("companion.policy.knowledge").joinpath("data")
    names = [entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")]
    assert sorted(names) == sorted(set(FILES.values()))
    for name in names:
        text = folder.joinpath(f"{name}.toml").read_text("utf-8")
        sections = re.findall(r"(?m)^\[([\w.-]+)\]$", text)
        also = " ".join(re.findall(r'(?m)^also = "(.*)"$', text)).split()
        found = {section for section in sections if not section.endswith(".with")} | set(also)
        assert found == {program for program, file in FILES.items() if file == name}


def test_alternatives_of_a_topic():
    known = table_of("heroku")
    assert known.root.children["apps:info"].row(0) == known.root.children["apps:list"].row(0)
    assert "rename" not in known.root.children
    assert known.root.children["apps:rename"].row(0).what == "write"


def test_rows_by_the_number_of_operands():
    run = table_of("npm").root.children["run"]
    assert [run.row(count).what for count in (0, 1, 2)] == ["read", "build", "build"]
    only = table_of("pip").root.children["list"]
    assert only.row(9).what == "read"
