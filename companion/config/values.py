"""Readers of single values: each takes a decoded TOML value and gives it as the schema holds it, or raises Unfit."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

from companion.config.complaints import Unfit, nearest, quoted
from companion.policy.rulebook import BadRule, read_rule

Reader = Callable[[object], object]

MOST_DOLLARS = 9_000_000
"""What int64 picodollars can hold, rounded down."""

_AMOUNT = re.compile(r"[0-9]{1,7}(\.[0-9]{1,12})?")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")
_WORD = re.compile(r"[\x21-\x7e]{1,200}")
UPSTREAM_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
LONGEST_NAME = 1_000
MOST_CANDIDATES = 16

_HIDDEN = "text that is not shown here, since it may hold a secret"


def text(value: object) -> str:
    """Any text."""
    if not isinstance(value, str):
        raise Unfit
    return value


def word(value: object) -> str:
    """Visible ASCII without spaces, up to 200 characters: names of models, branches and the like."""
    if not _WORD.fullmatch(text(value)):
        raise Unfit
    return text(value)


def whole(least: int, most: int) -> Reader:
    """A whole number from `least` to `most`."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise Unfit
        return value

    return read


def yes_or_no(value: object) -> bool:
    """A boolean, and nothing that merely looks like one."""
    if not isinstance(value, bool):
        raise Unfit
    return value


def choice(choices: type[StrEnum] | tuple[str, ...]) -> Reader:
    """One of a few words."""
    known = {str(one): one for one in choices}

    def read(value: object) -> str:
        given = text(value)
        if given not in known:
            raise Unfit(hint=nearest(given, known))
        return known[given]

    return read


def file_names(value: object) -> tuple[str, ...]:
    """Names of files without any folder, each once, in the order given."""
    return _list_of(value, _file_name)


def branch_names(value: object) -> tuple[str, ...]:
    """Names of git branches, each once, in the order given."""
    return _list_of(value, word)


def command_rules(value: object) -> tuple[str, ...]:
    """Rules about commands, each once, in the order given."""
    return _list_of(value, _command_rule)


def _command_rule(value: object) -> str:
    rule = text(value)
    try:
        read_rule(rule)
    except BadRule as bad:
        raise Unfit(hint=str(bad)) from bad
    return rule


def host_names(value: object) -> tuple[str, ...]:
    """Names of hosts in lower case, each once, in the order given; "*." in front stands for every host below."""
    return _list_of(value, _host_name)


def _host_name(value: object) -> str:
    name = text(value).lower()
    if not _HOST.fullmatch(name.removeprefix("*.")) or ".." in name or ("*" in name and "." not in name[2:]):
        raise Unfit
    return name


def words_of(choices: Iterable[str]) -> Reader:
    """Some of a few words, each once, in the order given."""
    known = choice(tuple(choices))
    return lambda value: _list_of(value, lambda one: str(known(one)))


def phrases(value: object) -> tuple[str, ...]:
    """What to look for in a text whatever its case: each once, in lower case, in the order given."""
    return _list_of(value, _phrase)


def _phrase(value: object) -> str:
    phrase = text(value).strip()
    if not phrase or len(phrase) > 60 or not phrase.isprintable():
        raise Unfit
    return phrase.lower()


def candidates(value: object) -> tuple[str, ...]:
    """Upstreams in fail-over order, each alone or with a model: "NAME" or "NAME/MODEL". None stands there twice."""
    found = _list_of(value, _candidate)
    if not found:
        raise Unfit("an empty list")
    if isinstance(value, list | tuple) and len(found) < len(value):
        raise Unfit("one of them twice")
    if len(found) > MOST_CANDIDATES:
        raise Unfit(f"{len(found)} of them")
    return found


def _candidate(value: object) -> str:
    upstream, slash, model = text(value).partition("/")
    if not UPSTREAM_NAME.fullmatch(upstream) or (slash and not _WORD.fullmatch(model)):
        raise Unfit
    return upstream + slash + model


