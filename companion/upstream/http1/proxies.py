"""Which proxy a request goes through, as the environment says it and as httpx reads it."""

from __future__ import annotations

import ipaddress
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.request import getproxies

import httpx


@dataclass(frozen=True, slots=True)
class Proxy:
    variable: str
    """Of the environment, where it is written."""
    scheme: str
    host: str
    port: int
    authorization: bytes = field(default=b"", repr=False)
    """For Proxy-Authorization; empty when the proxy asks for none."""

    @classmethod
    def parse(cls, variable: str, written: str) -> Proxy:
        try:
            url = httpx.URL(written if "://" in written else f"http://{written}")
        except httpx.InvalidURL:
            return cls(variable, "", "", 0)
        userinfo = b""
        if url.username or url.password:
            userinfo = b"Basic " + b64encode(f"{url.username}:{url.password}".encode())
        port = url.port or (443 if url.scheme == "https" else 80)
        return cls(variable, url.scheme, url.raw_host.decode("ascii"), port, userinfo)

    def check(self) -> None:
        """Raises httpx.UnsupportedProtocol when this client cannot speak to it."""
        if not self.host:
            raise httpx.UnsupportedProtocol(f"{self.variable} is not the address of a proxy")
        if self.scheme != "http":
            raise httpx.UnsupportedProtocol(
                f"{self.variable} names a proxy of the kind {self.scheme}://; only http:// proxies are supported"
            )


@dataclass(frozen=True, slots=True)
class _Rule:
    scheme: str
    """"" for any."""
    host: str
    """"" for any, "*.x" for the names below x, "*x" for these and x itself."""
    port: int | None
    proxy: Proxy | None

    @classmethod
    def parse(cls, pattern: str, proxy: Proxy | None) -> _Rule | None:
        """None for a pattern that no URL could match."""
        try:
            url = httpx.URL(pattern)
        except httpx.InvalidURL:
            return None
        scheme = "" if url.scheme == "all" else url.scheme
        return cls(scheme, "" if url.host == "*" else url.host, url.port, proxy)

    @property
    def rank(self) -> tuple[bool, int, int]:
        """The most particular first."""
        return (self.port is None, -len(self.host), -len(self.scheme))

    def matches(self, url: httpx.URL) -> bool:
        if (self.scheme and self.scheme != url.scheme) or (self.port is not None and self.port != url.port):
            return False
        host, name = url.host, self.host
        if name.startswith("*."):
            return host.endswith(name[1:]) and len(host) > len(name[1:])
        if name.startswith("*"):
            return host == name[1:] or host.endswith("." + name[1:])
        return not name or host == name


class Proxies:
    """The proxies of an environment. A loopback address is never reached through one."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        """`environment` maps "http", "https", "all", "no" to what HTTP_PROXY and its like say; None: as it is now."""
        said = getproxies() if environment is None else environment
        used = [
            _Rule.parse(f"{scheme}://", Proxy.parse(f"{scheme.upper()}_PROXY", said[scheme]))
            for scheme in ("http", "https", "all")
            if said.get(scheme)
        ]
        spared = [name for entry in said.get("no", "").split(",") if (name := entry.strip())]
        if "*" in spared:
            used, spared = [], []
        rules = [rule for rule in (*used, *(_Rule.parse(_pattern(name), None) for name in spared)) if rule]
        self._rules = sorted(rules, key=lambda rule: rule.rank)

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts that are connected to in place of an upstream's."""
        return frozenset(rule.proxy.host for rule in self._rules if rule.proxy is not None)

    def find(self, url: httpx.URL) -> Proxy | None:
        if not self._rules or _is_loopback(url.host):
            return None
        return next((rule.proxy for rule in self._rules if rule.matches(url)), None)


def _pattern(name: str) -> str:
    if "://" in name:
        return name
    name = name.strip("[]")
    bare = name.partition("/")[0]
    try:
        version = ipaddress.ip_address(bare).version
    except ValueError:
        return f"all://{name}" if name.lower() == "localhost" else f"all://*{name}"
    return f"all://{name}" if version == 4 else f"all://[{name}]"


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
