"""What a plain look at the network could carry out beside its question.

A page that is fetched tells its server the address, and the headers that are asked for. So each of them is short and
written out: what is put together when it runs, or is long enough to hold a file, is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from companion.model.facts import Effect, EffectKind
from companion.policy.shell.effects import WEB_READ, is_harmless
from companion.policy.shell.rules import apply

CODE = "web-carries"
"""The code of the effect that says so."""

LONGEST_ADDRESS = 200
LONGEST_QUERY = 100
"""Of an address, what stands behind its question mark."""
LONGEST_NAME = 40
"""Letters and digits in a row: a commit's hash has forty."""
LONGEST_COMMAND = 600

_LOCAL = re.compile(r"(?:[\w-]+\.)*localhost|127\.\d+\.\d+\.\d+|\[::1\]", re.IGNORECASE)
# curl sends what stands in the file as a header.
_FROM_FILE = re.compile(r"--etag-c")
_EXPANSION = re.compile(r"`|\$[({\w@*#?!$-]|<\(")
_LONG_RUN = re.compile(rf"[A-Za-z0-9+%]{{{LONGEST_NAME + 1},}}")
_WORD = re.compile(r"[^\s'\"]+")


def carries(text: str) -> bool:
    """Whether a command that looks at the network has room for more than its question."""
    if len(text) > LONGEST_COMMAND or _EXPANSION.search(text) or _FROM_FILE.search(text):
        return True
    return any(map(_is_long, _WORD.findall(text)))


def _is_long(word: str) -> bool:
    _, _, query = word.partition("?")
    return len(word) > LONGEST_ADDRESS or len(query) > LONGEST_QUERY or _LONG_RUN.search(word) is not None


def carrying(command: str, effects: Sequence[Effect]) -> tuple[Effect, ...]:
    """One effect for each look at the network that could carry something out, by itself or with the others."""
    looks = {(effect.start, effect.end) for effect in effects if effect.code == WEB_READ}
    together = sum(end - start for start, end in looks) > LONGEST_COMMAND
    return tuple(dict.fromkeys(_found(command, effects, dict.fromkeys(looks, True) if together else {})))


def _found(command: str, effects: Sequence[Effect], seen: dict[tuple[int, int], bool]) -> Iterator[Effect]:
    for effect in effects:
        span = effect.start, effect.end
        if effect.code == WEB_READ:
            if span not in seen:
                seen[span] = carries(command[effect.start : effect.end])
            if seen[span]:
                yield apply(CODE, effect.target, *span)
        elif effect.kind is EffectKind.RUN and effect.target == "openssl" and _sends_input(command, effects, span):
            yield apply(CODE, "the other end", *span)


def _sends_input(command: str, effects: Sequence[Effect], span: tuple[int, int]) -> bool:
    """`openssl s_client` sends what stands on its input."""
    if "s_client" not in command[span[0] : span[1]]:
        return False
    fed = any(effect.kind is EffectKind.READ and not is_harmless(effect) for effect in effects)
    return fed or "<<" in command or carries(command)


def is_local(host: str) -> bool:
    """Whether it is this machine."""
    return _LOCAL.fullmatch(host) is not None


def is_trusted(host: str, trusted: Iterable[str]) -> bool:
    """Whether the policy's `trusted_hosts` name it; `host` in small letters."""
    return any(host.endswith(name[1:]) if name.startswith("*.") else host == name for name in trusted)
