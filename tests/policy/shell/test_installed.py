"""What a project has installed is its code; what it has not is fetched."""

from __future__ import annotations

import pytest

from companion.policy.shell.effects import RUNS_BY_ITSELF, changes_something
from companion.policy.shell.installed import named_by_path
from companion.policy.shell.invocation import UnreadableFile
from companion.policy.shell.read import read_command

NAMES = """
    package.json node_modules/.bin/tsc node_modules/.bin/eslint node_modules/.bin/cat node_modules/.bin/odd
    build.gradle gradlew mvnw pom.xml vendor/bin/phpunit composer.json .venv/bin/pytest .venv/bin/cat pyproject.toml
"""
FILES = dict.fromkeys(NAMES.split(), "{}")


def asked(command: str, files: dict[str, str] = FILES) -> set[str]:
    effects = read_command(command, "/ws", "/home/u", files.get)
    return {
        effect.code
        for effect in effects
        if effect.kind not in {"read", "write", "run"} and effect.code not in RUNS_BY_ITSELF
    }


@pytest.mark.parametrize(
    "command",
    [
        "npx tsc --noEmit",
        "npx --no-install eslint .",
        "npx -y eslint .",
        "npm exec tsc",
        "npm exec -- tsc --noEmit",
        "pnpm exec tsc --noEmit",
        "pnpm tsc --noEmit",
        "yarn exec tsc",
        "yarn run tsc",
        "yarn eslint .",
        "bunx tsc",
        "bun x tsc",
        "./node_modules/.bin/tsc --noEmit",
        "node_modules/.bin/eslint .",
        "./gradlew clean test",
        "./mvnw -q verify",
        "vendor/bin/phpunit",
        ".venv/bin/pytest -q",
    ],
)
def test_what_is_installed_runs_as_what_it_is(command):
    assert not asked(command)
    assert changes_something(read_command(command, "/ws", "/home/u", FILES.get))
    assert asked(command, {name: "" for name in FILES if "/" not in name and "w" not in name[-2:]})


@pytest.mark.parametrize(
    "command",
    [
        "npx vitest",
        "npx tsc@latest",
        "npx @scope/tsc",
        "npx -p evil tsc",
        "npx --package=evil tsc",
        "npx -c tsc",
        "npx odd",
        "npx tsc --outDir /x",
        "npx eslint -c /x .",
        "npx $x",
        "npm exec tsc --package=evil",
        "pnpm dlx tsc",
        "pnpm -C ../x exec tsc",
        "yarn dlx tsc",
        "yarn tsc --cwd /x",
        "bun x vitest",
        "./gradlew publish",
        "../gradlew test",
        "/srv/gradlew test",
        "sub/gradlew test",
        "./mvnw deploy",
        ".venv/bin/cat x",
        "./node_modules/.bin/odd",
        "node_modules/.bin/../../evil",
        "NODE_OPTIONS=--require=/x npx tsc",
    ],
)
def test_the_rest_is_asked_about(command):
    assert asked(command)


def test_an_installed_program_by_a_known_name_is_more_than_to_read():
    effects = read_command("npx cat x", "/ws", "/home/u", FILES.get)
    assert "project-run" in {effect.code for effect in effects}
    assert "x" in {effect.target for effect in effects if effect.kind == "read"}


def test_a_path_names_a_program_only_where_it_is():
    def unreadable(path: str) -> str | None:
        raise UnreadableFile(path)

    assert named_by_path("./gradlew", FILES.get) == "gradle"
    assert named_by_path("./gradlew", unreadable) == "gradle"
    assert named_by_path("./gradlew", {}.get) is None
    assert named_by_path("./gradlew", None) is None


ACTIVATE = {
    ".venv/bin/activate": "deactivate () {\n}\nVIRTUAL_ENV=/ws/.venv\n",
    ".venv/bin/python": "",
    "pyproject.toml": "[tool.pytest]",
}


@pytest.mark.parametrize(
    "command",
    [
        "source .venv/bin/activate && pytest -q",
        ". ./.venv/bin/activate; python -m pytest",
        ".venv/bin/python -m pytest",
    ],
)
def test_the_environment_of_the_project_is_its_code(command: str):
    assert not asked(command, ACTIVATE)
    assert changes_something(read_command(command, "/ws", "/home/u", ACTIVATE.get))


@pytest.mark.parametrize(
    "command",
    [
        "source /x/.venv/bin/activate",
        "source ../.venv/bin/activate",
        "source venv/bin/activate",
        "source .venv/bin/activate x",
        "source .venv/bin/activate_this",
        "source .env",
        "cd $x && source .venv/bin/activate",
        "echo rm > .venv/bin/activate; source .venv/bin/activate",
        ".venv/bin/python x.py",
        ".venv/bin/python -c 'import os; os.remove(\"x\")'",
        ".venv/bin/python -m pip install x",
        "cd src && .venv/bin/python -m pytest",
    ],
)
def test_what_only_looks_like_it_is_not(command: str):
    assert asked(command, ACTIVATE)


def test_a_file_that_does_something_else_activates_nothing():
    assert asked("source .venv/bin/activate", {**ACTIVATE, ".venv/bin/activate": "rm -rf /"})
