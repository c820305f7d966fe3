from __future__ import annotations

import pytest

from companion.policy.shell.read import read_command

PLAIN = "console.log(1)"
FILES = {
    "package.json": '{"scripts": {"test": "node t.js", "t2": "node --test", "build": "node b.js", "go": "node t.js"}}',
    "t.js": PLAIN,
    "sub/x.mjs": f"{PLAIN}\nfs.readFileSync('../a')",
    "x.ts": PLAIN,
    "b.js": "require('./t.js')",
    "long.js": f"//{'x' * 20_001}",
    "exec.js": "require('child_process').execSync('rm -rf src')",
}


def codes(command: str, files: dict[str, str] | None = None) -> set[str]:
    effects = read_command(command, look=(FILES if files is None else files).get)
    return {effect.code for effect in effects if effect.kind not in {"read", "write", "run"}}


@pytest.mark.parametrize(
    "command",
    [
        f"node -e '{PLAIN}'",
        "node -p '1 + 1'",
        "node -pe '1 + 1'",
        f"node --eval='{PLAIN}'",
        "node --print '1 + 1'",
        f"nodejs --no-warnings --input-type=module -e '{PLAIN}'",
        f"node -e '{PLAIN}' a b",
        f"echo '{PLAIN}' | node",
        f"node <<'END'\n{PLAIN}\nEND",
        f"node - <<'END'\n{PLAIN}\nEND",
        f"bun -e '{PLAIN}'",
        f"deno eval '{PLAIN}'",
    ],
)
def test_code_that_only_computes_runs(command: str):
    assert codes(command) == set()


@pytest.mark.parametrize(
    "command",
    [
        "node t.js",
        "node ./t.js a",
        "node sub/x.mjs",
        "bun t.js",
        "bun run t.js",
        "deno t.js",
        "deno run t.js",
    ],
)
def test_a_script_that_is_understood_is_one_of_the_project(command: str):
    assert codes(command) == {"project-script"}


@pytest.mark.parametrize("command", ["npm test", "npm run go", "yarn go", "pnpm go", "bun go", "bun run go"])
def test_a_script_of_the_project_that_runs_such_a_script_is_no_more_than_that(command: str):
    assert codes(command) == {"project-run", "project-script"}


def test_the_engines_own_tests_are_the_projects():
    assert codes("npm run t2") == {"project-run"}
    assert codes("bun test") == {"project-run"}
    assert codes("bun test --timeout 5 src") == {"project-run"}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("node b.js", "runs-script"),
        ("node x.js", "runs-script"),
        ("node ../t.js", "runs-script"),
        ("node /t.js", "runs-script"),
        ("node long.js", "runs-script"),
        ("node t.ts", "runs-script"),
        ("bun x.ts", "runs-script"),
        ("bun run x.ts", "runs-script"),
        ("bun run dist/y.js", "runs-script"),
        ("tsx x.ts", "runs-script"),
        ("node --watch t.js", "runs-script"),
        ("node --enable-source-maps t.js", "runs-script"),
        ("node --env-file=.env t.js", "runs-script"),
        ("node -r ./x.js t.js", "runs-code"),
        ("node --import ./x.js -e 1", "runs-code"),
        ("node -e 1 -r ./x.js", "runs-code"),
        ("node -e 1 --require=./x.js", "runs-code"),
        ("node -e", "runs-code"),
        ("node -e -r", "runs-code"),
        ("node -i -e 1", "runs-code"),
        ("node -e 'require(\"./t.js\")'", "runs-code"),
        ("node -e $x", "runs-code"),
        ("cat t.js | node", "pipe-to-shell"),
        ("NODE_OPTIONS=-r./x.js node -e 1", "sets-environment"),
        ("node exec.js", "rm-recursive"),
        ("npm run build", "runs-script"),
        ("npm run nope", "build"),
        ("pnpm run nope", "build"),
        ("yarn run nope", "build"),
        ("bun run nope", "build"),
        ("bun nope", "package-manager"),
        ("deno task x", "build"),
        ("deno install x", "package-manager"),
        ("bun test --preload ./x.ts", "package-manager"),
        ("bun -e 'require(\"fs\")'", "runs-code"),
    ],
)
def test_other_calls_are_asked_about_in_words_that_are_true(command: str, expected: str):
    found = codes(command)
    assert expected in found
    assert "service" not in found


def test_bun_may_be_told_to_run_other_code_first():
    for file in ("bunfig.toml", ".env"):
        assert codes("bun t.js", {**FILES, file: ""}) == {"runs-script"}
    assert codes("node t.js", {**FILES, "bunfig.toml": ""}) == {"project-script"}


def test_a_script_that_is_written_first_is_not_read():
    assert "runs-script" in codes(f"echo '{PLAIN}' > t.js; node t.js")


def test_what_a_script_reads_counts_from_where_it_runs():
    effects = read_command("node sub/x.mjs", look=FILES.get)
    assert ("read", "../a") in {(effect.kind.value, effect.target) for effect in effects}
