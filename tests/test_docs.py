"""The documents say what is: every setting, every command, every link."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import tomllib
from pathlib import Path

import pytest

from companion.cli.main import _COMMANDS, main
from companion.config.rules import RULES
from companion.model.facts import EffectKind
from companion.policy.shell import effects
from companion.policy.shell.rules import RULES as COMMAND_RULES

ROOT = Path(__file__).parents[1]
DOCS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "lsp" / "README.md", ROOT / "sample-project/README.md"]
)


def test_every_setting_is_in_the_policy_reference():
    text = (ROOT / "docs" / "policy.md").read_text()
    example = tomllib.loads(re.search(r"```toml\n(.*?)```", text, re.DOTALL)[1])
    for section, keys in RULES.items():
        for key in keys:
            assert re.search(rf"\b{key}\b", text), f"docs/policy.md does not name {section}.{key}"
    assert set(example) <= set(RULES)


@pytest.mark.parametrize("name", sorted(_COMMANDS))
def test_every_command_is_documented_and_has_help(name):
    command = main.get_command(None, name)
    assert command.help, "a sentence of help"
    assert (
        f"companion {name}" in (ROOT / "docs" / "cli.md").read_text()
        or f"`{name}" in (ROOT / "docs/cli.md").read_text()
    )


@pytest.mark.parametrize("document", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_within_the_repository_leads_somewhere(document):
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize("document", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_a_document_types_exists(document):
    for name in re.findall(r"`companion ([a-z]+)", document.read_text()):
        assert name in _COMMANDS, f"{document.name} types companion {name}"


GUARDS_OF_COMMANDS = ("commands", "control", "egress", "ignored", "plan", "workspace")
SAID_BY_THE_WAY = {"allowed", "guard-failed", "examination-failed"}


def _codes_of(guard: str) -> set[str]:
    """The codes that a guard's verdicts spell out."""
    module = importlib.import_module(f"companion.policy.guards.{guard}")
    found: set[str] = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Allow", "Ask", "Deny", "kind"}:
            first = node.args[0]
            parts = first.values if isinstance(first, ast.BoolOp) else [first]
            found |= {part.value for part in parts if isinstance(part, ast.Constant)}
            found |= {getattr(module, part.id) for part in parts if isinstance(part, ast.Name)}
    return found


def test_every_code_that_is_said_of_a_command_is_listed_and_no_other():
    said = set(COMMAND_RULES).union(*map(_codes_of, GUARDS_OF_COMMANDS)) | SAID_BY_THE_WAY
    said |= {effects.NAMES, effects.GLOB, effects.TREE, effects.TRACKED, effects.LISTED, effects.MADE_AGAIN}
    kinds = {kind.value for kind in EffectKind} - {"read", "write", "delete", "run"}
    section = (ROOT / "docs" / "policy.md").read_text().partition("### Of commands")[2]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    listed = [code for row in rows for code in re.findall(r"`([^`]+)`", row)]
    assert sorted(listed) == sorted(said | kinds)
