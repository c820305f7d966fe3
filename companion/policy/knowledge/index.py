"""Which table tells of which program. No table is read before one of its programs is met."""

from __future__ import annotations


def _each(file: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), file)


FILES: dict[str, str] = {
}
"""Program to the name of its file."""
