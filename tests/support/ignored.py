"""Texts that stand nowhere else, and workspaces that ignore some of them."""

from __future__ import annotations

import os
import random
from pathlib import Path

OLD = 1_700_000_000


def prose(seed: str, lines: int = 12) -> str:
    """No two texts share a word, but by chance."""
    chance = random.Random(seed)

    def word() -> str:
        return "".join(chance.choices("aabcdeeefghiiklmnnooprrssttuvwxyz", k=chance.randrange(3, 10)))

    return "".join(" ".join(word() for _ in range(8)) + f" {chance.randrange(10_000)}\n" for _ in range(lines))


def put(file: Path, text: str) -> Path:
    """A file that nobody changed lately."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    os.utime(file, (OLD, OLD))
    return file
