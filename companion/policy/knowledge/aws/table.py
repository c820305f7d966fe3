"""Every operation of AWS's API and what it does, as `scripts/build_aws_table.py` wrote it down."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from types import MappingProxyType

from companion.model.facts import Access

_CLASSES = {
    "r": Access.READ,
    "w": Access.WRITE,
    "d": Access.DELETE,
    "p": Access.PERMISSIONS,
    "s": Access.SECRET,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """What one operation does. With `to_file` its answer goes to a file that the command names."""

    access: Access
    to_file: bool = False


@lru_cache(maxsize=1)
def _lines() -> tuple[str, Mapping[str, str]]:
    packed = resources.files("companion.policy.knowledge").joinpath("data", "aws.z").read_bytes()
    sources, *lines = zlib.decompress(packed).decode().splitlines()
    services: dict[str, str] = {}
    for line in lines:
        names, _, lists = line.partition("\t")
        services.update(dict.fromkeys(names.split(" "), lists))
    return sources, MappingProxyType(services)


def sources() -> str:
    """The libraries and versions that the facts are from."""
    return _lines()[0]


def services() -> tuple[str, ...]:
    """The services by the names that the command line has for them."""
    return tuple(_lines()[1])


@lru_cache(maxsize=512)
def operations(service: str) -> Mapping[str, Operation]:
    """The operations of a service by the names that the command line has for them; none of an unknown one."""
    found: dict[str, Operation] = {}
    for part in filter(None, _lines()[1].get(service, "").split("\t")):
        letter, _, names = part.partition(" ")
        operation = Operation(_CLASSES[letter.lower()], to_file=letter.isupper())
        found.update(dict.fromkeys(names.split(" "), operation))
    return MappingProxyType(found)
