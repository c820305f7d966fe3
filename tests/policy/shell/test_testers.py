"""A test runner runs by itself with the options that are known to stay in the project, and asks with any other."""

from __future__ import annotations

import re

import pytest

from companion.policy.shell.effects import RUNS_BY_ITSELF
from companion.policy.shell.read import read_command
from companion.policy.shell.testers import TESTERS

NAMES = "Cargo.toml go.mod pyproject.toml Gemfile mix.exs Package.swift noxfile.py tox.ini composer.json"
FILES = dict.fromkeys(NAMES.split(), "")

RUNS = """
pytest -q -x -k foo tests/a.py::test_b -vv --tb=short --lf --maxfail=1 -n auto --cov=src --durations=10 -m "not slow" -s
pytest -rA -n4 --cov --cov-report=term-missing --cov-report html --cov-fail-under=87.5 -p no:cacheprovider
pytest 'tests/a.py::test_b[x-1]' -W error::DeprecationWarning -o addopts= --log-cli-level=INFO
pytest --cov-report=html:build/cov --cov-report xml:coverage.xml --deselect tests/a.py::b --ignore=tests/slow
python3 -m pytest -xvs
tox -e py311 -- -k x
tox -epy311,lint -q
tox run -e py3.11 -- tests/a.py -x
nox -s tests-3.12 -- -k 'foo'
nox -rs lint
mypy --strict src
mypy -p pkg --ignore-missing-imports --no-error-summary --python-version 3.11 --config-file=pyproject.toml
pyright --outputjson src
cargo test --release -p x -- --nocapture
cargo test tests::a -- --test-threads=1 --exact
cargo clippy --all-targets --all-features -- -D warnings
cargo build --target wasm32-unknown-unknown -j 4
cargo check --manifest-path crates/a/Cargo.toml
cargo fmt --all -- --check
go test -run X -v -count=1 -race ./...
go build ./...
go build -ldflags '-s -w -X main.version=1.2' -tags x ./cmd/a
go vet ./...
dotnet test --filter X --no-build -c Release
dotnet test --logger "trx;LogFileName=a.trx" --collect "XPlat Code Coverage"
dotnet build src/a.csproj -c Release -v q -p:Version=1.2.3
ctest --test-dir build --output-on-failure -j4 -R 'foo|bar'
swift test --filter X --parallel
mix test test/a_test.exs:12 --trace --only slow
mix format --check-formatted
rspec spec/a_spec.rb:12
rspec -fd --tag focus --seed 12
rubocop --format json --only Style/A lib
phpunit --filter X --testdox tests/ATest.php
python -m unittest discover -s tests
""".strip().splitlines()

