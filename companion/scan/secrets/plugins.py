"""The regex plugins of detect-secrets, each asked only about lines that hold what it could find.

Its own scan loop is left aside: it gives no offsets, is slow, honours allow-comments in the text it scans, and keeps
global state. The plugins say what is a secret; where it stands is worked out here, for every occurrence.
"""

from __future__ import annotations

import importlib
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from types import ModuleType
from typing import Any

from companion.model.facts import Confidence
from companion.scan.secrets.engine import Span, TooMuchError, allowance, installed
from companion.scan.secrets.prefilter import Prefilter
from companion.scan.secrets.values import is_sample

_NAME = "detect-secrets"

# A plugin sees at most this much of a line on either side of what it could find.
_BEFORE, _AFTER = 256, 1_024
_MOST_PLACES = 100
_ROOM = 8_192
"""So many characters of a text allow for one more place."""
_MOST_MATCHES = 2_000
_TRIM = " \t\r\n=:\"'"


@dataclass(frozen=True, slots=True)
class Use:
    """How one plugin is used. A line that `where` does not match cannot hold anything for the plugin."""

    module: str
    plugin: str
    type: str
    where: str
    confidence: Confidence = Confidence.HIGH
    gate: str = ""
    """What tells whether `where` can match at all, where that is another expression."""
    exact: bool = False
    """The plugin sees what `where` matches and nothing around it, where no group of it is empty."""


# How the plugins write a name, and what follows it in an assignment.
_KEY = r"(?:key|pwd|password|pass|token)"
_API = r"(?:api)?[_-]?(?:key|pwd|pw|password|pass|token)"
_SIGN = r"""["']?\]? *(?::=|=>|::|[=:]| ) *["']?"""
# Taken in one step, however long: a text made of beginnings is still read once.
_RUN = r"[A-Za-z0-9_=-]*+"

USES: tuple[Use, ...] = (
    Use(
        "artifactory",
        "ArtifactoryDetector",
        "ARTIFACTORY",
        r"""(?:[\s=:"]|^)A(?:KC|P[\dA-F])[a-zA-Z0-9]{8,}(?:[\s"]|$)""",
        Confidence.LOW,
    ),
    Use("aws", "AWSKeyDetector", "AWS", r"A(?:3T[A-Z0-9]|BIA|CCA|KIA|SIA)[0-9A-Z]{16}"),
    Use("aws", "AWSKeyDetector", "AWS", r"""(?i)aws.{0,80}?(?:key|pwd|pw|pass|token).{0,96}?['"][0-9a-z/+]{40}['"]"""),
    Use("azure_storage_key", "AzureStorageKeyDetector", "AZURE", r"AccountKey="),
    Use("cloudant", "CloudantDetector", "CLOUDANT", rf"(?i)(?:cl|clou|cloudant)[_-]?{_API}{_SIGN}[0-9a-z]{{24}}"),
    Use("cloudant", "CloudantDetector", "CLOUDANT", r"(?i):[0-9a-z]{24,64}@[\w-]{1,99}\.cloudant\.com"),
    Use("discord", "DiscordBotTokenDetector", "DISCORD", r"[a-zA-Z\d_-]{24}\.[a-zA-Z\d_-]{6}\.[a-zA-Z\d_-]{27}"),
    Use("github_token", "GitHubTokenDetector", "GITHUB", r"gh[opusr]_[A-Za-z0-9_]{36}"),
    Use("gitlab_token", "GitLabTokenDetector", "GITLAB", r"gl[a-z]{2,6}-[A-Za-z0-9_-]{20}|GR1348941"),
    Use("ibm_cloud_iam", "IbmCloudIamDetector", "IBM", rf"(?i){_KEY}{_SIGN}[a-z0-9_-]{{44}}", Confidence.LOW),
    Use(
        "ibm_cos_hmac",
        "IbmCosHmacDetector",
        "IBM",
        rf"(?i)secret[-_]?(?:access)?[-_]?key{_SIGN}[a-f0-9]{{48}}",
        Confidence.LOW,
    ),
    Use("jwt", "JwtTokenDetector", "JWT", rf"eyJ{_RUN}(\.?){_RUN}\.?", gate=r"eyJ[A-Za-z0-9_=-]{7,}\.", exact=True),
    Use("mailchimp", "MailchimpDetector", "MAILCHIMP", r"[0-9a-z]{32}-us[0-9]"),
    Use(
        "npm",
        "NpmDetector",
        "REGISTRY",
        r"//(?:(?!//)[^\n]){1,300}?/:_authToken=\s*(?:npm_(?:(?!//)[^\n]){1,1000}|[A-Fa-f0-9-]{36})",
        gate=":_authToken=",
        exact=True,
    ),
    Use("openai", "OpenAIDetector", "OPENAI", r"T3BlbkFJ"),
    Use("pypi_token", "PypiTokenDetector", "REGISTRY", r"pypi-AgE"),
    Use("sendgrid", "SendGridDetector", "SENDGRID", r"SG\.[a-zA-Z0-9_-]{22}\."),
    Use("slack", "SlackDetector", "SLACK", r"(?i)xox[abposr]-\d|hooks\.slack\.com"),
    Use(
        "softlayer",
        "SoftlayerDetector",
        "SOFTLAYER",
        rf"(?i)(?:sl|softlayer)[_-]?{_API}{_SIGN}[a-z0-9]{{64}}",
        Confidence.LOW,
    ),
    Use("softlayer", "SoftlayerDetector", "SOFTLAYER", r"(?i)softlayer.com/soap/v3.{0,2}/[a-z0-9]{64}", Confidence.LOW),
    Use("square_oauth", "SquareOAuthDetector", "SQUARE", r"sq0csp-"),
    Use("stripe", "StripeDetector", "STRIPE", r"[rs]k_live_[0-9a-zA-Z]{24}"),
    Use("telegram_token", "TelegramBotTokenDetector", "TELEGRAM", r"\d{8}:[0-9A-Za-z_-]{35}"),
    Use("twilio", "TwilioKeyDetector", "TWILIO", r"(?:AC|SK)[a-z0-9]{32}", Confidence.LOW),
)

