"""Every call of the control API, as a value. `agent.sock` answers the first group, `operator.sock` all of them."""

from __future__ import annotations

from companion.client.drivers import Call
from companion.contract.types import (
    AcceptanceLine,
    AcceptRequest,
    AlertState,
    Answer,
    Approval,
    ExchangeLine,
    GrantLine,
    KeyLine,
    KeyRequest,
    NewKey,
    SecretFinding,
    SpendReport,
    Status,
)


def status() -> Call[Status]:
    return Call("GET", "status", Status)


def find_secrets(text: str, workspace: str = "", path: str = "") -> Call[list[SecretFinding]]:
    """Findings in a text, offsets in characters; `path` is the absolute one of the file that it stands in, if any."""
    return Call("POST", "secrets", list[SecretFinding], body={"text": text, "workspace": workspace, "path": path})


def pending() -> Call[list[Approval]]:
    """Open approvals, oldest first."""
    return Call("GET", "approvals", list[Approval])


def answer(approval: str, given: Answer) -> Call[Approval]:
    """Answers one approval. The first answer wins: a later one is refused with code "already-answered"."""
    return Call("POST", f"approvals/{approval}/answer", Approval, body=given)


def rules() -> Call[list[GrantLine]]:
    """Every yes that is kept, for a session or as a rule, oldest first."""
    return Call("GET", "rules", list[GrantLine])


def revoke_rule(id: str) -> Call[GrantLine]:  # noqa: A002
    """From now on it is asked again."""
    return Call("POST", f"rules/{id}/revoke", GrantLine, body={})


def hooks() -> Call[dict[str, str]]:
    """What hooks on the gateway's port need: their `token`."""
    return Call("GET", "hooks", dict[str, str])


def spend(by: str = "model", days: int = 1) -> Call[SpendReport]:
    """Spend of the last `days` local days, today included, grouped by one dimension."""
    return Call("GET", "spend", SpendReport, query={"by": by, "days": str(days)})


def log(limit: int = 50, before: str = "", kind: str = "", *, cloud: bool = False) -> Call[list[ExchangeLine]]:
    """Exchanges, newest first; `before` is the id to go on from, `kind` narrows to one kind of action.

    With `cloud` only commands that call a service that somebody runs.
    """
    query = {"limit": str(limit), "before": before, "kind": kind} | ({"cloud": "1"} if cloud else {})
    return Call("GET", "exchanges", list[ExchangeLine], query=query)


def exchange(id: str) -> Call[ExchangeLine]:  # noqa: A002
    return Call("GET", f"exchanges/{id}", ExchangeLine)


def alerts() -> Call[list[AlertState]]:
    """Rules that are firing now."""
    return Call("GET", "alerts", list[AlertState])


def keys() -> Call[list[KeyLine]]:
    return Call("GET", "keys", list[KeyLine])


def new_key(asked: KeyRequest | str) -> Call[NewKey]:
    """A fresh virtual key; its secret is in this answer and nowhere else. A name alone asks for one without limits."""
    return Call("POST", "keys", NewKey, body=KeyRequest(asked) if isinstance(asked, str) else asked)


def rotate_key(id: str, grace_seconds: int = 0) -> Call[NewKey]:  # noqa: A002
    """Another secret for the same key; the one before works on for `grace_seconds`."""
    return Call("POST", f"keys/{id}/rotate", NewKey, body={"grace_seconds": grace_seconds})


def expire_key(id: str, at: str) -> Call[KeyLine]:  # noqa: A002
    """The key ends at that time; "" for never."""
    return Call("POST", f"keys/{id}/expire", KeyLine, body={"expires_at": at})


def revoke_key(id: str) -> Call[KeyLine]:  # noqa: A002
    return Call("POST", f"keys/{id}/revoke", KeyLine, body={})


def accepted() -> Call[list[AcceptanceLine]]:
    """Every acceptance that ever was, oldest first."""
    return Call("GET", "accepted", list[AcceptanceLine])


def accept(asked: AcceptRequest) -> Call[AcceptanceLine]:
    """A person's word that a finding is none; it counts from the next call on."""
    return Call("POST", "accepted", AcceptanceLine, body=asked)


def revoke_acceptance(id: str) -> Call[AcceptanceLine]:  # noqa: A002
    return Call("POST", f"accepted/{id}/revoke", AcceptanceLine, body={})


def shut_down() -> Call[dict[str, str]]:
    """Ends the daemon: it stops accepting, drains what runs, and exits."""
    return Call("POST", "shutdown", dict[str, str], body={})