ASKS = """
pytest --pyargs evil
pytest --cov-report=html:/outside
pytest --cov-report html:../x
pytest --cov-report=json:package.json
pytest --cov-config=/tmp/x
pytest --cov=/outside
pytest -c x.ini
pytest -cx.ini
pytest -p evil
pytest -pevil
pytest --rootdir=.. tests
pytest --confcutdir=/
pytest -W error::evil.Warning
pytest -o python_files=evil.py
pytest -o log_cli=x pythonpath=/x -o pythonpath=/x
pytest --basetemp=src
pytest --pdbcls=evil:X
pytest --pdb
pytest --import-mode=importlib
pytest --log-file=/x
pytest --result-log=x
pytest --debug=x
pytest --store-durations --durations-path=/x
pytest --html=/x
pytest --tx popen//python=evil
pytest --rsyncdir=x -d
pytest --ds=evil
pytest -k $x
tox --workdir /x
tox --discover /x
tox --installpkg x.whl
tox -x testenv.commands=evil
tox -c x.ini
tox exec -- rm x
tox devenv x
tox -e release
tox --env=publish-docs
tox -- --pyargs evil
tox -- -p evil
tox --result-json x
nox -f x.py
nox -k '__import__("os").system("id")'
nox -s publish
nox --envdir /x
nox --report x
nox --default-venv-backend ./x
mypy --config-file x.ini
mypy --python-executable ./x
mypy --install-types --non-interactive
mypy --junit-xml x
mypy --html-report x src
mypy --cache-dir /x
mypy --custom-typeshed-dir /x
mypy --any-exprs-report x
mypy @x
pyright -p /x
pyright --venvpath x
pyright -v x
pyright --createstub x
pyright --pythonpath ./x
pyright --project=x
cargo test --config x
cargo test -Z x
cargo test -Zx
cargo build --target-dir /x
cargo build --artifact-dir x -Z unstable-options
cargo build --target ./x.json
cargo build --manifest-path ../x/Cargo.toml
cargo check --manifest-path=/x/Cargo.toml
cargo check -C ../x
cargo clippy --fix
cargo clippy -- -C linker=./x
cargo test -- --logfile x
cargo fmt -- --config-path /x
cargo doc --open
cargo run
cargo +evil test
go test -exec x ./...
go test -toolexec=x ./...
go build -ldflags '-extld ./x'
go build -ldflags=-extld=./x
go build -gcflags=-d=x
go build -overlay x
go build -modfile x
go build -o /dev/sda
go build -pkgdir /x
go build -asan=x
go test -o x
go test -outputdir /x -cpuprofile x
go test -c
go vet -vettool=x
go -C ../x test
dotnet test --logger "trx;LogFileName=/outside"
dotnet test --logger "trx;LogFileName=../x.trx"
dotnet test --logger "evil"
dotnet test --test-adapter-path x
dotnet test --settings x
dotnet test -s x
dotnet test --diag x
dotnet test -e A=b
dotnet build -p:CustomBeforeMicrosoftCommonTargets=x
dotnet build -logger:x
dotnet build -t:Evil
dotnet build -bl:x
dotnet build @x
dotnet build -o x
dotnet test --results-directory /x
ctest -S x
ctest --build-and-test a b
ctest --test-dir ../x
ctest -O x
ctest --output-log x
ctest --overwrite A=b
ctest -D Nightly
ctest -T Submit
ctest --launch x
swift build --package-path x
swift build -Xlinker x
swift build --toolchain x
swift build --disable-sandbox
swift test --xunit-output x
swift build --scratch-path /x
mix test -r x
mix test --formatter x --export-coverage x
mix format --dot-formatter x
mix compile --erl-config x
mix run
rspec -r ./evil
rspec -I /x
rspec --require=./evil
rspec -o x
rspec --out x
rspec -f ./evil
rspec -O x
rspec --default-path /x
rspec --drb
rubocop -r ./evil
rubocop --plugin x
rubocop --out x
rubocop --auto-gen-config
rubocop -A
rubocop --cache-root /x
rubocop --server
phpunit --bootstrap x
phpunit -d auto_prepend_file=x
phpunit --include-path x
phpunit --extension x
phpunit --printer X
phpunit --cache-directory /x
phpunit --coverage-html /x
phpunit --migrate-configuration
terraform plan -out x
ansible-test units --docker
""".strip().splitlines()


def asked(command: str) -> set[str]:
    """The codes of all that does not run by itself at the standard level."""
    effects = read_command(command, "/ws", "/home/u", FILES.get)
    return {
        effect.code
        for effect in effects
        if effect.kind not in {"read", "write", "run"} and effect.code not in RUNS_BY_ITSELF
    }


@pytest.mark.parametrize("command", RUNS)
def test_an_everyday_test_runs(command):
    assert not asked(command)
    assert "project-run" in {effect.code for effect in read_command(command, "/ws", "/home/u", FILES.get)}


@pytest.mark.parametrize("command", ASKS)
def test_an_option_that_may_lead_elsewhere_asks(command):
    effects = read_command(command, "/ws", "/home/u", FILES.get)
    assert asked(command) or {"/dev/sda"} & {effect.target for effect in effects if effect.kind == "write"}


@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("pytest --junitxml=out/a.xml", "out/a.xml"),
        ("go build -o bin/a ./cmd/a", "bin/a"),
        ("go test -coverprofile=c.out ./...", "c.out"),
        ("phpunit --log-junit x.xml", "x.xml"),
        ("ctest --output-junit x.xml", "x.xml"),
    ],
)
def test_the_file_that_an_option_names_is_written(command, file):
    effects = read_command(command, "/ws", "/home/u", FILES.get)
    assert not asked(command)
    assert file in {effect.target for effect in effects if effect.kind == "write"}


@pytest.mark.parametrize(
    ("command", "folder"),
    [
        ("python -m unittest discover -s /srv/x", "/srv/x"),
        ("mypy /srv/x/a.py", "/srv/x/a.py"),
        ("dotnet build /p:X=y", "/p:X=y"),
    ],
)
def test_what_lies_elsewhere_is_read(command, folder):
    effects = read_command(command, "/ws", "/home/u", FILES.get)
    assert folder in {effect.target for effect in effects if effect.kind == "read"}


@pytest.mark.parametrize(
    ("name", "way"), [(name, way) for name, ways in TESTERS.items() for way in ways], ids=lambda x: str(x)[:20]
)
def test_a_flag_is_none_that_names_a_file(name, way):
    for pattern in filter(None, (way.flags, way.valued, way.named, way.places, way.writes, way.pairs, way.behind)):
        assert re.fullmatch(pattern, "") is None
        assert not [word for word in ("--config=/x", "--plugin=x", "-o/x", "@x", "../x") if re.fullmatch(pattern, word)]
