"""What a value must pass to be taken for a secret where a rule's pattern found it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from itertools import pairwise

from companion.scan.secrets.values import (
    is_basic,
    is_chosen,
    is_password,
    is_random,
    is_sample,
    is_strong,
    is_token,
    is_words,
)

Check = Callable[[str, re.Match[str]], bool]

_BEFORE = re.compile(r"[A-Za-z0-9_.-]{0,60}\Z")
_REST = re.compile(r"[A-Za-z0-9_.-]*")
_LINE_START = re.compile(
    r"(?:^|[\n\r]|\\[nr])[ \t]*(?:[-+>|*#]|\d{1,6}[\t:|])?[ \t]*(?:export |set |env |arg |-e |\$env:)?\Z",
    re.IGNORECASE,
)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_CONNECTION = re.compile(
    r"(?i)(?:server|data source|host|uid|user(?: ?id| ?name)?|database|initial catalog|driver|provider)\s?="
)
_LIBPQ = re.compile(r"\b(?:host|port|user|dbname|sslmode)=\S")
_LOGIN = re.compile(
    r"""(?i)\b(?:user(?:[ _-]?(?:name|id))?|login|account|id|uid)["']?\s{0,4}(?:[:=]|=>|as:?)\s{0,4}\S"""
)
_OWNER = re.compile(r"(?i)(?:api|secret|access|private|auth|client|account|encryption|signing|master)[ _-]{0,2}\Z")

# What is said of a password in quotes, instead of what it is.
_SMALL = re.compile(r"[^a-z0-9]+")
_SAID = re.compile(
    r"(?i)string|boolean|varchar\S*|nullable|current-password|new-password|one-time-code|plaintext|required|incorrect|invalid|valid|wrong|empty|blank|hidden|encrypted|hashed|optional|correct|stored|missing"
    r"|unknown|expired|reset|changed|weak|strong|too \w+|not \w+|set|unset|none"
)

_PASSWORD_WORD = re.compile(r"pass|pwd|pw|[a-z]{0,12}(?:password|passwd|passwort|passphrase|passcode)|contrase")
_SECRET_WORD = re.compile(
    r"[a-z]{0,12}(?:tokens?|secrets?|credentials?)|creds?|[a-z]{0,8}apikey|secretkey|privatekey|accesskey|salt|nonce|pat"
)
_SECRET_ITSELF = re.compile(
    r"(?:\w+ )?(?:\w{0,12}secret|\w{0,8}apikey)|(?:api|secret|private|client|auth|service|account|db) key"
)
_LONG_WORD = re.compile(r"[a-z]{18,}")
_SECRET_LAST = re.compile(r"auth|authentication|authorization|api|oauth")
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


def name_of(match: re.Match[str]) -> tuple[str, list[str], int]:
    """The name that a value is assigned to: whole, in words, and where it starts."""
    at = match.start() + (match[0][:1] == "<")
    before = _BEFORE.search(match.string, max(0, at - 60), at)
    start = before.start() if before else at
    if match.string[max(0, start - 1) : start + 1] in ("\\n", "\\r", "\\t"):
        start += 1
    rest = _REST.match(match.string, at)
    name = match.string[start : rest.end() if rest else match.end()]
    return name, [part.lower() for part in _PARTS.findall(name)], start


def _is_secret_name(words: list[str], *, env: bool) -> bool:
    if any(map(_ABOUT.fullmatch, words)):
        return False
    if any(map(_SECRET_WORD.fullmatch, words)) or (words and _SECRET_LAST.fullmatch(words[-1])):
        return True
    pairs = pairwise(["", *words])
    return any(word == "key" and (env or _KEY_OWNER.fullmatch(owner) is not None) for owner, word in pairs)


def _is_key_name(words: list[str]) -> bool:
    """Whether it is some key or other: enough for a value that can be nothing but a token."""
    return len(words) > 1 and words[-1].endswith("key") and not any(map(_ABOUT.fullmatch, words))


def _is_password_name(words: list[str]) -> bool:
    return any(map(_PASSWORD_WORD.fullmatch, words)) and not any(map(_ABOUT.fullmatch, words))


def _starts_line(match: re.Match[str], start: int) -> bool:
    return _LINE_START.search(match.string, max(0, start - 40), start) is not None


def _assigned_secret(value: str, match: re.Match[str]) -> bool:
    name, words, _ = name_of(match)
    if not _is_secret_name(words, env=name.isupper()):
        return _is_key_name(words) and is_token(value)
    if is_random(value):
        return True
    if not value.isascii() or (is_words(value) and not value.isalpha()):
        return False
    said = _SECRET_ITSELF.fullmatch(" ".join(words[-2:])) is not None and _is_secret_name(words, env=False)
    return said and not _is_argument(match) and is_weak(value, name)


def _assigned_password(value: str, match: re.Match[str]) -> bool:
    name, words, _ = name_of(match)
    if not _is_password_name(words):
        return False
    if is_random(value) or is_chosen(value):
        return True
    return _PASSWORD_WORD.fullmatch(words[-1]) is not None and not _is_argument(match) and is_weak(value, name)


def _is_argument(match: re.Match[str]) -> bool:
    """Whether the value stands behind a comma: another argument, or another word of a list."""
    return match.string[match.start() : match.start("secret")].rstrip(" \t\r\n@\\\"'`")[-1:] == ","


