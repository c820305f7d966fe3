"""One table a reader: what it takes, and what it does not."""

from decimal import Decimal

import pytest

from companion.config import values
from companion.config.complaints import Unfit


@pytest.mark.parametrize(
    ("read", "given", "read_as"),
    [
        (values.upstream_url, "https://api.anthropic.com", "https://api.anthropic.com"),
        (values.upstream_url, "https://openrouter.ai/api/", "https://openrouter.ai/api"),
        (values.upstream_url, "HTTPS://x.example:8443/v1", "HTTPS://x.example:8443/v1"),
        (values.upstream_url, "http://localhost:8080", "http://localhost:8080"),
        (values.upstream_url, "http://[::1]:8080", "http://[::1]:8080"),
        (values.upstream_url, "http://127.9.9.9", "http://127.9.9.9"),
        (values.loopback_host, "localhost", "127.0.0.1"),
        (values.loopback_host, "::1", "::1"),
        (values.amount, "10.00", Decimal("10.00")),
        (values.amount, 5, Decimal(5)),
        (values.amount, Decimal("0.000000000001"), Decimal("0.000000000001")),
        (values.amount, Decimal("1e3"), Decimal(1000)),
        (values.whole(0, 9), 9, 9),
        (values.choice(("a", "b")), "a", "a"),
        (values.file_names, [".x", "y", ".x"], (".x", "y")),
        (values.branch_names, ["main", "release/1"], ("main", "release/1")),
        (values.variable_name, "OPENAI_API_KEY", "OPENAI_API_KEY"),
        (values.path_text, "~/key file", "~/key file"),
        (values.yes_or_no, False, False),
        (values.phrases, ["Design", " re factor", "design"], ("design", "re factor")),
        (values.phrases, [], ()),
        (values.candidates, ["a"], ("a",)),
        (values.candidates, ["a/m", "a/n", "b/org/m:free"], ("a/m", "a/n", "b/org/m:free")),
        (values.weights, [0, 1, 1000], (0, 1, 1000)),
        (values.keyring_entry, "companion/work", "companion/work"),
        (values.keyring_entry, "https://api.x.ai/v1/me@x", "https://api.x.ai/v1/me@x"),
    ],
)
def test_fit(read, given, read_as):
    assert read(given) == read_as


@pytest.mark.parametrize(
    ("read", "given"),
    [
        *(
            (values.upstream_url, url)
            for url in (
                *(1, "", "x", "https://", "https:///v1", "ftp://x", "http://x", "http://10.0.0.1", "http://2130706433"),
                *("http://localhost.evil.example", "https://a b", "https://a\n", "https://x:0", "https://x:99999"),
                *(
                    "https://x:y",
                    "https://[",
                    "https://u@x",
                    "https://x?",
                    "https://x#",
                    "https://x\\y",
                    "https://ü.example",
                ),
            )
        ),
        *((values.loopback_host, host) for host in ("0.0.0.0", "::", "192.168.0.1", "", "example.com", "::1%lo", 1)),
        *(
            (values.amount, dollars)
            for dollars in (
                *(
                    0,
                    -1,
                    True,
                    "0",
                    "-1",
                    "1e3",
                    "",
                    " 1",
                    "\N{ARABIC-INDIC DIGIT ONE}",
                    "9000001",
                    9_000_001,
                    0.5,
                    None,
                ),
                *map(Decimal, ("NaN", "Infinity", "1e-13", "0.0000000000001", "1e999999", "-0.0")),
            )
        ),
        *((values.whole(0, 9), number) for number in (-1, 10, True, "1", Decimal(1), 2**64)),
        *((values.choice(("a", "b")), word) for word in ("A", "", 1, ["a"])),
        *((values.file_names, names) for names in (".x", ["a/b"], [""], [".."], ["a\\b"], ["a\nb"], [1], {})),
        *((values.branch_names, names) for names in ("main", ["a b"], [""], [None])),
        *((values.variable_name, name) for name in ("sk-x", "lower", "", "A=B", 1)),
        *((values.path_text, path) for path in ("", "a\0b", 1)),
        *((values.yes_or_no, one) for one in (0, 1, "true", "yes", None)),
        *((values.phrases, words) for words in ("design", [""], [" "], ["a\nb"], [1], ["x" * 61])),
        *(
            (values.candidates, names)
            for names in (
                "a",
                [],
                [""],
                ["/m"],
                ["a/"],
                ["a b"],
                ["a/m n"],
                ["a", "a"],
                [1],
                [f"a{n}" for n in range(17)],
            )
        ),
        *((values.weights, shares) for shares in (1, [], [0], [0, 0], [-1], [1001], [True], [1.5], ["1"])),
        *((values.keyring_entry, entry) for entry in ("sk-1", "", "/", "a/", "/b", "a/b\n", 1, "a/" + "b" * 199)),
    ],
)
def test_unfit(read, given):
    with pytest.raises(Unfit):
        read(given)


@pytest.mark.parametrize("read", [values.variable_name, values.keyring_entry])
def test_what_may_be_a_key_is_not_shown(read):
    with pytest.raises(Unfit) as caught:
        read("sk-ant-hush")
    assert "hush" not in caught.value.found
    assert caught.value.found


@pytest.mark.parametrize(
    ("given", "found"), [([], "an empty list"), (["a", "b", "a"], "one of them twice"), (["a"], "")]
)
def test_what_is_wrong_with_a_list_of_upstreams(given, found):
    if not found:
        assert values.candidates(given)
        return
    with pytest.raises(Unfit) as caught:
        values.candidates(given)
    assert caught.value.found == found


def test_names():
    assert all(map(values.is_name, ("*", "a b", "/home/ü", "n" * values.LONGEST_NAME)))
    assert not any(map(values.is_name, ("", "\n", "\u200b", "n" * (values.LONGEST_NAME + 1))))
