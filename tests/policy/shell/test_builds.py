"""A build runs by itself where every word of it is known to stay in the project, and asks with any other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.policy.shell.builders import BUILDERS
from companion.policy.shell.builds import is_own, is_project
from companion.policy.shell.effects import RUNS_BY_ITSELF, changes_something
from companion.policy.shell.invocation import UnreadableFile
from companion.policy.shell.read import read_command

NAMES = """
    package.json build.gradle pom.xml Rakefile CMakeLists.txt build/CMakeCache.txt build/build.ninja build.ninja
    meson.build MODULE.bazel build.sbt pubspec.yaml pyproject.toml deno.json go.mod
"""
FILES = dict.fromkeys(NAMES.split(), "") | {
    "manage.py": "import sys\nfrom django.core.management import execute_from_command_line\nx(sys.argv)\n",
    "setup.py": "from setuptools import setup\nimport x\nx.y()\nsetup()\n",
}


def asked(command: str, files: dict[str, str] = FILES) -> set[str]:
    """The codes of all that does not run by itself at the standard level."""
    effects = read_command(command, "/ws", "/home/u", files.get)
    return {
        effect.code
        for effect in effects
        if effect.kind not in {"read", "write", "run"} and effect.code not in RUNS_BY_ITSELF
    }


@pytest.mark.parametrize(
    "command",
    [
        "tsc --noEmit",
        "tsc -p tsconfig.build.json --outDir dist",
        "eslint . --ext .ts,.tsx --max-warnings=0",
        "eslint src/*.ts",
        "jest -t 'a b' --runInBand src/a.test.ts",
        "vitest run --reporter=verbose",
        "mocha --timeout 5000 test/*.js",
        "playwright test --project chromium",
        "prettier --write .",
        "gradle clean build -x test --no-daemon",
        "gradle :app:testDebugUnitTest --tests com.x.Y",
        "mvn -q -DskipTests package",
        "mvn -B -pl core/a -am test -Dtest=X#y",
        "rake test",
        "rake spec:models TEST=test/a_test.rb",
        "cmake --build build -j4 --target all",
        "cmake -B build -S . -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=ON",
        "cmake -S . -B build -G 'Unix Makefiles'",
        "ninja -C build -j 4",
        "meson test -C build --print-errorlogs",
        "meson compile -C build",
        "meson setup build --buildtype=debug",
        "bazel test //... --test_output=errors",
        "bazel build //src/a:b",
        "sbt test",
        "sbt 'core/testOnly a.b.C'",
        "flutter test --coverage",
        "flutter build apk --release",
        "dart format lib",
        "hatch test -c",
        "node --test",
        "node --test tests/",
        "deno test -A",
        "deno fmt",
        "python manage.py test app -v 2",
        "python3 setup.py build_ext --inplace",
        "ruff format .",
        "ruff check --fix src",
        "black -l 100 .",
        "isort --profile black .",
        "gofmt -w .",
        "gofmt -l .",
        "gofmt -s -l cmd internal",
        "time gradle test",
        "cd build && ninja",
    ],
)
def test_what_stays_in_the_project_runs(command):
    assert not asked(command)
    # It runs code of the project, and is more than to read.
    assert changes_something(read_command(command, "/ws", "/home/u", FILES.get))
    # The program alone makes no project.
    assert asked(command, {})


@pytest.mark.parametrize(
    "command",
    [
        "tsc --outDir ../x",
        "tsc --OUTDIR /etc",
        "tsc @options",
        "tsc -p /x/tsconfig.json",
        "eslint -f ./evil.js .",
        "eslint -c x.js .",
        "eslint --rulesdir x .",
        "jest --config x",
        "jest --testEnvironment ./x",
        "jest --reporters=./x",
        "vitest --config x",
        "vitest --environment=./x",
        "mocha -r ./x",
        "mocha --reporter ./x.js",
        "playwright install",
        "prettier --plugin-search-dir=x .",
        "gradle publish",
        "gradle test publish",
        "gradle -I x test",
        "gradle --init-script=x test",
        "gradle -Dorg.gradle.jvmargs=-javaagent:x test",
        "gradle --scan test",
        "gradle -p ../x test",
        "mvn test deploy",
        "mvn -f ../pom.xml test",
        "mvn -Dexec.executable=x test",
        "mvn exec:java",
        "rake deploy",
        "rake db:test:drop",
        "rake -f x test",
        "cmake -P x.cmake",
        "cmake -E rm -rf x",
        "cmake -C x.cmake -B build",
        "cmake -S ../x -B build",
        "cmake -S . -B /etc/x",
        "cmake -S . -B../x",
        "cmake -DCMAKE_C_COMPILER=/x -B build -S .",
        "cmake -DCMAKE_TOOLCHAIN_FILE=x -B build -S .",
        "cmake --build build -- -f x",
        "cmake --build ../build",
        "cmake --install build",
        "cmake -B build -S . --trace-redirect=/x",
        "ninja -f x",
        "ninja -t clean",
        "ninja -C /x",
        "meson test --wrapper=x -C build",
        "meson install -C build",
        "meson setup build --native-file x",
        "bazel run //:x",
        "bazel test --run_under=x //...",
        "bazel --bazelrc=x test //...",
        "bazel build @other//:x",
        "sbt publish",
        "sbt 'eval x'",
        "flutter run",
        "hatch publish",
        "node --test --import ./x",
        "node --test -r x",
        "node --test ../x.js",
        "node --test /tmp/x.js",
        "node --test --env-file=.env",
        "node --test -e x",
        "deno test https://x/y.ts",
        "deno test --config=x",
        "deno run x.ts",
        "python manage.py flush",
        "python manage.py test --settings=x",
        "python setup.py install",
        "python setup.py upload",
        "ruff format --config x .",
        "ruff check --fix --config x .",
        "black --config x .",
        "isort --settings-path x .",
        "gofmt -w -r 'a -> b' .",
        "gofmt -w -cpuprofile=x .",
        "gofmt -l -cpuprofile=x .",
        "gofmt -l -r 'a -> b' .",
        "gofmt -l /tmp/x",
        "gofmt -d .",
        "gradle $x",
        "cmake --build $x",
        "ninja *",
    ],
)
def test_any_other_word_asks(command):
    assert asked(command)


@pytest.mark.parametrize("program", sorted(BUILDERS))
@given(
    option=st.from_regex(
        r"--?(?:config|plugin|require|load|exec|output|init-script|settings)[a-z-]{0,6}(?:=[./a-z]+)?", fullmatch=True
    )
)
def test_an_option_that_nobody_named_asks(program, option):
    everything = {name: "" for ways in BUILDERS.values() for way in ways for name in way.files.split()}
    first = next((way.first.split("|")[0] for way in BUILDERS[program] if way.first), "")
    harmless = {"--config", "--configuration-cache", "--output-format"}
    if option.partition("=")[0] not in harmless:
        assert asked(f"{program} {first} {option} x", everything)


@pytest.mark.parametrize("path", ["..", "../x", "a/../../x", "~/x", "-x", "@x", "", "https://x/y", "/tmp/x", "+x"])
def test_a_path_that_leaves_the_project_is_not_its_own(path):
    assert not is_own(path)


@pytest.mark.parametrize("path", ["x", "./x", "a/b.c", "a..b", "...", "*.py"])
def test_a_path_below_the_folder_is_its_own(path):
    assert is_own(path)


@pytest.mark.parametrize(
    "command", ["cd ../other && gradle test", "cd /srv/other && cargo test", "cd /srv/other && pytest"]
)
def test_the_folder_that_a_build_runs_in_is_read(command):
    effects = read_command(command, "/ws", "/home/u", lambda _: "")
    folder = command.split()[1]
    assert folder in {effect.target for effect in effects if effect.kind == "read"}


def test_a_file_that_cannot_be_read_is_there():
    def look(path: str) -> str | None:
        raise UnreadableFile(path)

    assert is_project(look)
    assert not is_project(None)
    assert not is_project({}.get)
