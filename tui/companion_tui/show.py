"""Wire values as short texts. Everything that comes from the daemon passes `plain` or `one_line` before it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from companion.contract.types import ExchangeLine

_PICO = 10**12
_UNIT_STEP = 1_000


def plain(text: str) -> str:
    r"""`text` with whatever a terminal would not show as itself written out, e.g. ESC as \x1b; line breaks stay."""
    if text.isprintable():
        return text
    return "".join(c if c == "\n" or c.isprintable() else _written_out(c) for c in text)


def _written_out(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


def one_line(text: str) -> str:
    """As `plain`, with line breaks shown as ⏎."""
    return plain(text.replace("\n", " ⏎ "))


def money(picodollars: int) -> str:
    """Cents from one dollar up, four decimals below, three significant digits below a tenth of a cent."""
    sign, amount = ("-", -picodollars) if picodollars < 0 else ("", picodollars)
    if amount == 0:
        return "$0.00"
    decimals = _decimals(amount)
    shown = _rounded(amount, decimals)
    if decimals > 2 and shown >= 10**decimals:
        decimals, shown = 2, 100
    whole, part = divmod(shown, 10**decimals)
    return f"{sign}${whole:,}.{part:0{decimals}d}"


def _decimals(amount: int) -> int:
    if amount >= _PICO:
        return 2
    if amount >= _PICO // 1000:
        return 4
    return min(12, 15 - len(str(amount)))


def _rounded(amount: int, decimals: int) -> int:
    """Half to even, as the daemon rounds."""
    step: int = 10 ** (12 - decimals)
    whole, rest = divmod(amount, step)
    if 2 * rest > step or (2 * rest == step and whole % 2):
        whole += 1
    return whole


def count(number: int) -> str:
    """987, 12.3k, 4.5M."""
    if number < _UNIT_STEP:
        return str(number)
    if number < 999_950:
        return f"{number / 1e3:.1f}k"
    return f"{number / 1e6:,.1f}M"


def plural(number: int, noun: str) -> str:
    """As in "1 call", "3 calls"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def moment(iso: str) -> datetime | None:
    """The time that a wire field holds; None when it holds none or has no offset."""
    try:
        found = datetime.fromisoformat(iso)
    except ValueError:
        return None
    return found if found.tzinfo else None


def time_of(iso: str, now: datetime) -> str:
    """12:04:31 for today, the date for other days, in the zone of `now`; dashes when it cannot be read."""
    found = moment(iso)
    if found is None:
        return "--:--:--"
    local = found.astimezone(now.tzinfo)
    return f"{local:%H:%M:%S}" if local.date() == now.date() else f"{local:%y-%m-%d}"


def moment_of(iso: str, now: datetime) -> str:
    """Date and time to the second, in the zone of `now`; as it came when it cannot be read."""
    found = moment(iso)
    try:
        return f"{found.astimezone(now.tzinfo):%Y-%m-%d %H:%M:%S}" if found else one_line(iso)
    except OverflowError:
        return one_line(iso)


def left(expires_at: str, now: datetime) -> timedelta | None:
    """Time until an approval expires, never negative; None when the daemon gave no readable time."""
    found = moment(expires_at)
    return max(found - now, timedelta()) if found else None


def countdown(remaining: timedelta | None) -> str:
    """As in "expires in 1:42", "expired", or "" when nobody knows."""
    if remaining is None:
        return ""
    seconds = int(remaining.total_seconds())
    if seconds <= 0:
        return "expired"
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"expires in {hours}:{minutes:02d}:{seconds:02d}" if hours else f"expires in {minutes}:{seconds:02d}"


@dataclass(frozen=True, slots=True)
class Mark:
    """How an exchange ended, as symbol and word; `tone` is "good", "warn", "bad" or "quiet"."""

    symbol: str
    word: str
    tone: str

    def __str__(self) -> str:
        return f"{self.symbol} {self.word}"


_OUTCOMES = {
    "allow": Mark("✓", "allow", "good"),
    "amend": Mark("~", "amend", "good"),
    "ask": Mark("✓", "ask: yes", "good"),
    "deny": Mark("✗", "deny", "bad"),
}
_ENDINGS = {
    "failed": Mark("!", "failed", "warn"),
    "cancelled": Mark("-", "cancelled", "quiet"),
    "lost": Mark("!", "lost", "warn"),
}


def verdict(line: ExchangeLine, *, waiting: bool = False) -> Mark:
    """The verdict, or the ending where that says more; an approval's answer is part of the word.

    `waiting` says that an approval for this exchange is open.
    """
    if not line.closed_at:
        return Mark("?", "ask", "warn") if waiting else Mark("·", "open", "quiet")
    if line.ending in _ENDINGS:
        return _ENDINGS[line.ending]
    if line.outcome == "ask" and line.ending == "refused":
        return Mark("✗", "ask: no", "bad")
    if line.outcome != "deny" and line.ending == "refused":
        return Mark("✗", "refused", "bad")
    return _OUTCOMES.get(line.outcome, Mark("?", one_line(line.outcome) or "unknown", "warn"))