def weights(value: object) -> tuple[int, ...]:
    """Whole numbers from 0 to 1000, not all of them 0."""
    if not isinstance(value, list | tuple):
        raise Unfit
    for item in value:
        if isinstance(item, bool) or not isinstance(item, int) or not 0 <= item <= 1_000:
            raise Unfit
    if not any(value):
        raise Unfit("nothing above 0")
    return tuple(value)


def keyring_entry(value: object) -> str:
    """SERVICE/USER, the user behind the last slash. Never shown when it is none: people put the key itself here."""
    if not isinstance(value, str):
        raise Unfit
    service, _, user = value.rpartition("/")
    if not service.strip() or not user.strip() or not value.isprintable() or len(value) > 200:
        raise Unfit(_HIDDEN, "put the key into the keyring and name its service and user here")
    return value


def is_name(name: str) -> bool:
    """Whether a key, a project, a client and the like can be called so."""
    return 0 < len(name) <= LONGEST_NAME and name.isprintable()


def _list_of(value: object, read: Callable[[object], str]) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise Unfit
    names: dict[str, None] = {}
    for index, item in enumerate(value, start=1):
        try:
            names[read(item)] = None
        except Unfit as unfit:
            found = quoted(item) if isinstance(item, str) else f"a {type(item).__name__}"
            raise Unfit(unfit.found or f"{found} as item {index}") from unfit
    return tuple(names)


def _file_name(value: object) -> str:
    name = text(value)
    if name in {"", ".", ".."} or len(name) > 200 or not name.isprintable() or "/" in name or "\\" in name:
        raise Unfit
    return name


def amount(value: object) -> Decimal:
    """US dollars, above 0, exact."""
    match value:
        case str() if _AMOUNT.fullmatch(value):
            dollars = Decimal(value)
        case int() if not isinstance(value, bool):
            dollars = Decimal(value)
        case Decimal() if value.is_finite():
            dollars = value
        case _:
            raise Unfit
    exponent = dollars.as_tuple().exponent
    if not 0 < dollars <= MOST_DOLLARS or not isinstance(exponent, int) or exponent < -12:
        raise Unfit
    return dollars


def is_loopback(host: str) -> bool:
    """Whether a host means this machine and no other. A name other than localhost never does."""
    try:
        return "%" not in host and ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def loopback_host(value: object) -> str:
    """An address; localhost is read as 127.0.0.1, since a name could be made to mean another machine."""
    host = text(value)
    if not is_loopback(host):
        raise Unfit
    return "127.0.0.1" if host.lower() == "localhost" else host


def variable_name(value: object) -> str:
    """Name of an environment variable. Never shown when it is none: people put the key itself here."""
    if not isinstance(value, str):
        raise Unfit
    if not _VARIABLE.fullmatch(value):
        raise Unfit(_HIDDEN, "put the key into an environment variable and name that variable here")
    return value


def path_text(value: object) -> str:
    """A path as it is written; `load` makes it absolute."""
    path = text(value)
    if not path or not path.isprintable() or len(path) > 4000:
        raise Unfit
    return path


def path_texts(value: object) -> tuple[str, ...]:
    """As `path_text`, several, each once."""
    return _list_of(value, path_text)


def upstream_url(value: object) -> str:
    """A base URL without its closing slash."""
    url = text(value)
    if "://" not in url:
        raise Unfit(_HIDDEN if url else 'the text ""', "begin it with https://")
    if any(mark in url for mark in "@?#"):
        raise Unfit(
            "a URL with a user name, a query or a fragment (not shown)",
            "name the variable that holds the key with key_env instead",
        )
    if not _WORD.fullmatch(url) or "\\" in url:
        raise Unfit
    parts = _split(url)
    host = parts.hostname or ""
    if parts.scheme == "http" and not is_loopback(host):
        raise Unfit(hint="http would send prompts in the clear; use https")
    return url.rstrip("/")


def _split(url: str) -> SplitResult:
    """Raises Unfit when it is not http or https, or when host or port are none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        named = _HOST.fullmatch(host) or ipaddress.ip_address(host)
    except ValueError as error:
        raise Unfit from error
    if parts.scheme not in {"http", "https"} or not named or port == 0:
        raise Unfit
    return parts
