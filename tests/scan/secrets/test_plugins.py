import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator

import detect_secrets.plugins
import pytest
from detect_secrets.plugins.base import RegexBasedDetector
from hypothesis import given
from hypothesis import strategies as st

from companion.scan.secrets.engine import TooMuchError
from companion.scan.secrets.pem import KeyBlocks
from companion.scan.secrets.plugins import NOT_USED, USES, DetectSecrets
from companion.scan.secrets.rules import OwnRules
from companion.scan.secrets.values import is_password, is_sample
from tests.scan.secrets.adversarial import BODY

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


def plugins() -> dict[str, RegexBasedDetector]:
    found = {}
    for module in pkgutil.iter_modules(detect_secrets.plugins.__path__):
        for value in vars(importlib.import_module(f"detect_secrets.plugins.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, RegexBasedDetector) and value is not RegexBasedDetector:
                found[value.__name__] = value()
    return found


OWN = OwnRules()
PLUGINS = plugins()
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9"
DRAWN = st.text("abcdef0123456789", min_size=20, max_size=66) | st.text("aZ09_-/+zyxQRS", min_size=20, max_size=90)
# Lines of what plugins look for: whole, nearly whole, beside other things, and drawn anew.
lines = st.lists(
    st.one_of(
        st.sampled_from([frame.replace("{}", secret) for _, frame, secret in FOUND]),
        st.builds(lambda frame, drawn: frame[1].replace("{}", drawn), st.sampled_from(FOUND), DRAWN),
        st.builds(
            lambda name, sign, quote, drawn: f"{name}{sign}{quote}{drawn}{quote}",
            st.sampled_from(
                [
                    "sl_key",
                    "softlayerapitoken",
                    "cl-api-key",
                    "cloudant_pwd",
                    "ibm_cloud_api_key",
                    "KEY",
                    "aws_token",
                    "secret-access-key",
                ]
            ),
            st.sampled_from(["=", " = ", ": ", ":=", "=>", " ", "::"]),
            st.sampled_from(["", '"', "'"]),
            st.text("abcdef0123456789", min_size=24, max_size=24)
            | st.sampled_from([HEX[:64], HEX[:48], ALNUM[:44], ALNUM[:40], ALNUM[:64].lower()]),
        ),
        st.sampled_from(
            [JWT, f"x{JWT}.{ALNUM[:43]}", "eyJhIjoxfQ.eyJhIjoxfQ", "AKIA", "é😀", "text of no weight", '"', "=", "//"]
        ),
    ),
    max_size=4,
)
pages = st.lists(
    st.builds(lambda parts, by: by.join(parts), lines, st.sampled_from([" ", "", ", ", '"'])), max_size=4
).map("\n".join)


def left(text: str, spans: list[tuple[int, int]]) -> str:
    """`text` with something else in the place of spans."""
    letters = list(text)
    for start, end in spans:
        letters[start:end] = "\0" * (end - start)
    return "".join(letters)


def seen(plugin: RegexBasedDetector, line: str) -> Iterator[tuple[int, int]]:
    """Where the secrets stand that a plugin names in a line. Of a registry's token, which it reads to the line's end,
    the first letters."""
    secrets = set(plugin.analyze_string(line))
    for pattern in plugin.denylist:
        for match in pattern.finditer(line):
            for group in range(pattern.groups + 1):
                if match[group] in secrets and not is_sample(match[group][-16:]):
                    start, end = match.span(group)
                    yield start, min(end, start + 20) if "npm_" in match[group] else end


@given(pages)
def test_whatever_a_plugin_finds_is_hidden(engine: DetectSecrets, text: str) -> None:
    hidden = left(text, [(span.start, span.end) for span in engine.find(text)])
    for name in {use.plugin for use in USES}:
        for line, rest in zip(text.split("\n"), hidden.split("\n"), strict=True):
            for start, end in seen(PLUGINS[name], line):
                assert not re.search(r"[A-Za-z0-9_]{4}", rest[start:end]), (name, line[start:end])


@given(
    st.sampled_from(["https", "postgres", "amqp+ssl"]),
    st.text("abcXYZ019._-", min_size=1, max_size=12),
    st.text("abcXYZ019._-%", min_size=1, max_size=24),
)
def test_whatever_the_plugin_for_urls_finds_is_hidden_where_it_may_be_a_password(
    scheme: str, user: str, word: str
) -> None:
    text = f"see {scheme}://{user}:{word}@db.internal/x and more"
    hidden = left(text, [(span.start, span.end) for span in OWN.find(text)] if is_password(word) else [])
    assert list(PLUGINS["BasicAuthDetector"].analyze_string(text)) == [word]
    assert (f":{word}@" in hidden) is not is_password(word)


@pytest.mark.parametrize("kind", ["RSA ", "EC ", "DSA ", "OPENSSH ", "", "PGP "])
def test_whatever_the_plugin_for_keys_finds_is_hidden_where_a_key_follows(kind: str) -> None:
    block = " BLOCK" if kind == "PGP " else ""
    text = f"-----BEGIN {kind}PRIVATE KEY{block}-----\n{BODY}\n-----END {kind}PRIVATE KEY{block}-----\n"
    assert list(PLUGINS["PrivateKeyDetector"].analyze_string(text.partition("\n")[0]))
    (span,) = KeyBlocks().find(text)
    assert (span.start, span.end) == (0, len(text) - 1)


@pytest.mark.parametrize("part", ["eyJhIjowfQ.", "AKIA", "//h/:_authToken=npm_a ", '"AKCabcdefgh2" '])
def test_a_text_of_nothing_but_findings_is_refused(engine: DetectSecrets, part: str) -> None:
    with pytest.raises(TooMuchError):
        engine.find(part * 60_000)


def test_a_run_of_beginnings_is_read_once(engine: DetectSecrets) -> None:
    assert engine.find("eyJ" * 100_000 + " eyJhbGciOi.x") == []
