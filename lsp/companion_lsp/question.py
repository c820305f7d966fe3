"""An approval as the one plain line that every editor can show."""

from __future__ import annotations

from dataclasses import dataclass

from companion.contract.types import Approval
from companion_lsp.positions import units

APPROVE = "Approve"
DENY = "Deny"
LATER = "Later"

# VS Code cuts a message silently at 1000 UTF-16 units; these leave room for the words between the parts.
_LONGEST_WHAT = 800
_SHOWN_OF_LONGER = 650
_LONGEST_CLIENT = 30
_LONGEST_WORKSPACE = 40
_LONGEST_REASON = 70
_LONGEST_BESIDE = 150

_ASKS = {"shell": "to run", "file": "for access to a file", "tool": "to call a tool"}

# VS Code shows `[words](address)` as a link, and the address only when the mouse is over it.
_LINK = "]("


@dataclass(frozen=True, slots=True)
class Question:
    """What to show, and the answers to offer. Nothing may be approved that is not shown whole."""

    text: str
    choices: tuple[str, ...]


def question_for(approval: Approval) -> Question:
    """One line of at most 1000 UTF-16 units. The action comes last, so that it cannot pose as what follows it."""
    what = _plain(approval.what)
    more = " ".join(f"({line})" for line in beside(approval))
    more = f"{_head(_plain(more), _LONGEST_BESIDE)} " if more else ""
    client = _head(_plain(approval.client) or "an agent", _LONGEST_CLIENT)
    workspace = _tail(_plain(approval.workspace) or "an unknown workspace", _LONGEST_WORKSPACE)
    reason = _head(_plain(approval.reason), _LONGEST_REASON)
    asks = _unlinked(f"{client} asks {_ASKS.get(approval.kind, 'to act')} in {workspace}. {reason}: {more}")
    if units(what) > _LONGEST_WHAT - units(more):
        shown = _head(what, _SHOWN_OF_LONGER - units(more), mark="")
        hidden = len(what) - len(shown)
        text = f"{asks}{_unlinked(shown)} … {hidden} more characters; see `companion pending`"
    elif _LINK in what:
        text = f"{asks}{_unlinked(what)} (an editor may show a part of this as a link; see `companion pending`)"
    else:
        return Question(asks + what, (APPROVE, DENY, LATER))
    return Question(text, (DENY, LATER))


def beside(approval: Approval) -> list[str]:
    """What there is to know beside the action's own text, a line each."""
    lines = []
    if found := approval.deletes:
        least = "" if found.complete else "at least "
        lines.append(f"deletes {least}{found.files} files: {', '.join(found.names[:3])}")
    for script in approval.scripts:
        state = {"same": "as approved before", "changed": "changed since it was approved"}.get(script.state, "new")
        lines.append(f"runs {script.path}, {state}")
    return lines + [f"with {variable}" for variable in approval.environment]


def _plain(text: str) -> str:
    """One line, nothing invisible. The daemon has done most of it; what reaches a person here does not rely on it."""
    flat = " ⏎ ".join(text.split("\n"))
    return "".join(character if character.isprintable() else f"<U+{ord(character):04X}>" for character in flat)


def _unlinked(text: str) -> str:
    return text.replace(_LINK, "] (")


def _head(text: str, most: int, mark: str = "…") -> str:
    if units(text) <= most:
        return text
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore") + mark


def _tail(text: str, most: int) -> str:
    return _head(text[::-1], most)[::-1]
