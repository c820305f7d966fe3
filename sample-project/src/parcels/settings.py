"""Settings, from the environment only. `.env.example` names them all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


class BadSetting(ValueError):
    """A setting that cannot be used; the message names the variable."""


@dataclass(frozen=True)
class Settings:
    """The defaults serve for development."""

    host: str = "127.0.0.1"
    port: int = 8071
    database: str = "parcels.sqlite3"
    log_level: str = "info"


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Raises BadSetting for a port or a log level that makes no sense."""
    environ = os.environ if environ is None else environ
    plain = Settings()
    port = environ.get("PARCELS_PORT", str(plain.port))
    if not port.isdigit() or not 0 < int(port) < 65_536:
        raise BadSetting(f"PARCELS_PORT is {port!r}; give a number from 1 to 65535")
    level = environ.get("PARCELS_LOG_LEVEL", plain.log_level).lower()
    if level not in {"debug", "info", "warning", "error"}:
        raise BadSetting(f"PARCELS_LOG_LEVEL is {level!r}; give debug, info, warning or error")
    return Settings(
        host=environ.get("PARCELS_HOST", plain.host),
        port=int(port),
        database=environ.get("PARCELS_DATABASE", plain.database),
        log_level=level,
    )
