"""Finds the running daemon: its sockets, or, where unix sockets are missing, its loopback port and token."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from companion.places import Places, find_places

HAS_UNIX_SOCKETS = hasattr(socket, "AF_UNIX")


class NotRunning(Exception):  # noqa: N818 - a state, not an error of the caller
    """No daemon answers. `next` is the command that mends it."""

    def __init__(self, message: str, next_command: str = "companion up") -> None:
        super().__init__(message)
        self.next = next_command


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How to reach one of the two control sockets: `socket` where there are unix sockets, else `url` and `token`."""

    scope: str
    """ "agent" may ask; "operator" may answer as well."""
    socket: Path | None = None
    url: str = "http://companion"
    token: str = ""


def find_agent(places: Places | None = None) -> Endpoint:
    """The socket that may ask. Raises NotRunning."""
    return _find("agent", places or find_places())


def find_operator(places: Places | None = None) -> Endpoint:
    """The socket that may answer. Raises NotRunning."""
    return _find("operator", places or find_places())


def read_discovery(places: Places) -> dict[str, Any]:
    """What the daemon wrote about itself when it started; {} when there is nothing readable."""
    try:
        found: Any = json.loads(places.discovery.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _find(scope: str, places: Places) -> Endpoint:
    if HAS_UNIX_SOCKETS:
        path = places.agent_socket if scope == "agent" else places.operator_socket
        if not path.exists():
            raise NotRunning(f"no daemon is running: {path} does not exist")
        return Endpoint(scope=scope, socket=path)
    control = read_discovery(places).get("control", {}).get(scope)
    if not control:
        raise NotRunning(f"no daemon is running: {places.discovery} names no {scope} endpoint")
    return Endpoint(scope=scope, url=control["url"], token=control["token"])
