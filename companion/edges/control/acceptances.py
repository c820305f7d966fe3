"""What a person asks to be accepted, from a request's body to the store."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol

from attrs import evolve

from companion.contract.codec import from_plain, to_plain
from companion.contract.types import AcceptanceLine, AcceptRequest, FindingLine
from companion.edges.control.keys import read_end
from companion.edges.control.problems import Refusal
from companion.ledger.acceptances import AcceptanceStore, until_ns
from companion.model.facts import KEPT
from companion.policy.acceptance import Acceptance
from companion.policy.redaction import FINGERPRINT_LENGTH, PLACEHOLDER

_FINGERPRINT = re.compile(rf"[0-9a-fA-F]{{{FINGERPRINT_LENGTH}}}")
_ABSOLUTE = re.compile(r"/|[A-Za-z]:[\\/]|\\\\")
_FACES = frozenset({"cli", "tui", "editor", ""})


class Named(Protocol):
    """A secret that was met since the start."""

    @property
    def fingerprint(self) -> str: ...
    @property
    def env_file(self) -> str: ...


class AcceptanceDesk:
    """Takes a person's word. Methods block; they raise Refusal, WireError, and LedgerError for the store's own."""

    def __init__(
        self,
        store: AcceptanceStore,
        met: Callable[[str], Named | None],
        recorded: Callable[[str], FindingLine | None],
    ) -> None:
        """`met` knows the secrets of this process by placeholder or fingerprint, `recorded` those of the ledger."""
        self.store = store
        self._met = met
        self._recorded = recorded

    def accept(self, body: dict[str, Any]) -> AcceptanceLine:
        asked = from_plain(body, AcceptRequest)
        for field, read in to_plain(asked).items():
            # Read as text, a number or a list would mean something that nobody said.
            if field in body and body[field] != read:
                raise Refusal(400, "bad-request", f"{field}: expected a string")
        if asked.by not in _FACES:
            raise Refusal(400, "bad-request", "by: expected cli, tui or editor")
        if asked.scope and not _ABSOLUTE.match(asked.scope):
            raise Refusal(
                400, "bad-request", "scope: expected an absolute path", "companion accept value SECRET --in DIR"
            )
        ends = until_ns(read_end(body) if asked.expires_at else None)
        fingerprint, env_file = self._fingerprint(asked.secret) if asked.secret else ("", "")
        line = self.store.accept(
            Acceptance(fingerprint, asked.rule, asked.scope, ends),
            shown=asked.rule or _called(asked, fingerprint),
            note=asked.note,
            by=asked.by,
        )
        return evolve(line, warning=_warning(env_file, asked))

    def _fingerprint(self, name: str) -> tuple[str, str]:
        """The fingerprint, and the file that keeps the value where one does."""
        if not (PLACEHOLDER.fullmatch(name) or _FINGERPRINT.fullmatch(name)):
            message = "secret: expected a placeholder such as SECRET_AWS_1A2B3C4D, or a fingerprint of 32 hex digits"
            raise Refusal(400, "bad-request", message, "companion log")
        if (met := self._met(name)) is not None:
            return met.fingerprint, met.env_file
        if _FINGERPRINT.fullmatch(name):
            return name.lower(), ""
        if (found := self._recorded(name)) is not None and found.fingerprint:
            return found.fingerprint, found.rule if found.type == KEPT else ""
        raise Refusal(
            404, "unknown-secret", f"no call on record held {name}", "companion log, or companion accept value -"
        )


def _called(asked: AcceptRequest, fingerprint: str) -> str:
    """A placeholder that is this value's, else what the value was named by."""
    fits = PLACEHOLDER.fullmatch(asked.called) and asked.called.endswith(f"_{fingerprint[:8].upper()}")
    return asked.called if fits else asked.secret


def _warning(env_file: str, asked: AcceptRequest) -> str:
    if env_file:
        return f"{env_file} keeps this value: from now on it leaves in prompts as it is"
    if asked.rule.startswith(".env"):
        return f"from now on whatever {asked.rule} keeps there leaves in prompts as it is"
    return ""
