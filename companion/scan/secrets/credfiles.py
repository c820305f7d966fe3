"""The secrets in files that tools keep credentials in: `.netrc`, `.npmrc`, `.aws/credentials`, keys and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.scan.secrets.values import is_password, is_sample

_NAMES = frozenset(
    {
        ".netrc", "_netrc", ".npmrc", ".yarnrc.yml", ".pypirc", ".pgpass", ".git-credentials", ".my.cnf", ".dockercfg",
        ".htpasswd", ".s3cfg", ".boto", "credentials", "credentials.json", "credentials.yml", "credentials.yaml",
        "credentials.toml", "credentials.ini", "secrets", "secrets.yml", "secrets.yaml", "secrets.json", "secrets.toml",
        "secrets.ini", "secrets.env", "secrets.properties", "config.secret.json", "local.settings.json", "master.key",
        "kubeconfig", "kubeconfig.yml", "kubeconfig.yaml", "terraform.tfvars", "terraform.tfvars.json",
        "service-account.json", "service_account.json", "serviceaccount.json", "id_rsa", "id_ecdsa", "id_ed25519",
        "id_dsa",
    }
)  # fmt: skip
_ENDINGS = (".pem", ".key", ".ppk", ".auto.tfvars", ".secret", ".secrets")
# Files with common names, in which only what a name tells of is taken.
_PAIR = re.compile(
    r"""(?ix) (?P<name>[\w.:/-]{0,60}(?:pass|pwd|secret|token|key|auth|cred|private)[\w.-]{0,40}) ["']? [ \t]{0,8} [:=]
        [ \t]{0,8}
        (?: "(?P<double>(?:[^"\\\n]|\\.){8,4096})" | '(?P<single>[^'\n]{8,4096})' | (?P<bare>[^\s"',;}]{8,4096}) )"""
)
_PUBLIC = re.compile(
    r"(?i)public|certificate|authority|[_-]id\b|Id\b|uri|url|email|path|file|type|name"
    r"|always-auth|provider"
)
_NETRC = re.compile(r"(?i)\bpassword[ \t]+(?P<value>[^\s\"']{4,200})")
_FIFTH = re.compile(r"(?m)^[^\s:#]+:[^\s:]+:[^\s:]+:[^\s:]+:(?P<value>[^\s:]{4,200})$")
_URL = re.compile(r"://[^\s:/@]{0,128}:(?P<value>[^\s/@]{4,256})@")
_HASHED = re.compile(r"(?m)^[^\s:#]{1,128}:(?P<value>[$\{][^\s:]{12,256})$")
_BODY = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
_ALONE = re.compile(r"\s*(?P<value>[A-Za-z0-9+/=_-]{16,512})\s*")
_MOST_LINES = 64
_SHORTEST = 8


def is_credential_name(name: str) -> bool:
    """Whether a file of this name, without its folder, holds credentials."""
    return name in _NAMES or name.endswith(_ENDINGS)


def credential_values(name: str, text: str) -> list[str]:
    """The secrets in a file of this name, in order, each once; of a private key each of its lines."""
    found = [value for value in _values(name, text) if len(value) >= _SHORTEST and not is_sample(value)]
    return list(dict.fromkeys(found))


def _values(name: str, text: str) -> Iterator[str]:
    if "PRIVATE KEY" in text or "Private-Lines" in text:
        private = text[text.find("PRIVATE KEY") if "PRIVATE KEY" in text else text.find("Private-Lines") :]
        yield from _BODY.findall(private)[:_MOST_LINES]
    if name.endswith((".pem", ".ppk")):
        return
    if name.endswith((".key", ".secret")) and (alone := _ALONE.fullmatch(text)):
        yield alone["value"]
    if name in (".netrc", "_netrc"):
        yield from (match["value"] for match in _NETRC.finditer(text))
        return
    if name == ".pgpass":
        yield from (match["value"] for match in _FIFTH.finditer(text))
        return
    if name == ".htpasswd":
        yield from (match["value"] for match in _HASHED.finditer(text))
        return
    for match in _PAIR.finditer(text):
        value = match["double"] or match["single"] or match["bare"] or ""
        if not _PUBLIC.search(match["name"]) and is_password(value) and not _is_plain(value):
            yield value
    yield from (match["value"] for match in _URL.finditer(text) if is_password(match["value"]))


def _is_plain(value: str) -> bool:
    """Whether it is a switch, a number, an address or a path rather than a secret."""
    return (
        value.isdigit()
        or value.startswith(("/", "./", "~/", "-----BEGIN", "http://", "https://"))
        or (value.isalpha() and value.islower() and len(value) < 12)
    )
