"""What stands in for a secret upstream, and how it is put in and taken out again.

A placeholder is `SECRET_<TYPE>_<8 upper-case hex>`: letters, digits and underscores only, so that it is itself in JSON,
in a URL, in a shell word and in YAML, and a model copies it unharmed. The hex is an HMAC under a key that stays on the
machine: the same secret always has the same placeholder, which keeps a provider's prompt cache valid, and nobody can
try candidate secrets against it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable

from companion.model.facts import Finding

LONGEST_TYPE = 32
FINGERPRINT_LENGTH = 32
LONGEST_PLACEHOLDER = len("SECRET_") + LONGEST_TYPE + len("_") + 8

PLACEHOLDER = re.compile(rf"SECRET_[A-Z0-9]{{1,{LONGEST_TYPE}}}_[0-9A-F]{{8}}")

Lookup = Callable[[str], str | None]
"""The secret behind a placeholder, or None when this machine did not give it out."""

_HEX_HEAD = re.compile(r"[0-9A-F]{8}")


def type_name(word: str) -> str:
    """`word` as the TYPE of a placeholder: `[A-Z0-9]`, 1 to 32 long."""
    letters = "".join(c for c in word.upper() if c.isascii() and c.isalnum())[:LONGEST_TYPE] or "GENERIC"
    # A type that opens with eight hex digits could be read as the end of another placeholder.
    return f"T{letters}"[:LONGEST_TYPE] if _HEX_HEAD.match(letters) else letters


def fingerprint_of(secret: str, key: bytes) -> str:
    """Names `secret` without telling it: 32 hex digits of its HMAC under the machine key."""
    return hmac.new(key, secret.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:FINGERPRINT_LENGTH]


def placeholder_for(secret: str, kind: str, key: bytes) -> str:
    """The placeholder of `secret`; `kind` becomes its TYPE, `key` is the machine key."""
    return placeholder_of(fingerprint_of(secret, key), kind)


def placeholder_of(fingerprint: str, kind: str) -> str:
    """The placeholder of the secret that `fingerprint` names: its last part are the fingerprint's first digits."""
    return f"SECRET_{type_name(kind)}_{fingerprint[:8].upper()}"


def digest_in(placeholder: str) -> str:
    """What a placeholder says of its secret alone, whatever its type."""
    return placeholder[-8:]


def redact(text: str, findings: Iterable[Finding]) -> str:
    """`text` with each finding's span replaced by its placeholder. `findings` are those of this text alone.

    Raises ValueError when a span lies outside the text or two spans overlap: then nothing may be sent.
    """
    right = len(text)
    for finding in sorted(findings, key=lambda finding: finding.start, reverse=True):
        if not 0 <= finding.start < finding.end <= right:
            raise ValueError(
                f"a finding at {finding.start}:{finding.end} does not fit a text of {len(text)} characters"
            )
        right = finding.start
        text = text[: finding.start] + finding.placeholder + text[finding.end :]
    return text


def restore(text: str, lookup: Lookup, *, json_escaped: bool = False) -> str:
    """`text` with every placeholder that `lookup` knows replaced by its secret; others stay as they are.

    `json_escaped` is for text that is the inside of a JSON document, as a tool call's arguments are: the secret is then
    escaped as a JSON string is.
    """

    def secret_of(match: re.Match[str]) -> str:
        secret = lookup(match.group())
        if secret is None:
            return match.group()
        return json.dumps(secret, ensure_ascii=False)[1:-1] if json_escaped else secret

    return PLACEHOLDER.sub(secret_of, text) if "SECRET_" in text else text
