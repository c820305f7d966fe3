"""What the ignore benchmark stands on: a large tree, and rule sets at random beside git's own answer."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

FOLDERS, FILES, IGNORE_FILES = 4_500, 100_000, 51

_COMMON = """\
node_modules/
dist/
build/
*.log
*.pyc
__pycache__/
.cache/
coverage/
*.tmp
!keep.tmp
/generated
docs/_build/
target/
*.o
*.so
*.class
.venv/
*.sqlite3
secrets/
tmp*/
"""

_NESTED = ("*.gen.ts", "/local", "fixtures/**/big", "!important.log", "data-[0-9]*/")


def plant_large(root: Path, *, files: int = FILES) -> list[str]:
    """A repository with that many files, about half of them ignored, and 51 ignore files. All its paths."""
    pick = random.Random(51)
    git(root, {}, "init", "-q", str(root))
    endings = (".ts", ".py", ".log", ".pyc", ".md", ".o", ".json", ".tmp", ".gen.ts", ".css")
    names = ("src", "lib", "app", "node_modules", "core", "build", "data-1", "docs", "local", "util", "api", "dist")
    folders = {"": None}
    while len(folders) < FOLDERS * files // FILES:
        above = pick.choice(list(folders)[-400:]) if pick.random() < 0.6 else ""
        folder = f"{above}{pick.choice(names)}{pick.randrange(40) if pick.random() < 0.8 else ''}/"
        if folder.count("/") <= 7:
            folders[folder] = None
    for folder in folders:
        (root / folder).mkdir(parents=True, exist_ok=True)
    every = list(folders)
    made: dict[str, None] = {}
    while len(made) < files:
        path = f"{pick.choice(every)}f{pick.randrange(10**6)}{pick.choice(endings)}"
        if path not in made:
            os.close(os.open(root / path, os.O_CREAT | os.O_WRONLY))
            made[path] = None
    (root / ".gitignore").write_text(_COMMON)
    for folder in pick.sample(every[1:], IGNORE_FILES - 1):
        (root / folder / ".gitignore").write_text("\n".join(pick.sample(_NESTED, 5)) + "\n")
    return list(made)


_REALISTIC_NAMES = [
    "src",
    "lib",
    "test",
    "build",
    "dist",
    "node_modules",
    ".env",
    ".env.local",
    "a.py",
    "b.log",
    "key.pem",
    "README.md",
    "secrets",
    "cfg",
    "data",
    "x.tmp",
    "vendor",
    "debug.log",
    "app.js",
    "index.html",
    ".cache",
    "out",
    "a.o",
    "b.so",
    "Makefile",
    ".DS_Store",
]
_REALISTIC_PARTS = [
    "*",
    "**",
    "*.log",
    "*.py",
    ".env*",
    ".env.*",
    "src",
    "lib",
    "test*",
    "build",
    "dist",
    "node_modules",
    "secrets",
    "*.pem",
    "data",
    "x.*",
    "[a-c].py",
    "?.py",
    "*.tmp",
    "README.md",
    "[!a].py",
    "*.[oa]",
    ".cache",
    "vendor/*",
    "out/**",
    "**/data",
    "*.js",
    "!*.md",
    "[Bb]uild",
    "debug*",
]
_HOSTILE_NAMES = [
    *("a", "b", "foo", "bar", "a b", ".env", "x.py", "A", "Foo", "[x]", "a]", "-", "c^", "é", "!x", "#y", "tab\there"),
    *(
        "日本",
        "\\",
        "a\\b",
        "*",
        "?",
        "**",
        "a\nb",
        "{a}",
        "a-b",
        " ",
        "x ",
        "~",
        "$a",
        "(",
        "\udcff\udcfe",
        "\x7f",
        "0",
    ),
]
_HOSTILE_BITS = [
    *("*", "?", "a", "b", "o", ".", "\\", "\\*", "\\a", "[ab]", "[!a]", "[^b]", "[a-", "[]a]", "[[:alpha:]]", "x", "f"),
    *("[[:digit:]]", "[a-f]", "[\\]]", "**", " ", "\\ ", "!", "#", "[]", "t", "-", "[z-a]", "***", "[[:upper:]x]", "é"),
    *(
        "[[:nope:]]",
        "[!-~]",
        "[\\-_]",
        "[[:space:]]",
        "[!]-]",
        "[a\\]b]",
        "[[-\\]]",
        "\\\\",
        "[--0]",
        "[^]",
        "~",
        "\udcff",
    ),
    *(
        "[[:punct:][:cntrl:]]",
        "[[:xdigit:]-z]",
        "[:alpha:]",
        "[[:alpha:",
        "[a-c-e]",
        "\\[",
        "]",
        "0",
        "\\?",
        "[/]",
        "[.-0]",
    ),
]


class Fuzz:
    """Rule sets and trees at random, some to a repository, judged by git and by another."""

    def __init__(self, seed: int, *, hostile: bool, fold_case: bool) -> None:
        self._pick = random.Random(f"{seed} {hostile} {fold_case}")
        self._hostile = hostile
        self.fold_case = fold_case

    def plant(self, root: Path, sets: int) -> list[tuple[str, bool]]:
        """Every path, from `root`, with whether it is a folder."""
        git(root, {}, "init", "-q", str(root))
        git(root, {}, "-C", str(root), "config", "core.ignorecase", str(self.fold_case).lower())
        exclude = root / ".git" / "info" / "exclude"
        exclude.parent.mkdir(exist_ok=True)
        _write(exclude, [self._pattern()])
        paths = []
        for number in range(sets):
            paths += self._plant_one(root, f"s{number}")
        return paths

    def _plant_one(self, root: Path, top: str) -> list[tuple[str, bool]]:
        pick, names = self._pick, _HOSTILE_NAMES if self._hostile else _REALISTIC_NAMES
        files: set[str] = set()
        folders = {top}
        (root / top).mkdir()
        for _ in range(40):
            parts = [top, *(pick.choice(names) for _ in range(pick.choice((1, 1, 2, 2, 3, 4))))]
            above = ["/".join(parts[:end]) for end in range(2, len(parts))]
            path = "/".join(parts)
            if path in folders or path in files or files & set(above):
                continue
            (root / "/".join(parts[:-1])).mkdir(parents=True, exist_ok=True)
            os.close(os.open(root / path, os.O_CREAT | os.O_WRONLY))
            files.add(path)
            folders.update(above)
        for folder in [top, *pick.sample(sorted(folders - {top}), min(len(folders) - 1, pick.choice((0, 1, 3))))]:
            _write(root / folder / ".gitignore", [self._pattern() for _ in range(pick.randrange(1, 8))])
        return [(path, False) for path in sorted(files)] + [(path, True) for path in sorted(folders)]

    def _pattern(self) -> str:
        pick = self._pick
        text = "/".join(self._segment() for _ in range(pick.choice((1, 1, 1, 2, 2, 3))))
        text = f"/{text}" if pick.random() < 0.25 else text
        text += "/" if pick.random() < 0.25 else ""
        text = f"!{text}" if pick.random() < 0.3 else text
        if self._hostile:
            text += pick.choice((" ", "  ", "\\", "\t", "\r", "\0x")) if pick.random() < 0.15 else ""
            text = pick.choice(("\\", "\ufeff", " ", "//", "./")) + text if pick.random() < 0.08 else text
        return text.replace("\n", "")

    def _segment(self) -> str:
        pick = self._pick
        if not self._hostile:
            return pick.choice(_REALISTIC_PARTS) if pick.random() < 0.6 else pick.choice(_REALISTIC_NAMES)
        chance = pick.random()
        if chance < 0.3:
            return pick.choice(_HOSTILE_NAMES)
        if chance < 0.55:
            return pick.choice(("*", "**"))
        return "".join(pick.choices(_HOSTILE_BITS, k=pick.randrange(1, 6)))


def _write(file: Path, lines: Sequence[str]) -> None:
    file.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape") + (b"\n" if len(lines) % 2 else b""))


def git_says(root: Path, paths: Sequence[str]) -> list[tuple[str, int, bool]]:
    """(file, line, whether ignored) of every path, as git says; ("", 0, False) where no line speaks of it."""
    given = b"".join(os.fsencode(path) + b"\0" for path in paths)
    words = ("check-ignore", "--no-index", "--stdin", "-z", "-v", "-n")
    out = git(root, {}, "-C", str(root), *words, given=given).split(b"\0")
    found = []
    for at in range(0, len(out) - 3, 4):
        source, line, pattern = os.fsdecode(out[at]), out[at + 1], out[at + 2]
        found.append((source, int(line or 0), bool(source) and not pattern.startswith(b"!")))
    return found


def git(root: Path, environ: Mapping[str, str], *words: str, given: bytes = b"") -> bytes:
    """What git prints, with no settings but the repository's own."""
    alone = {"PATH": os.environ["PATH"], "HOME": str(root.parent), "GIT_CONFIG_NOSYSTEM": "1", **environ}
    return subprocess.run(["git", *words], env=alone, input=given, capture_output=True, check=False).stdout
