"""The project's own tests and builds: programs that run its code, and scripts that its files spell out."""

from __future__ import annotations

import json
import re

from companion.policy.shell.builds import judge_build, ran
from companion.policy.shell.compilers import judge_compiler
from companion.policy.shell.installed import judge_installed
from companion.policy.shell.invocation import Finding, Inner, Invocation, Look, Text
from companion.policy.shell.javascript.engines import judge_engine
from companion.policy.shell.options import split
from companion.policy.shell.recipes import judge_recipe
from companion.policy.shell.tools import names
from companion.policy.shell.words import Value

_NODE = "package.json"
SCRIPTS = frozenset({"npm", "yarn", "pnpm", "bun"})
_SHORT_SCRIPTS = frozenset({"test", "t", "tst", "start", "stop", "restart"})
_BARE = frozenset({"yarn", "pnpm", "bun"})
"""Those that take the name of a script for one of their commands."""
_OF_BUN = names(
    "run test x repl exec install i add a remove rm update audit outdated link unlink publish patch pm info why build "
    "init create c upgrade bunx"
)
"""What bun takes for its own, whatever package.json says."""


_PLAIN_TO_NPM = frozenset({"-s", "-q", "-d", "--silent", "--quiet", "--if-present"})
_OF_NPM = names(
    "script-shell shell prefix workspace workspaces include-workspace-root node-options userconfig globalconfig global "
    "location cache logs-dir tmp call package git local-prefix init-module"
)
"""By these npm runs another program or project, or goes by other settings. It takes them wherever they stand, and
also by their beginnings."""
_OF_YARN = re.compile(r"--(?:cwd|use-yarnrc|modules-folder|script-shell)\b")


def _is_its_own(name: str, word: str) -> bool:
    """Whether the program takes a word behind a script's name for an option of its own that leads elsewhere."""
    if name == "yarn":
        return _OF_YARN.match(word) is not None
    if name != "npm" or not word.startswith("-") or word in _PLAIN_TO_NPM:
        return False
    option = word.lstrip("-").partition("=")[0].removeprefix("no-")
    return not word.startswith("--") or any(own.startswith(option) for own in _OF_NPM)


def judge_project(invocation: Invocation) -> list[Finding] | None:
    """The findings of a test or build of the project; None where it is not known to be one."""
    if invocation.name in SCRIPTS:
        return (
            _package_script(invocation)
            or judge_installed(invocation)
            or (judge_build(invocation) or judge_engine(invocation) if invocation.name == "bun" else None)
            or _unknown_script(invocation)
        )
    if invocation.name == "composer":
        return _composer_script(invocation)
    if invocation.name in {"make", "gmake", "just"}:
        return judge_recipe(invocation)
    return judge_build(invocation) or judge_installed(invocation) or judge_compiler(invocation)


def _package_script(invocation: Invocation) -> list[Finding] | None:
    """`npm run x` is the text that package.json has for x, with what has to run before and after it."""
    words = [arg.constant for arg in invocation.args]
    if None in words or not words or invocation.look is None:
        return None
    first = words[0] or ""
    if first in {"run", "run-script"}:
        name, rest = (words[1] if len(words) > 1 else ""), words[2:]
    elif (first in _SHORT_SCRIPTS and invocation.name != "bun") or (
        invocation.name in _BARE and first not in _OF_BUN and not (first or "-").startswith("-")
    ):
        name, rest = ("test" if first in {"t", "tst"} else first), words[1:]
    else:
        return None
    scripts = _scripts(invocation.look)
    if not name or name not in scripts:
        return None
    before = rest[: rest.index("--")] if "--" in rest else rest
    if any(_is_its_own(invocation.name, word or "-") for word in before):
        return None
    of_npm = _PLAIN_TO_NPM if invocation.name == "npm" else frozenset[str]()
    extra = [
        word or "" for word in (*(one for one in before if one not in of_npm), *rest[len(before) :]) if word != "--"
    ]
    if any(not re.fullmatch(r"[\w./:=@,+-]+", word) for word in extra):
        return None
    texts = [scripts[one] for one in (f"pre{name}", name, f"post{name}") if one in scripts]
    if extra:
        texts = [" ".join([text, *extra]) if text is scripts[name] else text for text in texts]
    return _texts(invocation, name, texts)


def _unknown_script(invocation: Invocation) -> list[Finding] | None:
    """A script that package.json does not spell out, or that nobody can look up: it runs, whatever it says."""
    words = [arg.constant or "" for arg in invocation.args]
    runs = words[:1] in (["run"], ["run-script"]) and len(words) > 1 and words[1][:1] not in {"", "-"}
    if not runs and not (len(words) == 1 and words[0] in _SHORT_SCRIPTS):
        return None
    return [invocation.rule("build", " ".join([invocation.name, *words[: 2 if runs else 1]]))]


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
