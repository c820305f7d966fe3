"""Tests stand where their module stands: whoever changes a module knows where its laws are, and that there are some."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

HOMES = {"companion": "tests", "tui/companion_tui": "tests/tui", "lsp/companion_lsp": "tests/lsp"}
"""A package, and where its tests are."""

BESIDE = {
    "tests/clients/": "real agents, which no module of ours is",
    "tests/leaks/": "real agents, with and without companion",
    "tests/whole/": "the real daemon, from its sockets to its ledger",
    "tests/test_docs.py": "the documents against the code",
    "tests/test_mirror.py": "this law",
    "tests/ledger/test_key_ends.py": "how keys end, over the key store, its rows and its migrations",
    "tests/observe/test_alerts.py": "what rooms do becomes an alert, over all that lies between",
    "tests/policy/guards/test_guards.py": "the list of guards, which is the package itself",
    "tests/policy/shell/test_against_bash.py": "the whole reading of commands, against bash",
    "tests/policy/shell/javascript/test_against_node.py": "the whole reading of JavaScript, against node",
    "tests/scan/secrets/test_adversarial.py": "all engines together, on what others miss",
    "tests/scan/test_against_git.py": "the whole decision, against the cases of git's own test",
    "tests/tui/test_pictures.py": "whole screens",
    "tests/upstream/http1/test_as_httpx.py": "the whole transport, against httpx's own",
    "tests/upstream/http1/test_cancelling.py": "the whole transport, cancelled anywhere",
    "tests/upstream/http1/test_transport_again.py": "the transport's repetitions, which need a page of their own",
}
"""Test files, or folders of them, that are about no single module, each with its reason.

Beside these, `test_x_laws.py` holds more laws of the module x where one file would be too long.
"""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> list[_Function]:
    return [node for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, _Function)]


def does_something(function: _Function) -> bool:
    """Whether its body is more than a docstring, `...` or pass."""
    return not all(
        isinstance(step, ast.Pass) or (isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant))
        for step in function.body
    )


def behaves(module: Path) -> bool:
    return any(map(does_something, functions(module)))


def has_tests(path: Path) -> bool:
    return any(function.name.startswith("test_") and does_something(function) for function in functions(path))


def mirrors() -> dict[Path, Path]:
    """Each module, and the test file that is its own; relative to the root."""
    found = {}
    for package, home in HOMES.items():
        for module in sorted((ROOT / package).rglob("*.py")):
            if module.name not in {"__init__.py", "__main__.py"}:
                within = module.relative_to(ROOT / package)
                found[module.relative_to(ROOT)] = Path(home) / within.with_name(f"test_{within.name}")
    return found


def is_beside(path: str) -> bool:
    return any(path == entry or (entry.endswith("/") and path.startswith(entry)) for entry in BESIDE)


def test_law_every_module_with_behaviour_has_tests_of_its_own():
    missing = [
        f"{module} has behaviour and no tests of its own: expected a test function in {expected}"
        for module, expected in mirrors().items()
        if behaves(ROOT / module) and not ((ROOT / expected).is_file() and has_tests(ROOT / expected))
    ]
    assert not missing, "\n" + "\n".join(missing)


def test_law_every_test_file_is_about_a_module_or_says_what_else_it_is_about():
    own = {path.as_posix() for path in mirrors().values()}
    lost = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name not in own and name.replace("_laws.py", ".py") not in own and not is_beside(name):
            lost.append(
                f"{name} mirrors no module: move its tests, or give it a reason in BESIDE of tests/test_mirror.py"
            )
    assert not lost, "\n" + "\n".join(lost)


def test_law_nothing_has_a_reason_that_needs_none():
    own = {path.as_posix() for path in mirrors().values()}
    idle = [entry for entry in BESIDE if entry in own or not any((ROOT / entry).parent.glob(Path(entry).name))]
    assert not idle, f"{idle} in BESIDE of tests/test_mirror.py: there is no such file, or it mirrors a module"


@pytest.mark.parametrize(
    ("source", "behaviour"),
    [
        ("X = 1", False),
        ("class A:\n    x: int = 1", False),
        ("class P:\n    def f(self): ...", False),
        ('class P:\n    def f(self):\n        """Says what."""\n        ...', False),
        ("def f():\n    pass", False),
        ('async def f():\n    """Says what."""', False),
        ("class A:\n    def f(self):\n        return 1", True),
        ('async def f():\n    """Says what."""\n    await g()', True),
        ("class A:\n    def __init__(self):\n        self.x = 1", True),
        ("if True:\n    def f():\n        raise ValueError", True),
    ],
)
def test_what_behaviour_is(tmp_path, source, behaviour):
    (tmp_path / "module.py").write_text(source)
    assert behaves(tmp_path / "module.py") is behaviour
