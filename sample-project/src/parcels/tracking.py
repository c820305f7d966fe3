"""What a parcel is and how a scan changes it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum


class State(IntEnum):
    """In the order in which a parcel passes through them."""

    ANNOUNCED = 0
    COLLECTED = 1
    IN_TRANSIT = 2
    AT_DEPOT = 3
    OUT_FOR_DELIVERY = 4
    DELIVERED = 5
    RETURNED = 6


FINAL = frozenset({State.DELIVERED, State.RETURNED})


class BadScan(ValueError):
    """A scan that cannot be true."""


@dataclass(frozen=True)
class Scan:
    """One reading of a parcel's code at a place."""

    at: datetime
    place: str
    state: State


@dataclass(frozen=True)
class Parcel:
    """`weight` is in grams, `code` is thirteen characters with a check digit at the end."""

    code: str
    weight: int
    to: str
    state: State = State.ANNOUNCED
    history: tuple[Scan, ...] = field(default=())

    def advance(self, scan: Scan) -> Parcel:
        """The parcel after `scan`. Late scans are kept in the history and change nothing else."""
        if self.state in FINAL:
            raise BadScan(f"{self.code} is {self.state.name.lower()}; nothing can follow")
        if scan.state is State.RETURNED and self.state < State.OUT_FOR_DELIVERY:
            raise BadScan(f"{self.code} has never been out for delivery, so it cannot come back")
        return replace(self, state=max(self.state, scan.state), history=(*self.history, scan))


_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def check_digit(serial: str) -> int:
    """The check digit of an eight-digit serial number, weighted as the postal unions do it."""
    if len(serial) != 8 or not serial.isdigit():
        raise ValueError(f"a serial number has eight digits, not {serial!r}")
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(serial, _WEIGHTS)) % 11
    return {10: 0, 11: 5}.get(rest, rest)


def make_code(serial: str, service: str = "PC", country: str = "EX") -> str:
    """A full parcel code, e.g. PC473124829EX."""
    return f"{service}{serial}{check_digit(serial)}{country}"


def is_code(text: str) -> bool:
    """Whether `text` has the shape of a parcel code and its check digit is right."""
    if len(text) != 13 or not (text[:2].isalpha() and text[2:11].isdigit() and text[11:].isalpha()):
        return False
    return int(text[10]) == check_digit(text[2:10])
