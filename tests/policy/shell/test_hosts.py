from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.policy.shell.hosts import ASKERS, WAYS, asked_hosts, server_hosts, way_hosts
from companion.policy.shell.read import read_command
from companion.policy.shell.words import Value
from tests.support.shell import codes


def values(command: str) -> list[Value]:
    return [Value(None if word == "$x" else word, 0, 0) for word in command.split()[1:]]


@pytest.mark.parametrize(
    ("command", "hosts"),
    [
        ("dig a.b", ["a.b"]),
        ("dig @c.d a.b MX +short", ["c.d", "a.b"]),
        ("dig -p 53 -t TXT a.b", ["a.b"]),
        ("dig -p e.f a.b", ["e.f", "a.b"]),
        ("dig -qe.f a.b", ["e.f", "a.b"]),
        ("dig -x 192.0.2.1", ["192.0.2.1"]),
        ("dig +trusted-key=k a.b", ["a.b"]),
        ("dig $x a.b", ["this word", "a.b"]),
        ("nslookup -type=mx a.b c.d", ["a.b", "c.d"]),
        ("nslookup any a.b", ["any", "a.b"]),
        ("host -t MX a.b c.d", ["a.b", "c.d"]),
        ("whois -h c.d a.b", ["c.d", "a.b"]),
        ("whois -hc.d a.b", ["c.d", "a.b"]),
        ("ping -c 3 -W 0.5 a.b", ["a.b"]),
        ("ping -c3 a.b", ["a.b"]),
        ("ping 134744072", ["134744072"]),
        ("traceroute --gateway=c.d a.b", ["c.d", "a.b"]),
        ("ssh-keyscan -t rsa,ed25519 -p 22 a.b", ["a.b"]),
        ("getent hosts a.b", ["a.b"]),
        ("getent passwd a.b", []),
        ("getent $x a.b", []),
    ],
)
def test_whoever_looks_up_a_name_tells_all_hosts_that_it_is_given(command: str, hosts: list[str]):
    assert list(asked_hosts(command.split(maxsplit=1)[0], values(command))) == hosts


@given(
    st.sampled_from(sorted(ASKERS - {"getent"})),
    st.lists(st.sampled_from(["-c", "-t", "-p", "3", "MX", "+short", "-4", "--long", "$x", "-x", "@"])),
    st.lists(st.sampled_from(["-c", "-t", "-p", "3", "MX", "+short", "-4", "--long", "$x", "-x", "@"])),
)
def test_a_name_is_told_wherever_it_stands(name: str, before: list[str], after: list[str]):
    assert "a.example" in asked_hosts(name, values(" ".join([name, *before, "a.example", *after])))


@pytest.mark.parametrize(
    ("option", "text", "hosts"),
    [
        ("proxy", "http://a.b:8080", ["a.b"]),
        ("proxy", "a.b", ["a.b"]),
        ("proxy", "u:p@a.b:1", ["a.b"]),
        ("proxy", "http://[2001:db8::1]:8080/", ["[2001:db8::1]"]),
        ("proxy", "", []),
        ("socks5-hostname", "a.b:1080", ["a.b"]),
        ("proxy", "http://a.b/c d", None),
        ("proxy", None, None),
        ("connect-to", "::a.b:443", ["a.b"]),
        ("connect-to", "c.d:443:a.b:443", ["a.b"]),
        ("connect-to", "c.d:443::8443", []),
        ("connect-to", "[::1]:1:[2001:db8::1]:2", ["[2001:db8::1]"]),
        ("connect-to", "a.b", None),
        ("resolve", "c.d:443:192.0.2.1", ["192.0.2.1"]),
        ("resolve", "+*:443:192.0.2.1,192.0.2.2", ["192.0.2.1", "192.0.2.2"]),
        ("resolve", "c.d:443:2001:db8::1,[::1]", ["[2001:db8::1]", "[::1]"]),
        ("resolve", "-c.d:443", []),
        ("resolve", "c.d", None),
        ("dns-servers", "192.0.2.1:53,192.0.2.2", ["192.0.2.1", "192.0.2.2"]),
    ],
)
def test_an_option_that_leads_elsewhere_names_where(option: str, text: str | None, hosts: list[str] | None):
    assert way_hosts(option, text) == hosts


@given(st.sampled_from(sorted(WAYS)), st.text("a.:[]@/-+,1", max_size=12))
def test_whatever_it_says_no_host_is_empty(option: str, text: str):
    hosts = way_hosts(option, text)
    assert hosts is None or all(hosts)


@pytest.mark.parametrize(
    ("command", "hosts"),
    [
        ("x s_client -connect a.b:443", ["a.b"]),
        ("x s_client --connect a.b", ["a.b"]),
        ("x s_client -servername c.d -connect [::1]:443", ["[::1]"]),
        ("x s_client -showcerts a.b:443", ["a.b"]),
        ("x s_client a.b", ["a.b"]),
        ("x s_client -proxy c.d:1 -connect a.b:443", ["c.d", "a.b"]),
        ("x s_client -proxy c.d:1", ["c.d", "localhost"]),
        ("x s_client -host a.b -port 443", ["a.b"]),
        ("x s_client -connect $x", ["this word"]),
        ("x s_client", ["localhost"]),
    ],
)
def test_a_tls_client_tells_where_it_connects(command: str, hosts: list[str]):
    assert list(server_hosts(values(command))) == hosts


def test_they_are_looks_at_the_network():
    assert "web-read" in codes("openssl s_client -connect a.b:443")
    assert codes("openssl x509 -in a.pem") == codes("openssl version")
    told = [effect.target for effect in read_command("curl -x p.q:1 https://a.b") if effect.code == "web-read"]
    assert told == ["p.q", "a.b"]


@pytest.mark.parametrize(
    "command",
    [
        "curl --connect-to ::169.254.169.254:80 http://localhost/",
        "curl --resolve localhost:80:169.254.169.254 http://localhost/",
        "curl -x $x https://a.b",
        "curl --connect-to a.b https://a.b",
        "curl -x http://g\u043eogle.example https://a.b",
    ],
)
def test_a_way_that_is_not_understood_or_leads_to_a_cloud_machines_own_keys_is_asked_about(command: str):
    assert "network" in codes(command)
