"""The project's own tests and builds: programs that run its code, and scripts that its files spell out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from companion.policy.shell.invocation import Finding, Inner, Invocation, Look, Text, UnreadableFile
from companion.policy.shell.options import split
from companion.policy.shell.tools import named_files
from companion.policy.shell.words import Value


@dataclass(frozen=True, slots=True)
class _Runner:
    """A program that builds or tests the project it stands in."""

    files: str = ""
    """One of these files says that there is such a project; "" needs none."""
    subcommands: str = ""
    """Those that build or test; "" for a program that does nothing else."""
    refused: str = ""
    """Options that run something else or write elsewhere."""


_NODE = "package.json"
_PYTHON = "pyproject.toml setup.py setup.cfg tox.ini noxfile.py requirements.txt"

RUNNERS: dict[str, _Runner] = {
    "pytest": _Runner("", "", "p c rootdir confcutdir o override-ini basetemp import-mode pdbcls junitxml junit-xml"),
    "py.test": _Runner("", "", "p c rootdir confcutdir o override-ini basetemp"),
    "tox": _Runner("tox.ini pyproject.toml", "", "c workdir x override root"),
    "nox": _Runner("noxfile.py", "", "f noxfile envdir"),
    "mypy": _Runner(_PYTHON, "", "install-types config-file python-executable plugins"),
    "pyright": _Runner(_PYTHON + " pyrightconfig.json package.json", "", "p project createstub pythonpath"),
    "cargo": _Runner(
        "Cargo.toml", "build b check c test t clippy bench doc d fmt", "config Z fix target-dir manifest-path out-dir"
    ),
    "go": _Runner("go.mod", "build test vet fmt", "exec toolexec o vettool overlay modfile C"),
    "tsc": _Runner(_NODE, "", "outDir outFile init build-dir"),
    "eslint": _Runner(_NODE, "", "rulesdir resolve-plugins-relative-to c config o output-file init"),
    "jest": _Runner(_NODE, "", "c config rootDir globalSetup runner"),
    "vitest": _Runner(_NODE, "", "c config root r"),
    "mocha": _Runner(_NODE, "", "r require config"),
    "playwright": _Runner(_NODE, "test", "c config"),
    "vite": _Runner(_NODE, "build", "c config outDir"),
    "prettier": _Runner(_NODE, "", "plugin config"),
    "gradle": _Runner("build.gradle build.gradle.kts", "build test check assemble", "I init-script b p c"),
    "mvn": _Runner("pom.xml", "test compile verify package", "f s gs D"),
    "dotnet": _Runner("", "build test", "o output"),
    "ctest": _Runner("", "", "S D SP build-and-test"),
    "swift": _Runner("Package.swift", "build test", "package-path"),
    "mix": _Runner("mix.exs", "test compile format"),
    "rspec": _Runner("Gemfile", "", "r require I"),
    "rubocop": _Runner("Gemfile", "", "r require c config a A"),
    **dict.fromkeys(
        ("terraform", "tofu"), _Runner("", "plan", "out generate-config-out chdir destroy replace target lock var-file")
    ),
    "ansible-test": _Runner("", "sanity units", "docker remote venv requirements containers"),
    "phpunit": _Runner("composer.json phpunit.xml", "", "bootstrap c configuration prepend"),
}

SCRIPTS = frozenset({"npm", "yarn", "pnpm", "bun"})
_SHORT_SCRIPTS = frozenset({"test", "t", "tst", "start", "stop", "restart"})
_DEEPEST = 6


def judge_project(invocation: Invocation) -> list[Finding] | None:
    """The findings of a test or build of the project; None where it is not known to be one."""
    if invocation.name in SCRIPTS:
        return _package_script(invocation)
    if invocation.name in {"make", "gmake", "just"}:
        return _targets(invocation)
    if invocation.name == "cargo" and invocation.words[:1] in {("check",), ("c",), ("clippy",), ("doc",)}:
        return (
            [invocation.rule("project-run", f"cargo {invocation.words[0]}")]
            if _is_plain(invocation, "fix config Z")
            else None
        )
    runner = RUNNERS.get(invocation.name)
    if runner is None or not _has_file(invocation.look, runner.files):
        return None
    if not _is_plain(invocation, runner.refused):
        return None
    words = [word for word in invocation.words if not word.startswith(("-", "+"))]
    known = runner.subcommands.split()
    if known and (not words or words[0] not in known):
        return None
    return [invocation.rule("project-run"), *named_files(invocation)]


def _has_file(look: Look | None, files: str) -> bool:
    return not files or (look is not None and any(_is_there(look, file) for file in files.split()))


def _is_there(look: Look, file: str) -> bool:
    try:
        return look(file) is not None
    except UnreadableFile:
        return True


def _is_plain(invocation: Invocation, refused: str) -> bool:
    names = refused.split()
    for arg in invocation.args:
        text = arg.constant
        if text is None or text.startswith("+"):
            return False
        if text.startswith("--"):
            name = text[2:].partition("=")[0]
            if name and any(one == name or (len(one) > 1 and one.startswith(name)) for one in names):
                return False
        elif text.startswith("-"):
            name = text[1:].partition("=")[0]
            if name in names or any(len(one) == 1 and name[:1] == one for one in names):
                return False
    return True


def _package_script(invocation: Invocation) -> list[Finding] | None:
    """`npm run x` is the text that package.json has for x, with what has to run before and after it."""
    words = [arg.constant for arg in invocation.args]
    if None in words or not words or invocation.look is None:
        return None
    first = words[0] or ""
    if first in {"run", "run-script"}:
        name, rest = (words[1] if len(words) > 1 else ""), words[2:]
    elif first in _SHORT_SCRIPTS or (invocation.name in {"yarn", "pnpm"} and not (first or "-").startswith("-")):
        name, rest = ("test" if first in {"t", "tst"} else first), words[1:]
    else:
        return None
    scripts = _scripts(invocation.look)
    if not name or name not in scripts:
        return None
    extra = [word or "" for word in rest if word != "--"]
    if any(not re.fullmatch(r"[\w./:=@,+-]+", word) for word in extra):
        return None
    texts = [scripts[one] for one in (f"pre{name}", name, f"post{name}") if one in scripts]
    if extra:
        texts = [" ".join([text, *extra]) if text is scripts[name] else text for text in texts]
    return [
        invocation.rule("project-run", f"{invocation.name} {name}"),
        *(Text(Value(text, invocation.start, invocation.end)) for text in texts),
    ]


def _scripts(look: Look) -> dict[str, str]:
    try:
        found = json.loads(look(_NODE) or "")
    except (ValueError, RecursionError):
        return {}
    scripts = found.get("scripts") if isinstance(found, dict) else None
    if not isinstance(scripts, dict):
        return {}
    return {name: text for name, text in scripts.items() if isinstance(text, str)}


_ASSIGNMENT = re.compile(r"^(\w+)\s*[:?]?:?=\s*(.*)$")
_RULE = re.compile(r"^([^\s:=#][^:=]*):(?!=)([^=]*)$")
_REFERENCE = re.compile(r"\$[({](\w+)[)}]")
_HARD = re.compile(
    r"^(?:include|-include|sinclude|define|export|unexport|ifn?eq|ifn?def|else|endif|override|vpath|load)\b|\$\(\w+ "
)


def _targets(invocation: Invocation) -> list[Finding] | None:
    """The recipes of the targets, as far as a plain makefile spells them out."""
    if invocation.look is None or invocation.name == "just":
        return None
    arguments = split(
        invocation.args, "j~ s k B n silent quiet keep-going jobs~ always-make dry-run no-print-directory"
    )
    names = [operand.constant for operand in arguments.operands]
    text = next((found for file in ("GNUmakefile", "makefile", "Makefile") if (found := invocation.look(file))), None)
    if text is None or arguments.unknown is not None or any(name is None or "=" in name for name in names):
        return None
    lines = _recipe(text, [name or "" for name in names])
    if lines is None:
        return None
    told = " ".join([invocation.name, *(name or "" for name in names)])
    return [
        invocation.rule("project-run", told),
        *(Text(Value(line, invocation.start, invocation.end)) for line in lines),
    ]


def _recipe(text: str, names: list[str]) -> list[str] | None:
    variables: dict[str, str] = {}
    rules: dict[str, tuple[list[str], list[str]]] = {}
    current: list[str] = []
    first = ""
    for written in re.sub(r"\\\n", " ", text).split("\n"):
        if written.startswith("\t"):
            current.append(written[1:])
            continue
        line = written.partition("#")[0].rstrip()
        if not line:
            continue
        if _HARD.search(line):
            return None
        if found := _ASSIGNMENT.match(line):
            variables[found.group(1)] = found.group(2)
        elif found := _RULE.match(line):
            current = []
            for target in found.group(1).split():
                first = first or ("" if target.startswith(".") else target)
                rules[target] = (found.group(2).split(), current)
        else:
            return None
    lines: list[str] = []
    waiting = [(name, 0) for name in (names or [first])]
    seen: set[str] = set()
    while waiting:
        name, depth = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name not in rules:
            if depth == 0 or "%" in name or "$" in name:
                return None
            continue
        needs, recipe = rules[name]
        if depth > _DEEPEST:
            return None
        waiting += [(need, depth + 1) for need in needs if need != "|"]
        for line in recipe:
            plain = _substituted(line.lstrip("@-+ \t"), variables)
            if plain is None:
                return None
            lines.append(plain)
    return lines


def _substituted(line: str, variables: dict[str, str]) -> str | None:
    for _ in range(4):
        line = _REFERENCE.sub(lambda found: variables.get(found.group(1), "$()"), line)
    return None if "$" in line.replace("$$", "") else line.replace("$$", "$")


_RUNS: dict[str, tuple[str, str]] = {
    "uv": (
        "run",
        "python= p= with= extra= group= frozen locked isolated no-sync no-project all-extras no-dev active q quiet",
    ),
    "poetry": ("run", "q quiet"),
    "pdm": ("run", ""),
    "pipenv": ("run", ""),
    "hatch": ("run", ""),
    "rye": ("run", ""),
    "bundle": ("exec", ""),
}


def judge_environment(invocation: Invocation) -> list[Finding] | None:
    """`uv run x` is x in the project's own environment; None for every other call."""
    if invocation.name not in _RUNS:
        return None
    word, options = _RUNS[invocation.name]
    args = invocation.args
    if word:
        if invocation.words[:1] != (word,):
            return None
        args = args[1:]
    arguments = split(args, options, first=True)
    if arguments.unknown is not None or not arguments.operands or arguments.has("with"):
        return None
    return [Inner(arguments.operands, invocation.feed)]
