"""What a person accepted: a value, or what a rule finds, somewhere and for a while."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

FOREVER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Either a `fingerprint` or a `rule` is given, the other one is ""."""

    fingerprint: str = ""
    rule: str = ""
    scope: str = ""
    """A folder or a file, absolute; "" for everywhere."""
    expires_at_ns: int = FOREVER


def is_within(place: str, scope: str) -> bool:
    """Whether a path is the scope or lies below it. One with `..` in it lies nowhere; everything lies within ""."""
    if not scope:
        return True
    parts, wanted = _parts(place), _parts(scope)
    return ".." not in parts and parts[: len(wanted)] == wanted


def _parts(path: str) -> list[str]:
    # A folder of the root's is no relative one.
    root = ["/"] if path[:1] in {"/", "\\"} else []
    return root + [part for part in path.replace("\\", "/").split("/") if part not in {"", "."}]


class Acceptances:
    """Many of them, to be asked often."""

    def __init__(self, accepted: Iterable[Acceptance] = ()) -> None:
        self._values: dict[str, list[Acceptance]] = defaultdict(list)
        self._rules: dict[str, list[Acceptance]] = defaultdict(list)
        for one in accepted:
            if one.fingerprint:
                self._values[one.fingerprint].append(one)
            elif one.rule:
                self._rules[one.rule].append(one)

    def cover(self, fingerprint: Callable[[], str], rule: str, place: str, now_ns: int) -> bool:
        """Whether a finding is accepted. `fingerprint` is only called where a value could be."""
        if _holds(self._rules.get(rule, ()), place, now_ns):
            return True
        return bool(self._values) and _holds(self._values.get(fingerprint(), ()), place, now_ns)


def _holds(accepted: Iterable[Acceptance], place: str, now_ns: int) -> bool:
    return any(now_ns < one.expires_at_ns and is_within(place, one.scope) for one in accepted)
