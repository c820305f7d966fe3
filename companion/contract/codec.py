"""Wire types to and from JSON. Unknown fields are ignored, so an older face can talk to a newer daemon."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import cattrs
from cattrs.preconf.json import make_converter

T = TypeVar("T")

_converter = make_converter()


class WireError(ValueError):
    """Bytes that are not the type they should be; the message says where and why, one complaint a line."""


def encode(value: object) -> bytes:
    """Compact UTF-8 JSON."""
    return json.dumps(_converter.unstructure(value), ensure_ascii=False, separators=(",", ":")).encode()


def to_plain(value: object) -> Any:
    """Dicts, lists and scalars only, for `--json` output."""
    return _converter.unstructure(value)


def decode(raw: bytes | str, kind: type[T]) -> T:
    """The value that `raw` holds. Raises WireError."""
    try:
        plain = json.loads(raw)
    except ValueError as error:
        raise WireError(f"not JSON: {error}") from error
    return from_plain(plain, kind)


def from_plain(plain: Any, kind: type[T]) -> T:
    """As `decode`, from decoded JSON. Raises WireError."""
    try:
        return _converter.structure(plain, kind)
    except (cattrs.BaseValidationError, cattrs.StructureHandlerNotFoundError, TypeError, ValueError) as error:
        complaints = cattrs.transform_error(error) if isinstance(error, cattrs.BaseValidationError) else [str(error)]
        raise WireError("\n".join(complaints)) from error
