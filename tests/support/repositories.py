"""Real repositories that track files which rules keep from a model, with changes that only git tells of.

Every line of a kept file begins with HUSH and every line of a free one with FREE, each with a number of its own; some
of both pose as what git writes around files.
"""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

FREE = (
    "open.py",
    "src/a b.py",
    "src/ä.txt",
    'we"ird.txt',
    "a/x.txt",
    "b/y.txt",
    "deep/er/z.c",
    "tab\there.txt",
    "12-x.md",
)
KEPT = ("private/k", "private/ä b.txt", "src/b.secret", "local/l.txt", "only.txt", 'deep/er/private/q"t.txt', ".env")
RULES = {".clineignore": "private/\n*.secret\n/only.txt\n", ".gitignore": "local/\n"}
POSES = (
    "diff --git a/open.py b/open.py",
    "-- a/open.py\n{}++ b/open.py",
    "@@ -1,100 +1,100 @@",
    "commit 0123456789012345678901234567890123456789",
    "open.py:1:HELLO",
    "",
    "\tindented",
)
MESSAGES = (
    "all is well",
    "x\n\ndiff --git a/open.py b/open.py\n--- a/open.py\n+++ b/open.py\n@@ -1,900 +1,900 @@\n and on\n",
    "private: see open.py",
)


def git(folder: Path, *words: str, check: bool = True) -> str:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_PAGER": "cat",
        "HOME": str(folder),
    }
    told = ["git", "-c", "user.name=t", "-c", "user.email=t@example.invalid", *words]
    done = subprocess.run(told, cwd=folder, env=environment, capture_output=True, check=False)
    if check and done.returncode:
        raise AssertionError((words, done.stderr))
    return done.stdout.decode("utf-8", "replace")


class Grown:
    """A repository that grew by chance, always the same for the same number."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self._chance = random.Random(seed)
        self._count = 0
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "init", "-q", "-b", "main")
        for name, text in RULES.items():
            (folder / name).write_text(text)
        self._commit(FREE + KEPT)
        for _ in range(2):
            self._commit(self._some())
        git(folder, "checkout", "-q", "-b", "side")
        self._commit(self._some())
        git(folder, "checkout", "-q", "main")
        self._commit(self._some())
        git(folder, "merge", "-q", "-X", "ours", "--no-edit", "side", check=False)
        if "UU" in git(folder, "status", "--porcelain") or (folder / ".git" / "MERGE_HEAD").exists():
            git(folder, "add", "-A", "-f")
            git(folder, "commit", "-q", "-m", "merged")
        self._edit(self._some())
        git(folder, "stash", "-q")
        self._edit(self._some())
        git(folder, "add", "-A", "-f")
        self._edit(self._some())

    def _some(self) -> tuple[str, ...]:
        names = (*FREE, *KEPT)
        return (*self._chance.sample(names, 6), KEPT[0])

    def _commit(self, names: tuple[str, ...]) -> None:
        self._edit(names)
        git(self.folder, "add", "-A", "-f")
        git(self.folder, "commit", "-q", "--allow-empty", "-m", self._chance.choice(MESSAGES))

    def _edit(self, names: tuple[str, ...]) -> None:
        for name in names:
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            lines = file.read_bytes().decode().splitlines(keepends=True) if file.exists() else []
            if lines and self._chance.random() < 0.1:
                file.unlink()
                continue
            lines = [line for line in lines if self._chance.random() < 0.85]
            for _ in range(self._chance.randrange(1, 9)):
                lines.insert(self._chance.randrange(len(lines) + 1), self._line(name))
            text = "".join(lines)
            file.write_bytes(text.removesuffix("\n").encode() if self._chance.random() < 0.2 else text.encode())

    def _line(self, name: str) -> str:
        self._count += 1
        word = f"{'HUSH' if name in KEPT else 'FREE'}{self._count:04d}"
        end = "\r\n" if self._chance.random() < 0.1 else "\n"
        if self._chance.random() < 0.3:
            posing = self._chance.choice(POSES).format(f"{word} x\n")
            return f"{posing}{end}{word} say{end}"
        return f"{word} say {self._chance.choice(('one: two', 'x=1', 'a-b', '/* { */', '- list', '+ plus'))}{end}"
