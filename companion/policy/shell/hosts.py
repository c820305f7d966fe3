"""Which machines a program that only looks is told to ask, or to go by. What may be a host counts as one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from companion.policy.shell.words import Value

_COUNTS = {
    "ping": "c i W w s t m M p Q S T l F",
    "ping6": "c i W w s t m M p Q S T l F",
    "traceroute": "m q w p N t z",
    "traceroute6": "m q w p N t z",
    "tracepath": "m p l",
    "mtr": "c i s m P B G Z f",
    "dig": "p",
    "drill": "p",
    "host": "W R N",
    "whois": "p",
    "ssh-keyscan": "p T",
}
"""Letters of options whose value is a number."""
_KINDS = {"dig": "t c", "drill": "t", "host": "t c", "ssh-keyscan": "t"}
"""Those whose value is a kind of record or key."""
_RECORD = re.compile(r"a|aaaa|any|caa|cname|dnskey|ds|in|mx|ns|ptr|soa|srv|txt", re.IGNORECASE)
_DATABASES = frozenset({"hosts", "ahosts", "ahostsv4", "ahostsv6"})
_UNKNOWN = "this word"

ASKERS = frozenset({*_COUNTS, "nslookup", "getent"})
"""Programs whose words name hosts."""

WAYS = frozenset(
    {"proxy", "preproxy", "proxy1.0", "socks4", "socks4a", "socks5", "socks5-hostname"}
    | {"connect-to", "resolve", "dns-servers"}
)
"""Options of curl that say where it really connects."""

_TAKES = (
    "servername CAfile CApath CAstore CRL starttls cert certform cert_chain key keyform cipher ciphersuites curves "
    "groups sigalgs alpn nextprotoneg verify verify_depth verify_hostname verify_ip verify_email xmpphost name "
    "maxfraglen sess_in psk psk_identity unix bind port min_protocol max_protocol use_srtp "
    "dane_tlsa_domain dane_tlsa_rrdata"
)
"""Options of `openssl s_client` whose value is no host that it connects to."""

_ADDRESS = r"\[[0-9a-fA-F:.%]+\]|[\w.-]*"
_PROXY = re.compile(rf"(?:\w+://)?(?:[^/@\s]*@)?({_ADDRESS})(?::\d+)?/?")
_CONNECT_TO = re.compile(rf"(?:{_ADDRESS}):\d*:({_ADDRESS}):\d*")
_RESOLVE = re.compile(r"\+?(?:\[[^\]]*\]|[^:\[]*):\d+:(.+)")
_SERVER = re.compile(rf"({_ADDRESS})(?::\w+)?")


def asked_hosts(name: str, args: Sequence[Value]) -> Iterator[str]:
    """The hosts that one of ASKERS asks, and asks about."""
    if name == "getent" and (not args or args[0].constant not in _DATABASES):
        return
    words = [arg.constant for arg in args]
    for at, word in enumerate(words):
        if word is None:
            yield args[at].text or _UNKNOWN
        elif word.startswith("+"):
            # An option of dig; what it may name comes behind a "=".
            yield from [word.partition("=")[2]] if re.search(r"=.*[.:]", word) else ()
        elif word.startswith("-") and len(word) > 1:
            # A host may stand in the same word as the option that takes it.
            attached = re.fullmatch(r"--[\w-]+=(.+)|-\w(.*[.:].*)", word)
            yield from [attached[1] or attached[2]] if attached else ()
        elif not _is_value(name, words[at - 1] if at else None, word) and not (name == "getent" and at == 0):
            yield word.removeprefix("@")


def _is_value(name: str, option: str | None, word: str) -> bool:
    """Whether the word is a number or a kind that the option before it takes, or stands there by itself."""
    letter = option[-1:] if option and re.fullmatch(r"-\w+", option) else ""
    if letter and letter in _COUNTS.get(name, "").split():
        return re.fullmatch(r"\d+(?:\.\d+)?", word) is not None
    if letter and letter in _KINDS.get(name, "").split():
        return re.fullmatch(r"[\w,-]+", word) is not None
    return name in {"dig", "drill"} and _RECORD.fullmatch(word) is not None


def way_hosts(option: str, text: str | None) -> list[str] | None:
    """The hosts that a value of one of WAYS names, none for those of the address; None for what is not understood."""
    if text is None:
        return None
    match option:
        case "connect-to":
            found = _CONNECT_TO.fullmatch(text)
            return None if found is None else [found[1]] if found[1] else []
        case "resolve" if re.fullmatch(r"-[^,]*:\d+", text):
            return []
        case "resolve":
            found = _RESOLVE.fullmatch(text)
            return None if found is None else _each(found[1])
        case "dns-servers":
            return _each(text)
        case _:
            found = _PROXY.fullmatch(text)
            return None if found is None else [found[1]] if found[1] else []


def _each(text: str) -> list[str] | None:
    found: list[str] = []
    for one in text.split(","):
        # An address of version 6 may stand there without its brackets.
        server = None if re.fullmatch(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*", one) else _SERVER.fullmatch(one)
        if server is None:
            found.append(f"[{one}]")
        elif server[1]:
            found.append(server[1])
        else:
            return None
    return found


def server_hosts(args: Sequence[Value]) -> Iterator[str]:
    """The hosts that `openssl s_client` connects to, or goes by. Without one it is this machine."""
    words = [arg.constant for arg in args[1:]]
    named = False
    for at, word in enumerate(words):
        option = (words[at - 1] or "").lstrip("-") if at and (words[at - 1] or "").startswith("-") else ""
        if (word is not None and word.startswith("-")) or option in _TAKES.split():
            continue
        server = _SERVER.fullmatch(word or "\0")
        named = named or option != "proxy"
        yield server[1] if server and server[1] else _UNKNOWN
    if not named:
        yield "localhost"
