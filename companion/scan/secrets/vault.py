"""What stands behind each placeholder. In memory only: nothing here is ever written down."""

from __future__ import annotations

import threading
from collections import OrderedDict

from companion.policy.redaction import digest_in, fingerprint_of, placeholder_for

_MOST_LETTERS = 32 * 1024 * 1024


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
        self._letters = 0
        self._secrets: OrderedDict[str, str] = OrderedDict()
        self._placeholders: dict[str, str] = {}
        self._digests: dict[str, str | None] = {}
        """The secret behind the digest in a placeholder, whatever its type; None where two have the same."""
        self._offered: OrderedDict[str, str] = OrderedDict()

    def placeholder(self, secret: str) -> str | None:
        """That of a secret which is kept; it counts as used."""
        with self._lock:
            placeholder = self._placeholders.get(secret)
            if placeholder is not None:
                self._secrets.move_to_end(placeholder)
            return placeholder

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
                self._letters += len(secret)
                self._index(placeholder, secret)
            self._secrets[placeholder] = secret
            self._secrets.move_to_end(placeholder)
            while len(self._secrets) > self._limit or (self._letters > _MOST_LETTERS and len(self._secrets) > 1):
                self._forget(*self._secrets.popitem(last=False))
            return placeholder

    def offer(self, secret: str) -> None:
        """Lets a placeholder of `secret` be restored, though this process may never have given one out."""
        with self._lock:
            if secret in self._placeholders or secret in self._offered:
                return
            placeholder = placeholder_for(secret, "", self._key)
            self._offered[secret] = placeholder
            self._index(placeholder, secret)
            if len(self._offered) > self._limit:
                forgotten, its = self._offered.popitem(last=False)
                if forgotten not in self._placeholders:
                    self._digests.pop(digest_in(its), None)

    def lookup(self, placeholder: str) -> str | None:
        """The secret, or None for a placeholder that nobody can have been given, or that is forgotten.

        What tells is the digest: a process that came to know the secret otherwise may have named another type.
        """
        with self._lock:
            secret = self._secrets.get(placeholder)
            if secret is None:
                return self._digests.get(digest_in(placeholder))
            self._secrets.move_to_end(placeholder)
            return secret

    def find(self, name: str) -> str | None:
        """The secret that `name` stands for: its placeholder, of whatever type, or its fingerprint."""
        digits = name.rpartition("_")[2]
        with self._lock:
            secret = self._digests.get(digits[:8].upper())
        if secret is None or not fingerprint_of(secret, self._key).startswith(digits.lower()):
            return None
        return secret

    def _index(self, placeholder: str, secret: str) -> None:
        digest = digest_in(placeholder)
        self._digests[digest] = secret if self._digests.get(digest, secret) == secret else None

    def _forget(self, placeholder: str, secret: str) -> None:
        del self._placeholders[secret]
        self._letters -= len(secret)
        if secret not in self._offered:
            self._digests.pop(digest_in(placeholder), None)
