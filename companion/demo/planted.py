"""What is planted in the sample project and must never leave: read from its files, so that nothing is listed twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

IGNORED = (".env", "secrets/*", "customers/export-*.csv")
"""Files that the sample project's ignore files exclude, as patterns over paths. Kept apart from companion's own
reading of ignore files, which it serves to test."""

# Each planted secret has the shape of a real one and carries FAKE where the shape leaves room for it.
# "RkFLR" is how base64 begins when the bytes begin with FAKE.
_SHAPES = (
    re.compile(r"AKIA[A-Z2-7]{12}FAKE"),
    re.compile(r"(?<==)FAKE[0-9A-Za-z/+]{36}$", re.MULTILINE),
    re.compile(r"ghp_FAKE[0-9A-Za-z]{32}"),
    re.compile(r"sk-ant-api03-FAKE[0-9A-Za-z_-]{89}AA"),
    re.compile(r"(?<=:)FAKE-[0-9A-Za-z]{20}(?=@)"),
)
_KEY_BLOCK = re.compile(r"-----BEGIN RSA PRIVATE KEY-----\n(RkFLR[0-9A-Za-z+/=\n]+)\n-----END RSA PRIVATE KEY-----")

_SHORTEST_MARKER = 10
_NOT_THE_PROJECT = frozenset({".git", "__pycache__"})


def find_sample_project() -> Path:
    """The folder, as it is installed or as it lies in a checkout. Raises FileNotFoundError."""
    here = Path(__file__).resolve().parent
    for folder in (here / "sample-project", here.parents[1] / "sample-project"):
        if (folder / ".clineignore").is_file():
            return folder
    raise FileNotFoundError("the sample project is missing from this installation; install companion again")


def planted_secrets(root: Path) -> dict[str, tuple[str, ...]]:
    """Path, relative with forward slashes, to the secrets in that file; files without any are left out.

    Of a key block every line counts as a secret of its own, so that half a key is noticed.
    """
    found: dict[str, tuple[str, ...]] = {}
    for path, text in _files(root):
        secrets = [match for shape in _SHAPES for match in shape.findall(text)]
        secrets += [line for block in _KEY_BLOCK.findall(text) for line in block.split("\n")]
        if secrets:
            found[path] = tuple(secrets)
    return found


def ignored_markers(root: Path) -> dict[str, tuple[str, ...]]:
    """Ignored file to the lines that give it away: those that stand in no file an agent may read."""
    texts = dict(_files(root))
    ignored = {path for path in texts if any(fnmatchcase(path, pattern) for pattern in IGNORED)}
    readable = "\n".join(text for path, text in texts.items() if path not in ignored)
    return {
        path: tuple(
            line
            for line in dict.fromkeys(map(str.strip, texts[path].splitlines()))
            if len(line) >= _SHORTEST_MARKER and line not in readable
        )
        for path in sorted(ignored)
    }


def must_not_leave(root: Path) -> tuple[str, ...]:
    """All planted secrets and all markers of ignored files, each once: what a byte capture must not hold."""
    both = (planted_secrets(root), ignored_markers(root))
    return tuple(dict.fromkeys(needle for each in both for needles in each.values() for needle in needles))


def _files(root: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if path.is_file() and not _NOT_THE_PROJECT.intersection(relative.parts):
            yield relative.as_posix(), path.read_text("utf-8", "replace")
