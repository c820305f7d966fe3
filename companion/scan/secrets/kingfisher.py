"""Kingfisher's vendor rules (the kingfisher-secret-scanner wheel), in process."""

from __future__ import annotations

import importlib
import re
import threading
from itertools import islice
from pathlib import Path
from typing import Any

from companion.model.facts import Confidence
from companion.scan.secrets.engine import Span, TooMuchError, allowance, installed
from companion.scan.secrets.values import is_sample

_NAME = "kingfisher"
_PACKAGE = "kingfisher-secret-scanner"

# Rules that kingfisher keeps to itself, as parts of a pair, though each finds a secret that harms alone.
_SECRET_HELPERS = frozenset(
    {
        "betterleaks.alibaba-sts-security-token",
        "betterleaks.aws-secret-access-key",
        "betterleaks.exoscale-api-secret",
        "betterleaks.ovh-application-key",
        "betterleaks.ovh-consumer-key",
        "betterleaks.polymarket-api-secret",
        "betterleaks.polymarket-passphrase",
        "veles.secrets/packagistsecret-api-key",
    }
)
# Where companion's own rule is better at telling a secret from code or an example that looks like one.
_LEFT_TO_OWN_RULES = frozenset({"betterleaks.private-key", "betterleaks.generic-credential-uri"})
_SAMPLES_SEEN = frozenset({"betterleaks.curl-auth-user", "betterleaks.curl-auth-header"})
# What its rules take long over where there is much of it, and how much of that in a text is looked at.
_SLOW = (re.compile("PRIVATE KEY"), re.compile("SK[0-9a-f]{32}"), re.compile(r"://[^\s/@]{1,64}:[^\s/@]{1,64}@"))
_MOST_SLOW = 1_000
_ROOM = 2_048
_SMALL = 8 * 1024
"""Up to here nothing takes long, and a time limit would be a fifth of the work."""
_SECONDS = 10.0
_LEAST_SECONDS = 0.005
_FIRST = "aws_secret_access_key = " + "aB3dE5gH7jK9mN1pQ3sT" + "5vX7zA9cD1fG3hJ5kL7m"


class Kingfisher:
    """`cache` is a folder of ours for compiled rules; None leaves it to kingfisher's own user cache.

    Compiling the rules takes seconds the first time and a third of a second from the cache.
    """

    name = _NAME

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache
        self._lock = threading.Lock()
        self._scanner: Any = None
        self._missing = ""

    @property
    def version(self) -> str:
        return installed(_PACKAGE)

    def load(self) -> str:
        with self._lock:
            if self._scanner is None and not self._missing:
                try:
                    sdk = importlib.import_module("kingfisher_sdk")
                    rules = sdk.Rules(cache_dir=self._cache)
                    scanner = sdk.Scanner(rules, base64=True)
                    # What it makes ready at its first candidate takes longer than most scans.
                    scanner.scan(_FIRST)
                    self._scanner = scanner
                except ImportError as error:
                    self._missing = f"not installed ({error}); vendor tokens fall back to companion's own rules"
                except Exception as error:  # noqa: BLE001 - a native library may raise anything
                    self._missing = f"does not start: {type(error).__name__}: {error}"
            return self._missing

    def find(self, text: str) -> list[Span]:
        # Offsets come back in bytes of what was handed in. A lone surrogate has no bytes, and NULs make it guess at
        # UTF-16; the stand-ins keep every character in its place.
        if len(text) > _SMALL:
            _refuse_slow(text)
        data = _lined(text).replace("\0", " ").encode("utf-8", "replace")
        spans = []
        plain = len(data) == len(text)
        for finding in self._scan(data):
            rule = finding.rule_id
            if rule in _LEFT_TO_OWN_RULES or not (finding.visible or rule in _SECRET_HELPERS):
                continue
            if rule in _SAMPLES_SEEN and is_sample(finding.secret):
                continue
            start, end = finding.location["start_offset"], finding.location["end_offset"]
            if not plain:
                allowance()
                start, end = _characters(data, start, end)
            confidence = Confidence.LOW if "generic" in rule else Confidence.HIGH
            spans.append(Span(start, end, _type(rule), rule, _NAME, confidence))
        return spans

    def _scan(self, data: bytes) -> Any:
        if len(data) <= _SMALL:
            return self._scanner.scan(data)
        while True:
            # Its clock is the wall's, ours is the processor's: when others kept it waiting, it may go on.
            left = min(_SECONDS, max(allowance(), _LEAST_SECONDS))
            try:
                return self._scanner.scan(data, timeout=left)
            except TimeoutError:
                if left == _SECONDS:
                    raise


def _refuse_slow(text: str) -> None:
    most = _MOST_SLOW + len(text) // _ROOM
    for slow in _SLOW:
        if sum(1 for _ in islice(slow.finditer(text), most + 1)) > most:
            raise TooMuchError


def _lined(text: str) -> str:
    """`text` with blanks for escaped line ends and for the plus of a diff, each in its place.

    To a reader of base64 they are letters of the word behind them, and it would read another word.
    """
    if "\\" in text:
        text = text.replace("\\n", " \n").replace("\\r", " \n").replace("\\t", "  ")
    return text.replace("\n+", "\n ")


def _characters(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Byte offsets as character offsets; an offset inside a character widens the span to hold all of it."""
    first = len(data[:start].decode("utf-8", "ignore"))
    return first, first + len(data[start:end].decode("utf-8", "ignore")) if end > start else first


def _type(rule: str) -> str:
    """The vendor in a rule's id: "betterleaks.github-pat" is GITHUB."""
    return rule.rpartition("/")[2].rpartition("betterleaks.")[2].split("-")[0].split(".")[0].upper()
