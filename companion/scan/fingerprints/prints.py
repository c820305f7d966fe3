"""Fingerprints: keyed hashes of short stretches, at places that the text itself chooses.

A stretch of 19 compared characters is taken wherever two certain characters meet, about at each twelfth, so the same
text has the same prints wherever it stands and whatever is around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

try:
    # Half as long for so few bytes as hashlib's, which goes through OpenSSL. Keyed and cut, it need not be more.
    from _md5 import md5 as _hash  # type: ignore[import-not-found, unused-ignore]
except ImportError:  # pragma: no cover - a Python that was built without it
    from hashlib import md5 as _hash

WIDTH = 19
"""Compared characters that a print covers."""
SIZE = 8
"""Bytes of a print."""
_LEAST_KINDS = 5
"""A stretch with fewer different characters says nothing: zeros, rulers, the same word again."""

# Of digits more than of letters, as in tables letters are few; of what is not ASCII so that any script has some.
_FIRST = rb"eosk35789" + bytes(range(0x80, 0xC0, 3))
_SECOND = rb"tnrx012567" + bytes(range(0xC2, 0xF5))


_BEFORE = frozenset(_FIRST)


def _class(members: bytes) -> bytes:
    return b"[" + b"".join(b"\\x%02x" % byte for byte in members) + b"]"


_STRETCHES = re.compile(_class(_FIRST) + b"(?=(" + _class(_SECOND) + b".{%d}))" % (WIDTH - 1), re.DOTALL)


def prints(norm: bytes, key: bytes) -> set[bytes]:
    """All prints of what is compared of a text. `key` is secret, 16 bytes or more."""
    return set(printed(stretches(norm), key).values())


def stretches(norm: bytes) -> set[bytes]:
    """All stretches of which prints are taken."""
    return set(_STRETCHES.findall(norm))


def printed(found: Iterable[bytes], key: bytes) -> dict[bytes, bytes]:
    """The print of each stretch."""
    return {one: _hash(key + one).digest()[:SIZE] for one in found}  # noqa: S324 - keyed


def prints_of(owners: Mapping[bytes, int], key: bytes) -> dict[bytes, int]:
    """The print of each stretch, with what the stretch has."""
    return {_hash(key + stretch).digest()[:SIZE]: owner for stretch, owner in owners.items()}  # noqa: S324 - keyed


def begins_stretch(norm: bytes, at: int) -> bool:
    """Whether a print is taken of the stretch at `at`, as far as what stands before it says."""
    return at > 0 and norm[at - 1] in _BEFORE


def placed(norm: bytes) -> list[tuple[int, bytes]]:
    """Each stretch with the place where it begins, in order."""
    return [(match.start(1), match[1]) for match in _STRETCHES.finditer(norm)]


def says_something(stretch: bytes) -> bool:
    """Whether it can be told from zeros, rulers and a word that is there again and again."""
    return len(set(stretch)) >= _LEAST_KINDS
