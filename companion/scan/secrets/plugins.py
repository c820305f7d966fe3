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
from types import ModuleType
from typing import Any

from companion.model.facts import Confidence
from companion.scan.secrets.engine import Span, allowance, installed
from companion.scan.secrets.prefilter import Prefilter
from companion.scan.secrets.values import is_sample

_NAME = "detect-secrets"

# A plugin sees at most this much of a line on either side of what it could find.
_REACH = 1024
_TRIM = " \t\r\n=:\"'"


@dataclass(frozen=True, slots=True)
class Use:
    """How one plugin is used. A line that `where` does not match cannot hold anything for the plugin."""

    module: str
    plugin: str
    type: str
    where: str
    confidence: Confidence = Confidence.HIGH
    needs: tuple[str, ...] = ()
    """One of these words must stand in the line as well, in any case, for a `where` that matches nearly anything."""


USES: tuple[Use, ...] = (
    Use("artifactory", "ArtifactoryDetector", "ARTIFACTORY", r"A(?:KC|P[\dA-F])[a-zA-Z0-9]{8}", Confidence.LOW),
    Use("aws", "AWSKeyDetector", "AWS", r"A(?:3T[A-Z0-9]|BIA|CCA|KIA|SIA)[0-9A-Z]{16}|['\"][0-9a-zA-Z/+]{40}['\"]"),
    Use("azure_storage_key", "AzureStorageKeyDetector", "AZURE", r"AccountKey="),
    Use(
        "cloudant",
        "CloudantDetector",
        "CLOUDANT",
        r"(?<![0-9a-zA-Z])(?:[0-9a-fA-F]{64}|[a-zA-Z]{24})",
        needs=("clou", "cl_", "cl-", "clapi", "clkey", "clpw", "clpass", "cltoken"),
    ),
    Use("discord", "DiscordBotTokenDetector", "DISCORD", r"\.[a-zA-Z\d_-]{6}\.[a-zA-Z\d_-]{27}"),
    Use("github_token", "GitHubTokenDetector", "GITHUB", r"gh[opusr]_[A-Za-z0-9_]{36}"),
    Use("gitlab_token", "GitLabTokenDetector", "GITLAB", r"gl[a-z]{2,6}-[A-Za-z0-9_-]{20}|GR1348941"),
    Use(
        "ibm_cloud_iam",
        "IbmCloudIamDetector",
        "IBM",
        r"(?<![a-zA-Z0-9_-])[a-zA-Z0-9_-]{44}",
        Confidence.LOW,
        needs=("key", "pwd", "pass", "token"),
    ),
    Use(
        "ibm_cos_hmac",
        "IbmCosHmacDetector",
        "IBM",
        r"(?<![a-fA-F0-9])[a-fA-F0-9]{48}",
        Confidence.LOW,
        needs=("secret",),
    ),
    Use("jwt", "JwtTokenDetector", "JWT", r"eyJ[A-Za-z0-9_=-]{8}"),
    Use("mailchimp", "MailchimpDetector", "MAILCHIMP", r"-us[0-9]"),
    Use("npm", "NpmDetector", "REGISTRY", r":_authToken="),
    Use("openai", "OpenAIDetector", "OPENAI", r"T3BlbkFJ"),
    Use("pypi_token", "PypiTokenDetector", "REGISTRY", r"pypi-AgE"),
    Use("sendgrid", "SendGridDetector", "SENDGRID", r"SG\."),
    Use("slack", "SlackDetector", "SLACK", r"(?i)xox[abposr]-\d|hooks\.slack\.com"),
    Use(
        "softlayer",
        "SoftlayerDetector",
        "SOFTLAYER",
        r"(?<![a-zA-Z0-9])[a-zA-Z0-9]{64}",
        Confidence.LOW,
        needs=("softlayer", "sl_", "sl-", "slapi", "slkey", "slpwd", "slpass", "sltoken"),
    ),
    Use("square_oauth", "SquareOAuthDetector", "SQUARE", r"sq0csp-"),
    Use("stripe", "StripeDetector", "STRIPE", r"[rs]k_live_"),
    Use("telegram_token", "TelegramBotTokenDetector", "TELEGRAM", r":[0-9A-Za-z_-]{35}"),
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
                    self._prefilter = Prefilter([use.where for use in USES])
                    self._plugins = [(use, re.compile(use.where, re.ASCII), _plugin(use)) for use in USES]
                except (ImportError, AttributeError) as error:
                    self._missing = f"not usable: {error}"
            return self._missing

    def find(self, text: str) -> list[Span]:
        spans: dict[Span, None] = {}
        for number in self._prefilter.possible(text):
            use, where, plugin = self._plugins[number]
            for low, high in _lines(text, where):
                allowance()
                part = text[low:high]
                if use.needs and not any(map(part.lower().__contains__, use.needs)):
                    continue
                if secrets := set(plugin.analyze_string(part)):
                    for pattern in plugin.denylist:
                        for match in pattern.finditer(part):
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
    done = -1
    for match in where.finditer(text):
        if match.end() <= done:
            continue
        low = max(text.rfind("\n", 0, match.start()) + 1, match.start() - _REACH)
        newline = text.find("\n", match.end())
        high = min(len(text) if newline < 0 else newline, match.end() + _REACH)
        done = high if high == newline else high - _REACH // 2
        yield low, high


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
