"""Names what a price book is made of, without loading it."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

from companion import __version__

_PACKAGE = "genai_prices"
_MAKERS = ("book.py", "edition.py", "genai.py")


def edition() -> str:
    """Another one for each version of genai-prices and of companion, and where either was changed in its place."""
    # Imported here: it takes as long as reading a book.
    from importlib import metadata  # noqa: PLC0415

    try:
        version = metadata.version(_PACKAGE)
    except metadata.PackageNotFoundError:
        version = ""
    spec = find_spec(_PACKAGE)
    folders = [] if spec is None else [Path(folder) for folder in spec.submodule_search_locations or ()]
    here = Path(__file__).parent
    files = [*(path for folder in folders for path in sorted(folder.glob("*.py"))), *(here / name for name in _MAKERS)]
    told = (version, __version__, [_looks(path) for path in files])
    return hashlib.blake2b(repr(told).encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()


def _looks(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        # In an archive, or in a program that brings its own.
        return (path.name, 0, 0)
    return (path.name, found.st_size, found.st_mtime_ns)
