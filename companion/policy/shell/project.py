"""The project's own tests and builds: programs that run its code, and scripts that its files spell out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from companion.policy.shell.builds import has_file, judge_build, ran
from companion.policy.shell.compilers import judge_compiler
from companion.policy.shell.effects import is_temporary
from companion.policy.shell.installed import judge_installed
from companion.policy.shell.invocation import Finding, Inner, Invocation, Look, Text
from companion.policy.shell.options import split
from companion.policy.shell.recipes import judge_recipe
from companion.policy.shell.tools import named_files, names
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


def judge_project(invocation: Invocation) -> list[Finding] | None:
    """The findings of a test or build of the project; None where it is not known to be one."""
    if invocation.name in SCRIPTS:
        return _package_script(invocation) or judge_installed(invocation)
    if invocation.name == "composer":
        return _composer_script(invocation)
    if invocation.name in {"make", "gmake", "just"}:
        return judge_recipe(invocation)
    if (built := judge_build(invocation) or judge_installed(invocation) or judge_compiler(invocation)) is not None:
        return built
    if invocation.name == "cargo" and invocation.words[:1] in {("check",), ("c",), ("clippy",), ("doc",)}:
        return [*ran(invocation, invocation.words[0])] if _is_plain(invocation, "fix config Z") else None
    runner = RUNNERS.get(invocation.name)
    if runner is None or not has_file(invocation.look, runner.files):
        return None
    if not _is_plain(invocation, runner.refused):
        return None
    words = [word for word in invocation.words if not word.startswith(("-", "+"))]
    known = runner.subcommands.split()
    if known and (not words or words[0] not in known):
        return None
    return [*ran(invocation), *named_files(invocation)]


def _is_plain(invocation: Invocation, refused: str) -> bool:
    names = refused.split()
    for arg in invocation.args:
        text = arg.constant
        # A file behind an @ may hold any option, and what lies in a folder for anybody is not the project's.
        if text is None or text.startswith(("+", "@")) or is_temporary(text):
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
    return _texts(invocation, name, texts)


def _texts(invocation: Invocation, name: str, texts: list[str]) -> list[Finding]:
    return [*ran(invocation, name), *(Text(Value(text, invocation.start, invocation.end)) for text in texts)]


def _scripts(look: Look) -> dict[str, str]:
    return {name: text for name, text in _table(look, _NODE).items() if isinstance(text, str)}


def _table(look: Look, file: str) -> dict[str, object]:
    """The scripts that a file names."""
    try:
        found = json.loads(look(file) or "")
    except (ValueError, RecursionError):
        return {}
    scripts = found.get("scripts") if isinstance(found, dict) else None
    return scripts if isinstance(scripts, dict) else {}


_OF_COMPOSER = names(
    "about archive audit browse bump cc check-platform-reqs clear-cache clearcache completion config create-project "
    "depends diagnose dump-autoload dumpautoload exec fund global help home i info init install licenses list outdated "
    "prohibits r reinstall remove require rm search self-update selfupdate show status suggests u uninstall update "
    "upgrade validate why why-not"
)
_MOST_PARTS = 32


def _composer_script(invocation: Invocation) -> list[Finding] | None:
    """`composer test` is what composer.json has for it: texts, and the names of others behind an @."""
    words = [arg.constant for arg in invocation.args]
    if words[:1] in (["run"], ["run-script"]):
        words = words[1:]
    elif words and words[0] in _OF_COMPOSER:
        return None
    if len(words) != 1 or not words[0] or words[0].startswith("-") or invocation.look is None:
        return None
    scripts = _table(invocation.look, "composer.json")
    texts: list[str] = []
    waiting, seen = [f"@{words[0]}"], set[str]()
    while waiting:
        part = waiting.pop()
        name = part[1:]
        if part in seen or part == "Composer\\Config::disableProcessTimeout":
            continue
        seen.add(part)
        if not part.startswith("@"):
            # A class is code that nobody sees here.
            if re.fullmatch(r"[\w\\:]+::\w+", part):
                return None
            texts.append(part)
            continue
        found = scripts.get(name)
        parts = [found] if isinstance(found, str) else found
        if not isinstance(parts, list) or len(seen) > _MOST_PARTS or not all(isinstance(one, str) for one in parts):
            return None
        waiting += reversed(parts)
    return _texts(invocation, words[0], texts) if texts else None


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
    # What stands behind it may be the name of a script of the project.
    return [*ran(invocation), Inner(arguments.operands, invocation.feed)]
