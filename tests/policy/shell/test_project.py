from __future__ import annotations

import json

import pytest

from companion.policy.shell.effects import RUNS_BY_ITSELF
from companion.policy.shell.invocation import UnreadableFile
from companion.policy.shell.read import read_command
from tests.support.shell import codes

NODE = {
    "package.json": json.dumps({"scripts": {"test": "jest", "pretest": "eslint .", "clean": "rm -rf /srv", "odd": "x"}})
}
OWN = {"package.json": json.dumps({"scripts": {"test": "node t.js"}}), "t.js": "console.log(1)"}
MAKE = {
    "Makefile": (
        "PY = pytest\n.PHONY: all\nall: test\ntest: build\n\t@$(PY) -q\nbuild:\n\techo hi\n"
        "wipe:\n\trm -rf /srv\nhard:\n\t$(shell x)\n"
    )
}


def told(command: str, files: dict[str, str]) -> set[str]:
    effects = read_command(command, "/ws", look=files.get)
    return {effect.code for effect in effects if effect.kind not in {"read", "write", "run"}}


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("npm test", NODE),
        ("npm t", NODE),
        ("yarn test", NODE),
        ("npm run test -- --ci", NODE),
        ("npm test -s", NODE),
        ("npm test --silent -- --ci", NODE),
        ("npm test --ci", NODE),
        ("make", MAKE),
        ("make test", MAKE),
        ("make -j4 build", MAKE),
        ("pytest -q tests/test_x.py", {}),
        ("python3 -m pytest -q", {}),
        ("python -m unittest", {}),
        ("uv run pytest", {}),
        ("cargo test", {"Cargo.toml": ""}),
        ("go test ./...", {"go.mod": ""}),
        ("cd sub && cargo build", {"sub/Cargo.toml": "", "Cargo.toml": ""}),
    ],
    ids=str,
)
def test_the_projects_own_tests_and_builds_run(command: str, files: dict[str, str]):
    assert told(command, files) <= {"project-run"}


@pytest.mark.parametrize(
    ("command", "files", "code"),
    [
        ("npm run clean", NODE, "delete-tree"),
        ("npm run clean", NODE, "rm-recursive"),
        ("make wipe", MAKE, "rm-recursive"),
        ("npm run odd", NODE, "unknown-program"),
    ],
)
def test_what_a_script_spells_out_is_told(command: str, files: dict[str, str], code: str):
    assert code in told(command, files)


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("npm test", {}),
        ("npm test", {"package.json": "{"}),
        ("npm test", {"package.json": '{"scripts": 1}'}),
        ("npm run missing", NODE),
        ("npm test --script-shell=./x.sh", OWN),
        ("npm test --script-s ./x.sh", OWN),
        ("npm run test --prefix ../x", OWN),
        ("npm test -C ../x", OWN),
        ("npm test -prefix ../x", OWN),
        ("npm test --workspaces", OWN),
        ("npm test --node-options=--require=./x.js", OWN),
        ("yarn test --cwd ../x", OWN),
        ("npm run test -- '; rm x'", NODE),
        ("make hard", MAKE),
        ("make missing", MAKE),
        ("make CC=x", MAKE),
        ("make -f other", MAKE),
        ("make", {"Makefile": "include x\nall:\n\techo\n"}),
        ("cargo test", {}),
        ("cargo run", {"Cargo.toml": ""}),
        ("cargo test --config x", {"Cargo.toml": ""}),
        ("go test -exec x", {"go.mod": ""}),
        ("pytest -p evil", {}),
        ("pytest --rootdir=/x", {}),
        ("pytest $x", {}),
        ("uv run --with x y", {}),
        ("just test", {"justfile": "import 'x'\ntest:\n\techo"}),
    ],
    ids=str,
)
def test_the_rest_is_asked_about(command: str, files: dict[str, str]):
    assert told(command, files) - {"project-run"}


def test_without_a_look_at_the_project_no_script_is_known():
    assert {effect.code for effect in read_command("npm test", "/ws")} - {"project-run", ""}


@pytest.mark.parametrize("command", ["terraform plan", "terraform plan -var 'a=b' -no-color", "ansible-test sanity"])
def test_a_plan_is_the_projects_own(command: str):
    assert codes(command) == {"project-run"}


@pytest.mark.parametrize(
    "command",
    [
        "terraform plan -out=/x",
        "terraform plan -destroy",
        "terraform -chdir=../x plan",
        "terraform apply",
        "terraform test",
        "terraform plan $x",
        "terraform plan -generate-config-out=x",
        "ansible-test shell",
        "ansible-test units --docker",
    ],
)
def test_close_to_a_plan_is_asked_about(command: str):
    assert codes(command) - {"project-run"}


@pytest.mark.parametrize("command", ["make all", "npm test", "python -m json.tool", "python x.py"])
def test_a_project_file_that_cannot_be_read_may_say_anything(command):
    def look(path: str) -> str | None:
        raise UnreadableFile(path)

    effects = read_command(f"{command}; rm -rf /x", "/ws", look=look)
    assert any(effect.kind in {"unknown", "execute"} and effect.code not in RUNS_BY_ITSELF for effect in effects)
    assert "/x" in {effect.target for effect in effects}


COMPOSER = {
    "composer.json": json.dumps(
        {
            "scripts": {
                "test": ["@unit", "echo done"],
                "unit": "phpunit",
                "code": "App\\\\Build::run",
                "wipe": "rm -rf /x",
                "loop": "@loop",
            }
        }
    )
}


@pytest.mark.parametrize("command", ["composer test", "composer run unit", "composer run-script test"])
def test_a_script_of_composer_is_what_its_file_says(command):
    assert told(command, COMPOSER) == {"project-run"}


@pytest.mark.parametrize(
    "command",
    ["composer wipe", "composer code", "composer loop", "composer missing", "composer install", "composer test --x"],
)
def test_another_script_of_composer_asks(command):
    assert told(command, COMPOSER) - {"project-run"}


@pytest.mark.parametrize("command", ["hatch run test", "poetry run ls", "uv run pytest"])
def test_what_an_environment_runs_is_more_than_to_read(command):
    assert "project-run" in told(command, {})


@pytest.mark.parametrize(
    "command", ["pytest @args", "pytest /tmp/x", "python3 -m pytest @args", "python3 -m unittest discover -s /tmp/x"]
)
def test_tests_of_nobody_s_are_no_project_s(command: str):
    look = {"pyproject.toml": "[tool.pytest]"}.get
    assert "project-run" not in {effect.code for effect in read_command(command, look=look)}