def is_weak(value: str, name: str) -> bool:
    """Whether `value`, in quotes behind a password's name, is a weak password rather than a word about passwords."""
    if len(value) < 7 or not value.isascii() or _SAID.fullmatch(value) or not is_password(value):
        return False
    told, called = _SMALL.sub("", value.lower()), _SMALL.sub("", name.lower())
    return len(told) >= 7 and told not in called and called not in told


def _bare_secret(value: str, match: re.Match[str]) -> bool:
    said = match["sep"].strip()
    # Two words behind each other say little: of the second more is wanted than a digit or three.
    strong = is_strong(value) or is_token(value)
    if not strong and (not said or not is_random(value)):
        return False
    if not said and (":" in value or "=" in value.rstrip("=")):
        return False
    name, words, start = name_of(match)
    secret = _is_secret_name(words, env=name.isupper()) or (
        words[-1:] == ["key"] and _OWNER.search(match.string, max(0, match.start() - 12), match.start()) is not None
    )
    if secret:
        return strong or (said != "" and _starts_line(match, start))
    return said != "" and (_is_key_name(words) or (words == ["key"] and said == "=")) and is_token(value)


def _bare_password(value: str, match: re.Match[str]) -> bool:
    if not (is_random(value) or is_chosen(value)):
        _, words, start = name_of(match)
        return _LONG_WORD.fullmatch(value) is not None and _is_password_name(words) and _starts_line(match, start)
    _, words, start = name_of(match)
    said = match.string[match.start() : match.start("secret")].rstrip()
    if said[-1:] not in (":", "=", "：") and "=" in value.rstrip("="):  # noqa: RUF001 - as East Asian text has it
        return False
    if not match[0][:1].isascii():
        return is_strong(value)
    return _is_password_name(words) and (is_strong(value) or _starts_line(match, start))


def _line_password(value: str, match: re.Match[str]) -> bool:
    """Any password in a line of an environment file: NAME=value, nothing around the sign."""
    name, words, start = name_of(match)
    return name.isupper() and _is_password_name(words) and is_password(value) and _starts_line(match, start)


def _beside_login(value: str, match: re.Match[str]) -> bool:
    """A password of any kind behind the name of its user."""
    _, words, start = name_of(match)
    before = match.string[max(0, start - 160) : start]
    return (
        is_password(value) and not is_sample(value) and _is_password_name(words) and _LOGIN.search(before) is not None
    )


def _element(value: str, match: re.Match[str]) -> bool:
    _, words, _ = name_of(match)
    if _is_password_name(words):
        return is_random(value) or is_chosen(value)
    return is_random(value) and (_is_secret_name(words, env=False) or (_is_key_name(words) and is_token(value)))


def _connection(value: str, match: re.Match[str]) -> bool:
    before, after = (
        match.string[max(0, match.start() - 300) : match.start()],
        match.string[match.end() : match.end() + 300],
    )
    if not is_password(value):
        return False
    if ";" in before + after and _CONNECTION.search(before + after) is not None:
        return True
    line = before.rpartition("\n")[2] + " " + after.partition("\n")[0]
    return not value.endswith((",", ")")) and "," not in line and len(_LIBPQ.findall(line)) > 1


def _query(value: str, match: re.Match[str]) -> bool:
    string = match.string
    link = string.rfind("?", max(0, match.start() - 300), match.start())
    if link < 0 or any(c.isspace() for c in string[link : match.start()]):
        return False
    return is_random(value) or (match[0][:1] in "pP" and is_chosen(value))


def _service(value: str, match: re.Match[str]) -> bool:
    if not is_token(value) or "//" in value:
        return False
    words = [part.lower() for part in _PARTS.findall(match[0][: match.start("secret") - match.start()])]
    return not any(map(_ABOUT.fullmatch, words)) or words[-1] == "id"


def _token(value: str, _: re.Match[str]) -> bool:
    return "EXAMPLE" not in value and not is_sample(value[-16:])


def _shaped(value: str, _: re.Match[str]) -> bool:
    return any(map(str.isdigit, value)) and any(map(str.isalpha, value)) and not is_sample(value[-16:])


def _mixed(value: str, _: re.Match[str]) -> bool:
    kinds = (str.isupper, str.islower, str.isdigit)
    return "EXAMPLE" not in value and all(any(kind(c) for c in value) for kind in kinds)


def _key_in_base64(value: str, _: re.Match[str]) -> bool:
    try:
        return b"PRIVATE KEY" in base64.b64decode(value[: len(value) // 4 * 4])
    except (binascii.Error, ValueError):
        return False


CHECKS: dict[str, Check] = {
    "token": _token,
    "mixed": _mixed,
    "shaped": _shaped,
    "key-in-base64": _key_in_base64,
    "password": lambda value, _: is_password(value),
    "chosen": lambda value, _: is_random(value) or is_chosen(value),
    "random": lambda value, _: is_random(value),
    "strong": lambda value, _: is_strong(value),
    "any-token": lambda value, _: is_token(value),
    "service": _service,
    "not-words": lambda value, _: not is_words(value),
    "basic": lambda value, _: is_basic(value),
    "connection": _connection,
    "query": _query,
    "element": _element,
    "pair": _element,
    "said": lambda value, _: is_password(value) and _SAID.fullmatch(value) is None,
    "assigned-secret": _assigned_secret,
    "assigned-password": _assigned_password,
    "bare-secret": _bare_secret,
    "bare-password": _bare_password,
    "line-password": _line_password,
    "beside-login": _beside_login,
}
