"""What leaves beside the body says what it said, but for what was amended, and carries no key of companion's."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote_plus, unquote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.edges.gateway.envelope import Envelope, read_envelope

words = st.text(st.characters(codec="utf-8"), max_size=12)
pairs = st.lists(st.tuples(words.filter(bool), words), max_size=3)
headers = st.dictionaries(st.sampled_from(["x-a", "x-b", "anthropic-beta"]), words, max_size=3)


@settings(max_examples=60)
@given(pairs, headers)
def test_what_nobody_amends_leaves_as_it_came(query, told):
    envelope = read_envelope("/v1/x", urlencode(query), told)
    assert envelope.amended(envelope.texts()) == (envelope.path_with_query, dict(envelope.headers))
    assert envelope.path_with_query == "/v1/x" + ("?" + urlencode(query) if query else "")
    assert envelope.headers == told


@settings(max_examples=60)
@given(before=words, after=words, told=headers)
def test_an_amended_query_is_read_by_the_upstream_as_it_was_amended(before, after, told):
    envelope = read_envelope("/v1/x", f"q={quote_plus(before)}HUSH{quote_plus(after)}", told)
    texts = [text.replace("HUSH", "SECRET_X_00000000") for text in envelope.texts()]
    address, kept = envelope.amended(texts)
    path, _, query = address.partition("?")
    assert (path, unquote_plus(query)) == ("/v1/x", f"q={before}SECRET_X_00000000{after}")
    assert kept == dict(zip(told, texts[1:], strict=True))
    assert address.isascii()
    assert address.isprintable()


@pytest.mark.parametrize("query", ["key=HUSH", "key=%48USH", "key=HU%53H", "HUSH", "a=b&HUSH=1", "key=a+HUSH"])
def test_a_word_in_a_query_is_found_however_it_is_spelt(query):
    [text] = read_envelope("/v1/x", query, {}).texts()
    assert "HUSH" in text


def test_the_other_keys_of_an_amended_query_stay():
    envelope = read_envelope("/v1/x", "beta=true&note=a%20b+HUSH&empty=&beta=2", {})
    address, _ = envelope.amended([text.replace("HUSH", "x") for text in envelope.texts()])
    wanted = [("beta", "true"), ("note", "a b x"), ("empty", ""), ("beta", "2")]
    assert parse_qsl(address.partition("?")[2], keep_blank_values=True) == wanted


def test_only_the_header_that_was_amended_is_another():
    envelope = read_envelope("/v1/x", "beta=true", {"x-a": "HUSH", "x-b": "b", "x-c": ""})
    assert envelope.texts() == ("beta=true", "HUSH", "b", "")
    assert envelope.amended(["beta=true", "x", "b", ""]) == ("/v1/x?beta=true", {"x-a": "x", "x-b": "b", "x-c": ""})


@pytest.mark.parametrize("texts", [[""], ["", "a"], ["", "a", "b", "c"]])
def test_texts_that_are_not_as_many_are_no_envelope(texts):
    with pytest.raises(ValueError, match="zip"):
        read_envelope("/v1/x", "", {"x-a": "a", "x-b": "b"}).amended(texts)


def test_keys_cookies_and_words_meant_for_companion_stay_here():
    kept = read_envelope(
        "/v1/x",
        "",
        {
            "authorization": "Bearer ck-1",
            "x-api-key": "ck-1",
            "api-key": "ck-1",
            "x-goog-api-key": "ck-1",
            "proxy-authorization": "ck-1",
            "cookie": "a=b",
            "host": "127.0.0.1",
            "x-forwarded-for": "10.0.0.1",
            "x-companion-workspace": "/home/someone",
            "anthropic-version": "2023-06-01",
            "user-agent": "claude-cli/2",
        },
    ).headers
    assert kept == {"anthropic-version": "2023-06-01", "user-agent": "claude-cli/2"}


@settings(max_examples=60)
@given(pairs, headers, pairs, headers)
def test_two_envelopes_of_one_name_have_the_same_texts(query, told, other_query, other_told):
    one, other = Envelope("/v1/x", urlencode(query), told), Envelope("/v1/y", urlencode(other_query), other_told)
    if not any("\0" in text for text in (*one.texts(), *other.texts())):
        assert (one.digest == other.digest) is (one.texts() == other.texts())
    assert one.digest == Envelope("/v1/z", urlencode(query), dict(told)).digest
