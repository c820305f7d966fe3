"""Time zones by their IANA names, and the one that this system keeps."""

from __future__ import annotations

import os
import zoneinfo
from collections.abc import Mapping
from pathlib import Path

from companion.config.complaints import Unfit, nearest

_LOCALTIME = Path("/etc/localtime")
_NAME_FILE = Path("/etc/timezone")


def is_zone(name: str) -> bool:
    """Whether this system knows the zone."""
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return False
    return True


def read_zone(value: object) -> str:
    """A configured zone. Raises Unfit."""
    if not isinstance(value, str):
        raise Unfit
    if not is_zone(value):
        raise Unfit(hint=nearest(value, zoneinfo.available_timezones()))
    return value


def zone_from_environment(environ: Mapping[str, str]) -> str | None:
    """The zone that TZ names; None when it is not set or says something other than an IANA name."""
    return _as_zone(environ.get("TZ", "").removeprefix(":"))


def system_zone(localtime: Path = _LOCALTIME, name_file: Path = _NAME_FILE) -> str | None:
    """The zone that the system is set to; None where the system does not tell, as on Windows."""
    if found := _as_zone(os.path.realpath(localtime)):
        return found
    try:
        with name_file.open(encoding="ascii") as stream:
            return _as_zone(stream.readline(200).strip())
    except (OSError, ValueError):
        return None


def _as_zone(text: str) -> str | None:
    """`text` is a zone's name or the path of its file below a folder named zoneinfo."""
    _, _, below = text.rpartition("/zoneinfo/")
    name = below.removeprefix("posix/")
    return name if name and is_zone(name) else None
