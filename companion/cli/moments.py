"""Lengths and points of time as people type them: types for options of commands. All raise BadParameter."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

import click

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LENGTH = re.compile(r"([0-9]{1,9})([smhdw])")
_FORMS = "45s, 90m, 12h, 30d or 2w"
_TOO_FAR = (ValueError, OverflowError, OSError)
"""What the calendar raises at its ends, by platform."""


def length(text: str) -> timedelta:
    """A number with s, m, h, d or w behind it. A day has 24 hours."""
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise click.BadParameter(f"{text!r} is no duration: write {_FORMS}")
    try:
        return timedelta(**{_UNITS[found[2]]: int(found[1])})
    except OverflowError:
        raise click.BadParameter(f"{text!r} is longer than can be counted") from None


def moment(text: str) -> datetime:
    """A time as ISO 8601 has it, in this machine's zone unless it says; of a date the midnight that ends it. Aware."""
    try:
        return _moment(text)
    except _TOO_FAR:
        raise click.BadParameter(f"{text!r} is no time: write 2026-12-31 or 2026-12-31T18:00") from None


def deadline(text: str) -> datetime:
    """As `moment`, or a `length` from now. Aware."""
    if _LENGTH.fullmatch(text):
        return after(length(text))
    try:
        return _moment(text)
    except _TOO_FAR:
        raise click.BadParameter(f"{text!r} is no time: write a date such as 2026-12-31, or {_FORMS}") from None


def after(more: timedelta) -> datetime:
    """Now and that much more, in this machine's zone."""
    try:
        return (datetime.now(UTC) + more).astimezone()
    except _TOO_FAR:
        raise click.BadParameter("that is later than can be counted") from None


def _moment(text: str) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return datetime.fromisoformat(text).astimezone()
    return datetime.combine(day + timedelta(days=1), time()).astimezone()
