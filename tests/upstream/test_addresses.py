"""S11: where a host may lead, whatever it resolves to when a call connects."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.upstream.addresses import permits, permits_any
from companion.upstream.sender import Target

PUBLIC = ["104.18.6.192", "8.8.8.8", "2606:4700::6812:6c0", "::ffff:8.8.8.8", "64:ff9b::808:808"]
LOOPBACK = ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"]
PRIVATE = [
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.10",
    "100.64.0.1",
    "169.254.1.1",
    "::ffff:192.168.1.10",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
]
METADATA = [
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd20:ce::254",
]
NEVER = [
    *METADATA,
    "0.0.0.0",
    "0.1.2.3",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "ff02::1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::7f00:1",
    "64:ff9b::c0a8:101",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:7f00:1::1",
    "::127.0.0.1",
    "4000::1",
    "",
    "localhost",
    "127.1",
    "api.example.com",
]
HTTPS = Target("t", "https://api.example.com", "")
LISTED = Target("t", "https://api.example.com", "", allow_private=True)
LOCAL_URLS = [
    "http://localhost:1/v1",
    "http://127.0.0.1:11434",
    "http://[::1]:1",
    "https://dev.localhost",
    "http://127.9.9.9",
]


@pytest.mark.parametrize(
    ("addresses", "plain", "listed", "local"),
    [
        (PUBLIC, True, True, False),
        (LOOPBACK, False, True, True),
        (PRIVATE, False, True, False),
        (NEVER, False, False, False),
    ],
)
def test_who_may_go_where(addresses, plain, listed, local):
    for address in addresses:
        assert permits(HTTPS, address) == plain, address
        assert permits(LISTED, address) == listed, address
        for url in LOCAL_URLS:
            assert permits(Target("t", url, ""), address) == local, (url, address)
            assert permits(Target("t", url, "", allow_private=True), address) == local, (url, address)


@pytest.mark.parametrize("address", PUBLIC)
@pytest.mark.parametrize("allow", [True, False])
def test_without_tls_nothing_leaves_for_a_public_address(address, allow):
    assert not permits(Target("t", "http://api.example.com", "", allow_private=allow), address)


def test_without_tls_a_listed_one_may_stand_in_the_private_network():
    assert permits(Target("t", "http://ollama.lan", "", allow_private=True), "192.168.1.10")
    assert not permits(Target("t", "http://ollama.lan", ""), "192.168.1.10")


@pytest.mark.parametrize("host", ["localhost.example.com", "127.0.0.1.example.com", "notlocalhost", "128.0.0.1"])
def test_a_name_that_only_looks_like_this_machine_is_not(host):
    assert not permits(Target("t", f"http://{host}", ""), "127.0.0.1")


addresses = st.ip_addresses(v=4) | st.ip_addresses(v=6)


@given(addresses, st.booleans())
def test_what_is_permitted_by_default_is_on_the_public_internet(address, allow):
    target = LISTED if allow else HTTPS
    if permits(target, str(address)) and not allow:
        assert address.is_global
        assert not address.is_multicast
    if permits(HTTPS, str(address)):
        assert permits(LISTED, str(address)), "to allow more refuses nothing"


@given(st.ip_addresses(v=4))
def test_an_address_in_the_clothes_of_the_other_kind_is_judged_alike(address):
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")
    for target in (HTTPS, LISTED, Target("t", "http://localhost", "")):
        assert permits(target, str(mapped)) == permits(target, str(address))


def test_a_transport_asks_by_host():
    targets = [HTTPS, Target("local", "http://localhost:1", ""), Target("v6", "http://[::1]:1", "")]
    permitted = permits_any(lambda: targets, {"proxy.lan"})
    assert permitted("api.example.com", "8.8.8.8")
    assert not permitted("api.example.com", "127.0.0.1"), "a name that was given another address"
    assert permitted("localhost", "127.0.0.1")
    assert permitted("::1", "::1")
    assert not permitted("localhost", "8.8.8.8")
    assert permitted("proxy.lan", "192.168.1.1")
    assert not permitted("proxy.lan", "169.254.169.254")
    targets.append(LISTED)
    assert permitted("api.example.com", "192.168.1.1"), "one target of that host allows it"


def test_a_host_of_yesterday_is_held_to_the_strictest():
    permitted = permits_any(list)
    assert permitted("gone.example.com", "8.8.8.8")
    assert not permitted("gone.example.com", "10.0.0.1")
    assert not permitted("gone.example.com", "127.0.0.1")
    assert permitted("2606:4700::1", "2606:4700::1")
