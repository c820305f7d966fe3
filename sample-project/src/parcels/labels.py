"""Label sheets as plain text, the form that the depot's printer takes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from parcels.tracking import Parcel

WIDTH = 46


def label(parcel: Parcel) -> str:
    """One label, a box of fixed width."""
    lines = [parcel.code, f"{parcel.weight} g", *parcel.to.split(", ")]
    bar = "+" + "-" * (WIDTH - 2) + "+"
    return "\n".join([bar, *(f"| {line[: WIDTH - 4]:<{WIDTH - 4}} |" for line in lines), bar])


def write_sheets(parcels: Iterable[Parcel], folder: Path) -> Path:
    """Writes `labels.txt` and `manifest.json` into `folder` and returns the sheet's path."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen = sorted(parcels, key=lambda parcel: parcel.code)
    sheet = folder / "labels.txt"
    sheet.write_text("\n\n".join(label(parcel) for parcel in chosen) + "\n", "utf-8")
    manifest = {"count": len(chosen), "grams": sum(parcel.weight for parcel in chosen)}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    return sheet
