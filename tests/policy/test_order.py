"""What an earlier step changes is asked about before a later one runs it, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.policy.order import ANYTHING, CODE, Changes, decides, runs_changed, within, words_in
from companion.policy.shell.read import read_command

FOLDERS = {"src", "."}
PROJECT_FILES = {
    "package.json": '{"scripts": {"test": "pytest", "build": "pytest"}}',
    "Makefile": "test:\n\tpytest\n",
    "Cargo.toml": "",
    "pyproject.toml": "",
}


def look(path: str) -> str | None:
    return PROJECT_FILES.get(path)


def told(command: str) -> list[str]:
    """What the later steps of a command line would run."""
    effects = read_command(command, "/w", "/home/u", look)
    return [effect.reason.split()[4].rstrip(",") for effect in within(command, effects, FOLDERS)]


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("echo x > conftest.py; pytest", "conftest.py"),
        ("cp a.txt tests/conftest.py && pytest -q", "tests/conftest.py"),
        ("mv a.txt conftest.py && pytest", "conftest.py"),
        ("echo x | tee pyproject.toml; pytest", "pyproject.toml"),
        ("echo x > test_b.py && pytest test_b.py", "test_b.py"),
        ("echo x > package.json; npm test", "package.json"),
        ("echo x > .npmrc; npm test", ".npmrc"),
        ("echo x > Makefile; make", "Makefile"),
        ("echo x > build.rs; cargo build", "build.rs"),
        ("echo x > build.gradle; ./gradlew test", "build.gradle"),
        ("echo x > gradlew; ./gradlew test", "gradlew"),
        (
            "echo x > gradle/wrapper/gradle-wrapper.properties; ./gradlew test",
            "gradle/wrapper/gradle-wrapper.properties",
        ),
        ("echo x > CMakeLists.txt; cmake -B build -S .", "CMakeLists.txt"),
        ("echo x > build/build.ninja; ninja -C build", "build/build.ninja"),
        ("echo x > manage.py; python manage.py test", "manage.py"),
        ("echo x > justfile; just test", "justfile"),
        ("echo x > composer.json; composer test", "composer.json"),
        ("echo x > x.sh; sh x.sh", "x.sh"),
        ("echo x > x.sh; ./x.sh", "x.sh"),
        ("echo x > x.sh; . ./x.sh", "x.sh"),
        ("echo x > x.py; python x.py", "x.py"),
        ("echo x > sub/x.py; cd sub && python x.py", "sub/x.py"),
        ("sh -c 'echo x > conftest.py; pytest'", "conftest.py"),
        ("echo x > .husky/pre-commit; git commit -m y", ".husky/pre-commit"),
        ("echo x > .venv/bin/pytest; pytest", ".venv/bin/pytest"),
        # A loop comes back, and what runs in the background runs beside the rest.
        ("for x in a b; do pytest; echo x > conftest.py; done", "conftest.py"),
        ("pytest & echo x > conftest.py", "conftest.py"),
    ],
)
def test_what_runs_a_file_that_the_same_line_writes_says_so(command, path):
    assert told(command) == [path]


@pytest.mark.parametrize(
    "command",
    [
        "pytest",
        "pytest > out.log",
        "pytest 2>&1 | tee out.log",
        "pytest &> out.log && cat out.log",
        "echo x > src/app.py; pytest",
        "touch run.log; pytest",
        "mkdir -p build && make",
        "pytest; echo x > conftest.py",
        "npm run build && cp dist/package.json out/",
        "echo x > package.json; git commit -m y",
        "echo x > notes.md; cat notes.md",
        "grep -r x src > hits.txt; pytest",
    ],
)
def test_what_runs_nothing_that_was_written_says_nothing(command):
    assert told(command) == []


def test_a_whole_folder_that_is_copied_over_may_hold_anything():
    assert told("cp -r evil/. . && pytest") == [ANYTHING.split()[0]]


@pytest.mark.parametrize(
    "path",
    [
        "package.json",
        "web/vite.config.ts",
        "jest.config.unit.mjs",
        ".eslintrc.cjs",
        "tsconfig.build.json",
        "a/b/conftest.py",
        "CONFTEST.PY",
        "src/x.csproj",
        ".git/config",
        "node_modules/.bin/jest",
        ".cargo/config.toml",
        "build.gradle.kts",
    ],
)
def test_files_that_decide(path):
    assert decides(path)


@pytest.mark.parametrize("path", ["src/app.py", "README.md", "tests/test_x.py", "data.json", "git/config"])
def test_files_that_do_not(path):
    assert not decides(path)


class TestCalls:
    """What earlier calls of the same answer changed."""

    @staticmethod
    def told(command: str, changes: Changes, *looked: str) -> list[str]:
        effects = read_command(command, "/w", "/home/u", look)
        return [effect.code for effect in runs_changed(command, effects, changes, looked)]

    def test_a_file_by_which_the_command_was_judged(self):
        changes = Changes(files=frozenset({"/w/json.py"}))
        assert self.told("python -c 'import json'", changes, "/w/json.py") == [CODE]
        assert self.told("python -c 'import json'", changes, "/w/csv.py") == []

    def test_another_branch_brings_its_own(self):
        assert self.told("npm test", Changes(tracked=True), "/w/package.json") == [CODE]
        assert self.told("ls", Changes(tracked=True)) == []

    def test_what_nobody_understood_changes_what_it_names(self):
        changes = Changes(words=words_in("perl -pi -e s/a/b/ tests/conftest.py"))
        assert self.told("pytest", changes) == [CODE]
        assert self.told("pytest", Changes(words=words_in("perl -pi -e s/a/b/ src/app.py"))) == []

    def test_a_folder(self):
        assert self.told("pytest", Changes(folders=frozenset({"/w/"}))) == [CODE]

    def test_nothing(self):
        assert self.told("pytest", Changes()) == []


@given(st.text(max_size=80), st.sets(st.text(max_size=8)), st.sets(st.text(max_size=8)), st.booleans())
def test_law_whatever_the_text_each_effect_stands_in_it(command, files, words, anything):
    effects = read_command(command, "/w", "/home/u", look)
    changes = Changes(frozenset(files), words=frozenset(words), anything=anything)
    for effect in (*within(command, effects, FOLDERS), *runs_changed(command, effects, changes, files)):
        assert effect.code == CODE
        assert 0 <= effect.start <= effect.end <= len(command)


@pytest.mark.parametrize("command", ["npx tsc", "./node_modules/.bin/tsc", "npm exec tsc"])
def test_an_installed_program_that_an_earlier_call_writes_is_one_that_changed(command):
    installed = {"node_modules/.bin/tsc": "", "package.json": ""}
    looked: list[str] = []

    def seen(path: str) -> str | None:
        looked.append(f"/w/{path}")
        return installed.get(path)

    effects = read_command(command, "/w", "/home/u", seen)
    changes = Changes(files=frozenset({"/w/node_modules/.bin/tsc"}))
    assert CODE in {effect.code for effect in runs_changed(command, effects, changes, looked)}
    assert CODE not in {effect.code for effect in runs_changed(command, effects, Changes(), looked)}
