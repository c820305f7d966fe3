"""Compressed bodies come back as they were, and nothing makes the gateway hold more than it allows."""

from __future__ import annotations

import gzip
import zlib
from functools import partial

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from companion.edges.gateway.encodings import KNOWN, BadEncoding, TooLarge, UnknownEncoding, decoded

MAKERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": partial(brotli.compress, quality=1),
    "zstd": zstandard.ZstdCompressor().compress,
}
LIMIT = 100_000


def test_every_encoding_that_is_named_as_known_is_tried_here():
    assert set(MAKERS) == set(KNOWN)


@pytest.mark.parametrize("name", MAKERS)
@given(body=st.binary(max_size=3000))
def test_a_body_comes_back_as_it_was(name, body):
    assert decoded(MAKERS[name](body), name.upper(), LIMIT) == body


@given(st.permutations(list(MAKERS)).map(lambda names: names[:2]), st.binary(max_size=500))
def test_two_encodings_are_undone_last_first(names, body):
    first, second = names
    assert decoded(MAKERS[second](MAKERS[first](body)), f"{first}, {second}", LIMIT) == body


def test_deflate_without_its_header_is_understood_too():
    maker = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    assert decoded(maker.compress(b"hello") + maker.flush(), "deflate", LIMIT) == b"hello"


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("size", [LIMIT, LIMIT + 1])
def test_the_limit_is_exact(name, size):
    body = MAKERS[name](b"a" * size)
    if size > LIMIT:
        with pytest.raises(TooLarge):
            decoded(body, name, LIMIT)
    else:
        assert len(decoded(body, name, LIMIT)) == size


@pytest.mark.parametrize("name", MAKERS)
def test_a_bomb_is_not_blown_up(name):
    with pytest.raises(TooLarge):
        decoded(MAKERS[name](bytes(300_000_000)), name, LIMIT)


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("spoil", [lambda raw: raw[: len(raw) // 2], lambda raw: b"{" + raw[1:], lambda raw: b""])
def test_what_is_cut_or_is_something_else_is_refused(name, spoil):
    with pytest.raises(BadEncoding):
        decoded(spoil(MAKERS[name](b"some text that is long enough to be compressed" * 3)), name, LIMIT)


@pytest.mark.parametrize("encoding", ["compress", "gzip, gzip, gzip", "aws-chunked", "gz ip"])
def test_other_encodings_are_not_understood(encoding):
    with pytest.raises(UnknownEncoding):
        decoded(b"x", encoding, LIMIT)


@pytest.mark.parametrize("encoding", ["", "identity", " , "])
def test_no_encoding_is_none(encoding):
    assert decoded(b"{}", encoding, LIMIT) == b"{}"
