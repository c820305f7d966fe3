"""What one step changes and a later one runs: the later one is not judged by what lies on the disk before both.

Steps are the programs of a command line in its order, and the calls of one answer in theirs. Reads names, as
`companion.policy.scripts` does: a question too many is asked where two files have one name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from companion.model.facts import Effect, EffectKind
from companion.policy.shell.effects import GLOB, TREE, moves_head
from companion.policy.shell.rules import apply

CODE = "runs-what-changed"
"""The code of the effect that says so."""

ANYTHING = "the files that earlier steps may change"
"""Stands for names that nobody knows."""

_CHANGES = frozenset({EffectKind.WRITE, EffectKind.DELETE})
_RUNS = frozenset(
    [
        "build",
        "package-manager",
        "project-run",
        "project-script",
        "runs-a-file",
        "runs-code",
        "runs-other",
        "runs-script",
        "service",
        "source",
    ]
)
"""Codes of what runs a file, or code of the project."""

_WORD = re.compile(r"[^\s\"'`=,;()<>|&{}\[\]$]+")
_ANY_ORDER = re.compile(r"\b(?:while|until|for|select|coproc)\b|(?<![&>|\d])&(?![&>])")

_DECIDES = re.compile(
    r"""
      package\.json | \.?npmrc | \.yarnrc(?:\.yml)? | \.pnpmfile\.cjs | pnpm-workspace\.yaml
    | \.?bunfig\.toml | deno\.jsonc?
    | (?:GNU)?[Mm]akefile | .*\.mk | \.?[Jj]ustfile | Taskfile\.ya?ml | Rakefile | Gemfile | \.rspec | \.rubocop\.yml
    | pyproject\.toml | setup\.(?:py|cfg) | conftest\.py | \.?pytest\.(?:ini|toml) | tox\.ini | noxfile\.py
    | \.?mypy\.ini | \.?ruff\.toml | sitecustomize\.py | usercustomize\.py | .*\.pth | pyrightconfig\.json
    | (?:jest|vitest|vite|webpack|rollup|babel|playwright|karma|eslint|prettier|postcss|tailwind|next|nuxt|svelte|astro
       |esbuild|tsup|cypress|gulpfile|gruntfile)(?:\.[\w-]+)*\.(?:[cm]?[jt]sx?|json)
    | [Gg](?:ulp|runt)file\.[cm]?[jt]s
    | \.(?:babel|eslint|prettier|mocha|swc|nyc)rc(?:\.\w+)? | tsconfig(?:\.[\w-]+)*\.json
    | Cargo\.toml | build\.rs | rust-toolchain(?:\.toml)? | go\.(?:mod|work) | CMakeLists\.txt | CTestTestfile\.cmake
    | .*\.gradle(?:\.kts)? | gradlew(?:\.bat)? | gradle(?:-wrapper)?\.properties | gradle-wrapper\.jar
    | .*\.versions\.toml | pom\.xml | mvnw(?:\.cmd)? | build\.xml | .*\.cmake | CMake(?:User)?Presets\.json
    | CMakeCache\.txt | .*\.ninja | meson\.build | meson(?:_options\.txt|\.options)
    | .*\.bzl | MODULE\.bazel\.lock | \.bazelversion | .*\.sbt
    | pubspec\.ya?ml | dart_test\.yaml | analysis_options\.yaml | hatch\.toml | manage\.py | .*\.rake
    | composer\.json | phpunit\.xml(?:\.dist)? | (?:mix|config|runtime|test_helper|\.formatter)\.exs
    | Package\.swift | .*\.(?:cs|fs|vb)proj
    | Directory\.Build\.(?:props|targets) | build\.zig | (?-i:BUILD|WORKSPACE|MODULE)(?:\.bazel)? | \.bazelrc
    | \.pre-commit-config\.yaml | lefthook\.ya?ml | \.gitmodules | \.gitattributes | \.gitconfig
    """,
    # Some disks do not tell letters by their size.
    re.VERBOSE | re.IGNORECASE,
)
"""Names of files that say what tools of a project run, or that tools run by themselves."""

_HOOKS = frozenset({".git", ".husky", ".githooks", ".pre-commit-config.yaml", "lefthook.yml", "lefthook.yaml"})
"""What git runs by itself."""

_FOLDERS = frozenset({".git", ".husky", ".githooks", ".cargo", ".mvn", ".bin", ".venv"})
"""Folders of which every file is such a one."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What earlier steps may have changed when this one runs.

    `files` are absolute and resolved, or counted from where the steps start, all in the same way; `folders` end in "/".
    """

    files: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    """Of these every file."""
    words: frozenset[str] = frozenset()
    """Names that stand in steps which nobody understands."""
    tracked: bool = False
    """Whether another branch was checked out, or git configured otherwise."""
    anything: bool = False

    def __bool__(self) -> bool:
        return bool(self.files or self.folders or self.words or self.tracked or self.anything)

    def touch(self, path: str) -> bool:
        """Whether the file, named as `files` are, may be another one by then."""
        named = path in self.files or any(path.startswith(folder) for folder in self.folders)
        return named or self.tracked or self.anything or name_of(path) in self.words


def name_of(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def words_in(text: str) -> frozenset[str]:
    """The last names of all words that may be paths."""
    return frozenset(filter(None, map(name_of, _WORD.findall(text))))


def decides(path: str) -> bool:
    """Whether a file of this path says what tools run, by its name."""
    return _DECIDES.fullmatch(name_of(path)) is not None or not _FOLDERS.isdisjoint(path.split("/")[:-1])


def runs_changed(
    command: str, effects: Sequence[Effect], changes: Changes, looked: Collection[str] = ()
) -> tuple[Effect, ...]:
    """One effect for each step of the command that runs, or goes by, what may have changed.

    `looked` are the files by which the command was judged, named as in `changes`.
    """
    if not changes:
        return ()
    found = [_told(path, _place(effects, command)) for path in looked if changes.touch(path)][:1]
    names = _Names(command, changes.anything or bool(changes.folders))
    for path in (*sorted(changes.files), *sorted(changes.words)):
        names.add(path)
    found += filter(None, map(names.meant_by, effects))
    return tuple(dict.fromkeys(found))


def within(command: str, effects: Sequence[Effect], folders: Collection[str]) -> tuple[Effect, ...]:
    """The same for the steps of one command line; `folders` are targets of writes that lie on the disk as folders."""
    names = _Names(command, anything=False)
    if any(effect.kind in _CHANGES for effect in effects) and _ANY_ORDER.search(command):
        for effect in effects:
            names.change(effect, folders)
    found: list[Effect | None] = []
    for effect in effects:
        found.append(names.meant_by(effect))
        names.change(effect, folders)
    return tuple(dict.fromkeys(filter(None, found)))


class _Names:
    """The files that were changed so far, by their names; and what of a command runs one of them."""

    def __init__(self, command: str, anything: bool) -> None:
        self._command = command
        self._anything = anything
        self._copies = False
        self._decisive = ""
        self._hooks = ""
        self._names: dict[str, str] = {}
        self._words: dict[tuple[int, int], frozenset[str]] = {}

    def change(self, effect: Effect, folders: Collection[str]) -> None:
        """This effect comes before those that are asked about from now on."""
        self._copies = self._copies or effect.code in {TREE, GLOB}
        if effect.kind in _CHANGES:
            self.add(effect.target)
            self._anything = self._anything or (self._copies and (effect.target == "." or effect.target in folders))

    def add(self, path: str) -> None:
        self._names.setdefault(name_of(path), path)
        if decides(path):
            self._decisive = self._decisive or path
        if not _HOOKS.isdisjoint(path.split("/")):
            self._hooks = self._hooks or path

    def meant_by(self, effect: Effect) -> Effect | None:
        """What to say of an effect that runs one of them, or goes by it."""
        if effect.code == "git-local":
            return _told(self._hooks, effect) if self._hooks else None
        if effect.code not in _RUNS or not (self._names or self._anything):
            return None
        if self._decisive or self._anything:
            return _told(self._decisive or ANYTHING, effect)
        span = effect.start, effect.end
        if span not in self._words:
            self._words[span] = words_in(self._command[effect.start : effect.end])
        named = self._names.keys() & self._words[span]
        # A word without a dot is a subcommand or a target more often than a file.
        plain = sorted(name for name in named if "." in name or "/" in self._names[name] or name == effect.target)
        return _told(self._names[plain[0]], effect) if plain else None


def changes_in(effects: Iterable[Effect], folders: Collection[str]) -> Changes:
    """What these effects change, as their targets name it."""
    files: set[str] = set()
    whole: set[str] = set()
    copies = tracked = False
    for effect in effects:
        copies = copies or effect.code in {TREE, GLOB}
        tracked = tracked or moves_head(effect)
        if effect.kind in _CHANGES:
            files.add(effect.target)
            if copies and (effect.target == "." or effect.target in folders):
                whole.add("" if effect.target == "." else f"{effect.target}/")
    return Changes(frozenset(files), frozenset(whole), tracked=tracked)


def _place(effects: Sequence[Effect], command: str) -> Effect:
    """Where to show it: the step that runs something, else the whole command."""
    runs = next((effect for effect in effects if effect.code in _RUNS), None)
    return runs or Effect(EffectKind.UNKNOWN, "", 0, len(command))


def _told(path: str, at: Effect) -> Effect:
    return apply(CODE, path, at.start, at.end)
