import importlib
import pkgutil
import subprocess
import sys

import detect_secrets.plugins
import pytest
from detect_secrets.plugins.base import RegexBasedDetector

from companion.scan.secrets.plugins import NOT_USED, USES, DetectSecrets

UPPER, HEX, ALNUM = "Q7Z4K2M9" * 8, "0a9f8e7d6c5b4a31" * 6, "aB3dE5gH7jK9mN1p" * 6

FOUND = [
    ("AWSKeyDetector", "id {}", "AKIA" + UPPER[:16]),
    ("AWSKeyDetector", 'aws_key = "{}"', ALNUM[:40]),
    ("ArtifactoryDetector", 'x="{}"', "AKC" + ALNUM[:12]),
    ("AzureStorageKeyDetector", "{}", "AccountKey=" + ALNUM[:88]),
    ("CloudantDetector", 'cloudant_password = "{}"', HEX[:64]),
    ("DiscordBotTokenDetector", "bot {} end", "M" + ALNUM[:23] + "." + ALNUM[:6] + "." + ALNUM[:27]),
    ("GitHubTokenDetector", "x {} y", "ghp_" + ALNUM[:36]),
    ("GitLabTokenDetector", "x {} y", "glpat-" + ALNUM[:20]),
    ("IbmCloudIamDetector", 'ibm_api_key = "{}"', ALNUM[:44]),
    ("IbmCosHmacDetector", "secret_access_key={}", HEX[:48]),
    ("MailchimpDetector", "k {}", HEX[:32] + "-us12"),
    ("NpmDetector", "//r.example.org/:_authToken={}", "npm_" + ALNUM[:36]),
    ("OpenAIDetector", "{}", "sk-" + ALNUM[:20] + "T3Blbk" + "FJ" + ALNUM[:20]),
    ("PypiTokenDetector", "{}", "pypi-" + "AgEIcHlwaS5vcmc" + ALNUM[:70]),
    ("SendGridDetector", "k={} ", "SG." + ALNUM[:22] + "." + ALNUM[:43]),
    ("SlackDetector", "t={} ", "xoxb-" + "123456789012-" + ALNUM[:24].lower()),
    ("SoftlayerDetector", "sl_api_key={} ", HEX[:64]),
    ("SquareOAuthDetector", "{}", "sq0csp-" + ALNUM[:43]),
    ("StripeDetector", "{}", "sk_" + "live_" + ALNUM[:24]),
    ("TelegramBotTokenDetector", "{}", "123456789:" + ALNUM[:35]),
    ("TwilioKeyDetector", "{}", "SK" + HEX[:32]),
]  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> DetectSecrets:
    plugins = DetectSecrets()
    assert plugins.load() == ""
    return plugins


@pytest.mark.parametrize(("plugin", "frame", "secret"), FOUND)
def test_every_occurrence_is_hidden_exactly(engine: DetectSecrets, plugin: str, frame: str, secret: str) -> None:
    line = frame.replace("{}", secret)
    text = f"first line\n{line}\nbetween\n{line}\n"
    spans = [span for span in engine.find(text) if span.rule == plugin]
    assert [text[span.start : span.end] for span in spans] == [secret, secret]


def test_every_regex_plugin_is_used_or_left_out_for_a_reason() -> None:
    installed = set()
    for module in pkgutil.iter_modules(detect_secrets.plugins.__path__):
        for value in vars(importlib.import_module(f"detect_secrets.plugins.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, RegexBasedDetector) and value is not RegexBasedDetector:
                installed.add(value.__name__)
    assert installed == {use.plugin for use in USES} | set(NOT_USED)


def test_allow_comments_are_ignored(engine: DetectSecrets) -> None:
    assert engine.find("AKIA" + UPPER[:16] + "  # pragma: allowlist " + "secret")


def test_a_long_line_is_looked_at_around_each_candidate(engine: DetectSecrets) -> None:
    token = "ghp_" + ALNUM[:36]
    text = f"{token} " + "filler " * 2000 + token
    assert [span.start for span in engine.find(text) if span.type == "GITHUB"] == [0, len(text) - len(token)]


def test_documentation_keys_are_no_secrets(engine: DetectSecrets) -> None:
    assert engine.find("AKIAIOSFODNN7" + "EXAMPLE") == []


def test_what_plugins_would_ask_providers_with_is_not_loaded() -> None:
    told = (
        "import sys; from companion.scan.secrets.plugins import DetectSecrets; engine = DetectSecrets(); engine.load();"
        "print(len(engine.find('ghp_' + 'aB3dE5gH7jK9mN1p' * 2 + 'aB3d')), 'requests' in sys.modules);"
        "import requests; print(callable(requests.get))"
    )
    said = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["1", "False", "True"]
