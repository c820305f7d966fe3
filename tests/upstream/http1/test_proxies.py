from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.upstream.http1.proxies import Proxies

FULL = {"http": "http://plain.example:3128", "https": "secure.example", "all": "http://any.example:1"}


def through(environment: dict[str, str], url: str) -> str:
    proxy = Proxies(environment).find(httpx.URL(url))
    return f"{proxy.host}:{proxy.port}" if proxy else ""


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, "http://a.example/", ""),
        (FULL, "http://a.example/", "plain.example:3128"),
        (FULL, "https://a.example/", "secure.example:80"),
        ({"all": "http://any.example:1"}, "https://a.example/", "any.example:1"),
        ({"all": "https://any.example"}, "https://a.example/", "any.example:443"),
        ({"http": "http://plain.example:3128"}, "https://a.example/", ""),
        (FULL | {"no": "*"}, "https://a.example/", ""),
        (FULL | {"no": "b.example, *"}, "https://a.example/", ""),
        (FULL | {"no": "a.example"}, "https://a.example/", ""),
        (FULL | {"no": "a.example"}, "https://x.a.example/", ""),
        (FULL | {"no": "a.example"}, "https://xa.example/", "secure.example:80"),
        (FULL | {"no": ".a.example"}, "https://x.a.example/", ""),
        (FULL | {"no": ".a.example"}, "https://a.example/", "secure.example:80"),
        (FULL | {"no": " b.example ,a.example,"}, "https://a.example/", ""),
        (FULL | {"no": "a.example:8443"}, "https://a.example:8443/", ""),
        (FULL | {"no": "a.example:8443"}, "https://a.example/", "secure.example:80"),
        (FULL | {"no": "https://a.example"}, "https://a.example/", ""),
        (FULL | {"no": "https://a.example"}, "http://a.example/", "plain.example:3128"),
        (FULL | {"no": "10.0.0.1"}, "https://10.0.0.1/", ""),
        (FULL | {"no": "10.0.0.1"}, "https://10.0.0.2/", "secure.example:80"),
        (FULL | {"no": "fd00::1"}, "https://[fd00::1]/", ""),
        (FULL | {"no": "[fd00::1]"}, "https://[fd00::1]/", ""),
        (FULL | {"no": "a.example:x,b.example"}, "https://b.example/", ""),
        (FULL, "http://localhost:1/", ""),
        (FULL, "http://a.localhost:1/", ""),
        (FULL, "http://127.0.0.1:1/", ""),
        (FULL, "http://127.8.9.1/", ""),
        (FULL, "http://[::1]/", ""),
        (FULL, "http://[::ffff:127.0.0.1]/", ""),
        (FULL, "http://localhost.example/", "plain.example:3128"),
    ],
)
def test_which_proxy(environment, url, proxy):
    assert through(environment, url) == proxy


HOSTS = ["a.example", "x.a.example", "xa.example", "b.example", "10.0.0.1", "10.0.0.2", "[fd00::1]", "example"]
NAMES = [
    *HOSTS[:-2],
    "example",
    ".a.example",
    "a.example:8080",
    "*",
    "http://a.example",
    "https://x.a.example",
    "all://b.example:8080",
]
NAMES += ["localhost", "LOCALHOST", "10.0.0.0/8", "fd00::1", "", " ", "example:80", "all://*.example", "A.example"]
PROXIES = st.sampled_from(["http://p1.example:3128", "p2.example", "http://u:p@p3.example:1"])


@given(
    environment=st.fixed_dictionaries(
        {},
        optional={
            "http": PROXIES,
            "https": PROXIES,
            "all": PROXIES,
            "no": st.lists(st.sampled_from(NAMES)).map(",".join),
        },
    ),
    scheme=st.sampled_from(["http", "https"]),
    host=st.sampled_from(HOSTS),
    port=st.sampled_from(["", ":80", ":443", ":8080"]),
)
def test_as_httpx_chooses(environment, scheme, host, port):
    url = httpx.URL(f"{scheme}://{host}{port}/")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx._utils.getproxies", lambda: environment)
        client = httpx.AsyncClient(verify=CONTEXT)
    pool = client._transport_for_url(url)._pool
    theirs = getattr(pool, "_proxy_url", None)
    proxy = Proxies(environment).find(url)
    if theirs is None:
        assert proxy is None
    else:
        assert proxy is not None
        assert (proxy.host.encode(), proxy.port) == (theirs.host, theirs.port or 80)
        sent = dict(pool._proxy_headers).get(b"Proxy-Authorization", b"")
        assert proxy.authorization == sent


CONTEXT = httpx.create_ssl_context(verify=False)


def test_the_environment_is_read_when_nothing_is_given(monkeypatch):
    for name in ("http_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://p.example:3128")
    monkeypatch.setenv("no_proxy", "spared.example")
    proxies = Proxies()
    assert proxies.find(httpx.URL("https://a.example/")).host == "p.example"
    assert proxies.find(httpx.URL("https://spared.example/")) is None
    assert proxies.hosts == {"p.example"}


def test_a_credential_is_not_shown():
    proxy = Proxies({"all": "http://user:hush@p.example"}).find(httpx.URL("http://a.example/"))
    assert "hush" not in repr(proxy)
    assert proxy.authorization not in repr(proxy).encode()


@pytest.mark.parametrize("written", ["http://p.example:hush", "http://"])
def test_what_is_no_address_is_refused_when_it_is_used(written):
    proxies = Proxies({"https": written})
    assert proxies.find(httpx.URL("http://a.example/")) is None
    with pytest.raises(httpx.UnsupportedProtocol, match="HTTPS_PROXY") as caught:
        proxies.find(httpx.URL("https://a.example/")).check()
    assert "hush" not in str(caught.value)
