"""Compressed request bodies. RFC 9110 section 8.4; zstd is RFC 8878, br is RFC 7932.

Nothing is decompressed past the limit: a few bytes can stand for gigabytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable


class BadEncoding(ValueError):  # noqa: N818 - an answer to the agent
    """The body is not what its header says."""


class UnknownEncoding(ValueError):  # noqa: N818 - as above
    """No such encoding is understood here."""


class TooLarge(ValueError):  # noqa: N818 - as above
    """The body is larger than the limit once decompressed."""


def decoded(body: bytes, encoding: str, limit: int) -> bytes:
    """The body as it was before each encoding that the header lists was applied. Raises one of the three above."""
    named = [name.strip().lower() for name in encoding.split(",") if name.strip()]
    if len(named) > _MOST:
        raise UnknownEncoding(f"more than {_MOST} encodings")
    for name in reversed(named):
        if name == "identity":
            continue
        decode = _DECODERS.get(name.removeprefix("x-") if name == "x-gzip" else name)
        if decode is None:
            raise UnknownEncoding(name)
        body = decode(body, limit)
    return body


_MOST = 2
_WINDOW = 8 * 1024 * 1024
"""What RFC 8878 wants every decoder of zstd to take."""


def _gzip(body: bytes, limit: int) -> bytes:
    return _inflate(body, limit, zlib.MAX_WBITS | 16, "gzip")


def _deflate(body: bytes, limit: int) -> bytes:
    # With or without the zlib header: senders differ on what "deflate" means.
    zlibbed = len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0
    return _inflate(body, limit, zlib.MAX_WBITS if zlibbed else -zlib.MAX_WBITS, "deflate")


def _inflate(body: bytes, limit: int, bits: int, name: str) -> bytes:
    try:
        decoder = zlib.decompressobj(bits)
        found = decoder.decompress(body, limit + 1)
    except zlib.error as error:
        raise BadEncoding(f"the body is not {name}: {error}") from error
    if len(found) > limit:
        raise TooLarge
    if not decoder.eof or decoder.unused_data:
        raise BadEncoding(f"the body is not one whole {name} stream")
    return found


def _brotli(body: bytes, limit: int) -> bytes:
    import brotli  # noqa: PLC0415 - few agents use it

    decoder = brotli.Decompressor()
    try:
        found: bytes = decoder.process(body, output_buffer_limit=limit + 1)
        while len(found) <= limit and not decoder.is_finished():
            more: bytes = decoder.process(b"", output_buffer_limit=limit + 1 - len(found))
            if not more:
                raise BadEncoding("the body is not one whole br stream")
            found += more
    except brotli.error as error:
        raise BadEncoding(f"the body is not br: {error}") from error
    if len(found) > limit:
        raise TooLarge
    return found


def _zstd(body: bytes, limit: int) -> bytes:
    import zstandard  # noqa: PLC0415 - few agents use it

    # The window is the memory that decoding takes; a frame may ask for any.
    decompressor = zstandard.ZstdDecompressor(max_window_size=max(limit, _WINDOW))
    try:
        with decompressor.stream_reader(body, read_across_frames=False) as reader:
            if len(reader.read(limit + 1)) > limit:
                raise TooLarge
        # The reader takes a body that was cut short for a whole one; this knows, and cannot bound what it makes.
        whole = decompressor.decompressobj()
        found: bytes = whole.decompress(body)
    except zstandard.ZstdError as error:
        raise BadEncoding(f"the body is not zstd: {error}") from error
    if not whole.eof or whole.unused_data:
        raise BadEncoding("the body is not one whole zstd frame")
    return found


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}

KNOWN = tuple(_DECODERS)
