"""Which addresses an upstream may be connected to, whatever its name resolves to at that moment."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Iterable
from enum import Enum, auto
from urllib.parse import urlsplit

from companion.upstream.sender import Target

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Where clouds hand out a machine's credentials to whoever asks from it.
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",
        "169.254.169.253",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::253",
        "fd00:ec2::23",
        "fd20:ce::254",
    )
)
_GLOBAL = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LOCAL = (ipaddress.IPv6Network("fc00::/7"), ipaddress.IPv6Network("fe80::/10"), ipaddress.IPv6Network("fec0::/10"))
# An IPv4 host of which nobody knows the address, and everything that is no single host.
_NOBODY = (ipaddress.IPv4Network("0.0.0.0/8"), ipaddress.IPv4Network("224.0.0.0/3"))


class _Reach(Enum):
    NEVER = auto()
    LOOPBACK = auto()
    PRIVATE = auto()
    PUBLIC = auto()


def permits(target: Target, address: str) -> bool:
    """Whether calls to `target` may go to `address`, which its host has just resolved to.

    A host that means this machine may only be this machine. Any other may be no private, link-local or loopback address
    unless the target allows it, and none that hands out credentials in any case; without TLS it may be no public one.
    """
    reach = _reach(address)
    parts = urlsplit(target.url)
    if _means_this_machine(parts.hostname or ""):
        return reach is _Reach.LOOPBACK
    if reach is _Reach.PUBLIC:
        return parts.scheme == "https"
    return target.allow_private and reach is not _Reach.NEVER


def permits_any(targets: Callable[[], Iterable[Target]], proxies: Collection[str] = ()) -> Callable[[str, str], bool]:
    """`permits` for a transport that knows the host, not the target: some target of that host has to allow the address.

    A host that no target has any more, of a call under way while the configuration changed, is held to the strictest.
    `proxies` are the hosts that the person's environment puts between: they may be anywhere but where credentials are.
    """

    def permitted(host: str, address: str) -> bool:
        if host in proxies:
            return _reach(address) is not _Reach.NEVER
        known = [target for target in targets() if urlsplit(target.url).hostname == host]
        return any(permits(target, address) for target in known or [Target("", f"https://{_bracketed(host)}", "")])

    return permitted


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _means_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _parse(host)
    return address is not None and address.is_loopback


def _reach(text: str) -> _Reach:
    address = _parse(text)
    if address is None or address in _METADATA:
        return _Reach.NEVER
    if address.is_loopback:
        return _Reach.LOOPBACK
    if isinstance(address, ipaddress.IPv4Address):
        if any(address in net for net in _NOBODY):
            return _Reach.NEVER
        return _Reach.PUBLIC if address.is_global else _Reach.PRIVATE
    if address in _NAT64:
        behind = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return _Reach.PUBLIC if _reach(str(behind)) is _Reach.PUBLIC else _Reach.NEVER
    if any(address in net for net in _LOCAL):
        return _Reach.PRIVATE
    tunnelled = address.sixtofour or address.teredo
    return _Reach.PUBLIC if address in _GLOBAL and address.is_global and not tunnelled else _Reach.NEVER


def _parse(text: str) -> Address | None:
    """None for what is no address; one of IPv4 that is written as one of IPv6 is one of IPv4."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