NOT_USED = {
    "BasicAuthDetector": "the rule url-password tells passwords from examples and templates",
    "IPPublicDetector": "an address is no secret",
    "PrivateKeyDetector": "it finds the first line only; KeyBlocks finds the block",
}


class DetectSecrets:
    """Every regex plugin but those in NOT_USED; the entropy and keyword plugins are no regex plugins."""

    name = _NAME

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plugins: list[tuple[Use, re.Pattern[str], Any]] = []
        self._prefilter = Prefilter([])
        self._missing = ""

    @property
    def version(self) -> str:
        return installed(_NAME)

    def load(self) -> str:
        with self._lock:
            if not self._plugins and not self._missing:
                try:
                    self._prefilter = Prefilter([use.gate or use.where for use in USES])
                    self._plugins = [(use, re.compile(use.where, re.ASCII), _plugin(use)) for use in USES]
                except (ImportError, AttributeError) as error:
                    self._missing = f"not usable: {error}"
            return self._missing

    def find(self, text: str) -> list[Span]:
        """Raises TooMuchError for a text that consists of what a plugin looks for."""
        spans: dict[Span, None] = {}
        for number in self._prefilter.possible(text):
            use, where, plugin = self._plugins[number]
            matches = 0
            for low, high in _exactly(text, where) if use.exact else _lines(text, where):
                allowance()
                part = text[low:high]
                some = [match for pattern in plugin.denylist for match in islice(pattern.finditer(part), _MOST_MATCHES)]
                matches += len(some)
                if matches >= _MOST_MATCHES:
                    raise TooMuchError
                if some and (secrets := set(plugin.analyze_string(part))):
                    for match in some:
                        if secrets.intersection((match.group(), *match.groups())):
                            start, end = _extent(match)
                            span = Span(low + start, low + end, use.type, use.plugin, _NAME, use.confidence)
                            spans[span] = None
        return [span for span in spans if not is_sample(text[span.start : span.end][-16:])]


def _plugin(use: Use) -> Any:
    with _unasked("requests"):
        module = importlib.import_module(f"detect_secrets.plugins.{use.module}")
    return getattr(module, use.plugin)()


class _Stub(ModuleType):
    """Stands for a module that is imported and not used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Exception,), {})


@contextmanager
def _unasked(name: str) -> Iterator[None]:
    """Whoever imports `name` meanwhile gets a stub, where nobody has it yet.

    The plugins would ask providers whether a secret is live. companion never does, and what they would do it with
    takes 10 MB and a tenth of a second.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = _Stub(name)
    try:
        yield
    finally:
        del sys.modules[name]


def _lines(text: str, where: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """The lines that `where` matches, each once; of a long line a part around each match."""
    done, places = -1, -len(text) // _ROOM
    for match in where.finditer(text):
        if match.end() <= done:
            continue
        places += 1
        if places > _MOST_PLACES:
            raise TooMuchError
        low = max(text.rfind("\n", 0, match.start()) + 1, match.start() - _BEFORE)
        newline = text.find("\n", match.end())
        high = min(len(text) if newline < 0 else newline, match.end() + _AFTER)
        done = high if high == newline else high - _BEFORE
        yield low, high


def _exactly(text: str, where: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    found = [match.span() for match in where.finditer(text) if all(match.groups())]
    if len(found) >= _MOST_MATCHES:
        raise TooMuchError
    return iter(found)


def _extent(match: re.Match[str]) -> tuple[int, int]:
    """The secret within a plugin's match: the group that reaches to its end, else all of it but marks around it.

    Some plugins group a token's first letters, others the value behind a name.
    """
    for number in range(1, (match.re.groups or 0) + 1):
        start, end = match.span(number)
        if start > match.start() and match.end() - end <= 1 and end - start >= 8:
            return start, end
    whole = match.group()
    start = match.start() + len(whole) - len(whole.lstrip(_TRIM))
    return start, match.start() + len(whole.rstrip(" \t\r\n\"'"))
