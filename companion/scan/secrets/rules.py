"""companion's own rules: what they are is data in rules.toml, how they are tried stands here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

from companion.model.facts import Confidence
from companion.scan.secrets.engine import Span, glance
from companion.scan.secrets.prefilter import Prefilter
from companion.scan.secrets.values import is_basic, is_password, is_random, is_sample

_NAME = "rules"
_VERSION = "1"

_BEFORE = re.compile(r"[A-Za-z0-9_.-]{0,60}\Z")
_REST = re.compile(r"[A-Za-z0-9_.-]*")
_LINE_START = re.compile(
    r"(?:^|[\n\r]|\\[nr])[ \t]*(?:[-+>|*]|\d{1,6}[\t:|])?[ \t]*(?:export |set |env |arg |-e |\$env:)?\Z",
    re.IGNORECASE,
)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_CONNECTION = re.compile(r"(?i)(?:server|data source|host|uid|user(?: id|name)?|database|initial catalog|driver)\s?=")

_PASSWORD_WORD = re.compile(r"pass|password|passwd|passphrase|passcode|pwd")
_SECRET_WORD = re.compile(
    r"tokens?|secrets?|credentials?|creds?|apikey|authtoken|accesstoken|secretkey|privatekey|accesskey"
)
_KEY_OWNER = re.compile(
    r"api|access|secret|private|auth|encrypt|encryption|decryption|sign|signing|master|account|storage|subscription"
    r"|shared|client|license|service|app|application|admin|deploy|webhook|hmac|jwt|aes|session|cookie"
)
# A name with one of these words says something about a secret and does not hold one.
_ABOUT = re.compile(
    r"public|primary|foreign|cache|sort|partition|type|name|ids?|ur[il]|path|file|dir|endpoint|field|header|label|title"
    r"|hint|help|message|error|text|length|size|count|max|min|limit|ttl|expiry|expires|prefix|suffix|format|pattern"
    r"|regex|algo|algorithm|column|placeholder|param|parameter|scopes?|tokenizer|usage|input|output|version|policy"
    r"|manager|provider|class|store|ref|selector|digest|index"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of rules.toml."""

    id: str
    type: str
    confidence: Confidence
    literals: tuple[str, ...]
    pattern: re.Pattern[str]
    check: str
    samples: tuple[str, ...]
    decoys: tuple[str, ...]


class OwnRules:
    """Tries each rule where one of its literals stands; never anywhere else."""

    name = _NAME
    version = _VERSION

    def __init__(self) -> None:
        self._tries = [(literal, rule) for rule in load_rules() for literal in rule.literals]
        self._prefilter = Prefilter([literal for literal, _ in self._tries], literal=True)

    def load(self) -> str:
        return ""

    def find(self, text: str) -> list[Span]:
        lowered = lower(text)
        spans: dict[Span, None] = {}
        for number in self._prefilter.possible(lowered):
            literal, rule = self._tries[number]
            position = lowered.find(literal)
            while position >= 0:
                glance()
                match = rule.pattern.match(text, position)
                if match and CHECKS[rule.check](match["secret"], match):
                    start, end = match.span("secret")
                    spans[Span(start, end, rule.type, rule.id, _NAME, rule.confidence)] = None
                position = lowered.find(literal, position + len(literal))
        return list(spans)


def lower(text: str) -> str:
    """`text` in lower case, each character in its place."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


@cache
def load_rules() -> tuple[Rule, ...]:
    """The rules as they ship."""
    rows = tomllib.loads(files(__package__).joinpath("rules.toml").read_text("utf-8"))["rule"]
    return tuple(
        Rule(
            id=row["id"],
            type=row["type"],
            confidence=Confidence(row["confidence"]),
            literals=tuple(row["literals"]),
            pattern=re.compile(row["pattern"]),
            check=row["check"],
            samples=tuple(row["samples"]),
            decoys=tuple(row["decoys"]),
        )
        for row in rows
    )


def _name(match: re.Match[str]) -> tuple[str, list[str], int]:
    """The name that a value is assigned to: whole, in words, and where it starts."""
    before = _BEFORE.search(match.string, max(0, match.start() - 60), match.start())
    start = before.start() if before else match.start()
    if match.string[max(0, start - 1) : start + 1] in ("\\n", "\\r", "\\t"):
        start += 1
    rest = _REST.match(match.string, match.start())
    name = match.string[start : rest.end() if rest else match.end()]
    return name, [part.lower() for part in _PARTS.findall(name)], start


def _is_secret_name(words: list[str], *, env: bool) -> bool:
    if any(_ABOUT.fullmatch(word) for word in words):
        return False
    if any(_SECRET_WORD.fullmatch(word) for word in words) or words[-1:] == ["auth"]:
        return True
    pairs = pairwise(["", *words])
    return any(word == "key" and (env or _KEY_OWNER.fullmatch(owner) is not None) for owner, word in pairs)


def _is_password_name(words: list[str]) -> bool:
    return any(map(_PASSWORD_WORD.fullmatch, words)) and not any(map(_ABOUT.fullmatch, words))


def _is_chosen(value: str) -> bool:
    """A password that a person thought of: letters and something else, and no everyday word."""
    mixed = any(c.isalpha() for c in value) and any(c.isdigit() for c in value)
    return (
        is_password(value)
        and mixed
        and not re.fullmatch(r"[a-z_.-]+\d{0,2}|[\w.]+\(.*|/[\w/.-]+|[\w.]+|[\w.-]+:\d+", value)
    )


def _assigned_secret(value: str, match: re.Match[str]) -> bool:
    name, words, _ = _name(match)
    return is_random(value) and _is_secret_name(words, env=name.isupper())


def _assigned_password(value: str, match: re.Match[str]) -> bool:
    return (is_random(value) or _is_chosen(value)) and _is_password_name(_name(match)[1])


def _starts_line(match: re.Match[str], start: int) -> bool:
    return _LINE_START.search(match.string, max(0, start - 40), start) is not None


def _line_secret(value: str, match: re.Match[str]) -> bool:
    name, words, start = _name(match)
    return is_random(value) and _is_secret_name(words, env=name.isupper()) and _starts_line(match, start)


def _line_password(value: str, match: re.Match[str]) -> bool:
    _, words, start = _name(match)
    return (is_random(value) or _is_chosen(value)) and _is_password_name(words) and _starts_line(match, start)


def _connection(value: str, match: re.Match[str]) -> bool:
    line = match.string[max(0, match.start() - 300) : match.end() + 300]
    return is_password(value) and ";" in line and _CONNECTION.search(line) is not None


def _query(value: str, match: re.Match[str]) -> bool:
    string = match.string
    link = string.rfind("?", max(0, match.start() - 300), match.start())
    return link >= 0 and not any(c.isspace() for c in string[link : match.start()]) and is_random(value)


def _token(value: str) -> bool:
    return "EXAMPLE" not in value and not is_sample(value[-16:])


def _mixed(value: str) -> bool:
    kinds = (str.isupper, str.islower, str.isdigit)
    return "EXAMPLE" not in value and all(any(kind(c) for c in value) for kind in kinds)


Check = Callable[[str, re.Match[str]], bool]

CHECKS: dict[str, Check] = {
    "token": lambda value, _: _token(value),
    "mixed": lambda value, _: _mixed(value),
    "password": lambda value, _: is_password(value),
    "random": lambda value, _: is_random(value),
    "basic": lambda value, _: is_basic(value),
    "connection": _connection,
    "query": _query,
    "assigned-secret": _assigned_secret,
    "assigned-password": _assigned_password,
    "line-secret": _line_secret,
    "line-password": _line_password,
}
