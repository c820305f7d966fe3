"""What a program prints, where its words alone decide it: texts that go on to a shell, a word or another program."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence

from companion.policy.shell.words import decode_ansi

_LONGEST = 64 * 1024
_CONVERSION = re.compile(r"%(?:%|s|b|d|i)")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}\s*)*")


def output_of(name: str, words: Sequence[str | None], feed: str | None) -> str | None:
    """The text that a program prints; None where it cannot be told from its words and from what is fed to it."""
    printer = _PRINTERS.get(name)
    if printer is None or None in words:
        return None
    said = printer([word or "" for word in words], feed)
    return said if said is not None and len(said) <= _LONGEST else None


def _echo(words: list[str], _feed: str | None) -> str | None:
    newline = "\n"
    decodes = False
    while words and re.fullmatch(r"-[neE]+", words[0]):
        newline = "" if "n" in words[0] else newline
        decodes = "e" in words[0]
        words = words[1:]
    text = " ".join(words)
    if decodes:
        decoded = decode_ansi(text)
        return None if decoded is None or "\\" in decoded else decoded + newline
    # Whether a backslash says something without -e is up to the shell.
    return None if "\\" in text else text + newline


def _printf(words: list[str], _feed: str | None) -> str | None:
    words = words[1:] if words[:1] == ["--"] else words
    if not words or words[0].startswith("-"):
        return None
    form, rest = words[0], words[1:]
    if "%" in _CONVERSION.sub("", form):
        return None
    said = ""
    takes = len([one for one in _CONVERSION.findall(form) if one != "%%"])
    while True:
        taken, rest = iter(rest[:takes]), rest[takes:]
        pieces = [_decoded(piece) for piece in _CONVERSION.split(form)]
        if None in pieces:
            return None
        for piece, conversion in zip(pieces, [*_CONVERSION.findall(form), ""], strict=True):
            said += piece or ""
            given = "%" if conversion == "%%" else next(taken, "") if conversion else ""
            value = decode_ansi(given) if conversion == "%b" else given
            if value is None or len(said) > _LONGEST:
                return None
            said += value
        if not rest or not takes:
            return said


def _decoded(text: str) -> str | None:
    return decode_ansi(text) if "\\" in text else text


def _cat(words: list[str], feed: str | None) -> str | None:
    return feed if all(word in {"-", "-u"} for word in words) else None


def _base64(words: list[str], feed: str | None) -> str | None:
    if feed is None or words not in (["-d"], ["--decode"], ["-D"], ["-di"], ["-d", "-"]):
        return None
    try:
        return base64.b64decode(re.sub(r"\s", "", feed), validate=True).decode()
    except (ValueError, binascii.Error):
        return None


def _xxd(words: list[str], feed: str | None) -> str | None:
    if feed is None or words not in (["-r", "-p"], ["-p", "-r"], ["-rp"], ["-r", "-ps"]) or not _HEX.fullmatch(feed):
        return None
    try:
        return bytes.fromhex(feed).decode()
    except ValueError:
        return None


def _rev(words: list[str], feed: str | None) -> str | None:
    return None if feed is None or words else "\n".join(line[::-1] for line in feed.split("\n"))


def _basename(words: list[str], _feed: str | None) -> str | None:
    if not 1 <= len(words) <= 2 or words[0].startswith("-") or "" in words:
        return None
    name = words[0].rstrip("/").rpartition("/")[2] or "/"
    ending = words[1] if len(words) == 2 else ""
    return (name.removesuffix(ending) or name) + "\n"


def _dirname(words: list[str], _feed: str | None) -> str | None:
    if len(words) != 1 or not words[0] or words[0].startswith("-"):
        return None
    path = words[0].rstrip("/")
    if not path:
        return None
    folder, slash, _ = path.rpartition("/")
    return (folder.rstrip("/") or slash or ".") + "\n"


def _nothing(_words: list[str], _feed: str | None) -> str:
    return ""


_PRINTERS: dict[str, Callable[[list[str], str | None], str | None]] = {
    "echo": _echo,
    "printf": _printf,
    "cat": _cat,
    "base64": _base64,
    "xxd": _xxd,
    "rev": _rev,
    "basename": _basename,
    "dirname": _dirname,
    "true": _nothing,
    ":": _nothing,
}
