"""What stands behind each placeholder. In memory only: nothing here is ever written down."""

from __future__ import annotations

import threading
from collections import OrderedDict

from companion.policy.redaction import placeholder_for


class PlaceholderTakenError(Exception):
    """Two secrets have the same placeholder, about once in four thousand million pairs: one cannot be restored."""


class Vault:
    """Gives out placeholders and remembers the last `limit` secrets that were used. Safe from several threads.

    `key` is the machine key: with it the same secret of the same kind has the same placeholder in every process.
    """

    def __init__(self, key: bytes, limit: int = 10_000) -> None:
        self._key = key
        self._limit = limit
        self._lock = threading.Lock()
        self._secrets: OrderedDict[str, str] = OrderedDict()
        self._placeholders: dict[str, str] = {}

    def keep(self, secret: str, kind: str) -> str:
        """The placeholder of `secret`. The kind it was first kept with stays, so that a prompt's text stays the same.

        Raises PlaceholderTakenError.
        """
        with self._lock:
            placeholder = self._placeholders.get(secret)
            if placeholder is None:
                placeholder = placeholder_for(secret, kind, self._key)
                if self._secrets.get(placeholder, secret) != secret:
                    raise PlaceholderTakenError(placeholder)
                self._placeholders[secret] = placeholder
            self._secrets[placeholder] = secret
            self._secrets.move_to_end(placeholder)
            if len(self._secrets) > self._limit:
                _, forgotten = self._secrets.popitem(last=False)
                del self._placeholders[forgotten]
            return placeholder

    def lookup(self, placeholder: str) -> str | None:
        """The secret, or None for a placeholder that this process did not give out or has forgotten."""
        with self._lock:
            secret = self._secrets.get(placeholder)
            if secret is not None:
                self._secrets.move_to_end(placeholder)
            return secret
