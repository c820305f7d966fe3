"""What becomes of a file's name that is handed on as text: words, where it has blanks, quotes or line ends in it.

`find | xargs cat` reads `.env` where a file is called `a .env .js`, and `cat $(find)` whatever `*` stands for.
"""

from __future__ import annotations

import re

_MOST = 64
_ODD = re.compile(r"[\s'\"\\*?\[]")


class TooManyPieces(Exception):  # noqa: N818 - a bound, not a failure
    """The name comes apart in more words than the bound allows."""


def may_come_apart(path: str) -> bool:
    """Whether a path may name others once it is text. Quick."""
    return _ODD.search(path) is not None


def pieces_of(name: str) -> list[str]:
    """Other names that readers make of it: by blanks, by lines, and as xargs does with quotes. Raises TooManyPieces."""
    lines = name.split("\n")
    words = [*name.split(), *lines, *map(str.strip, lines)]
    words += _by_xargs(name)
    # Where a shell spells it out, it may be a glob as well.
    found = [word for word in dict.fromkeys(words) if word and (word != name or re.search(r"[*?\[]", word))]
    if len(found) > _MOST:
        raise TooManyPieces
    return found


def _by_xargs(text: str) -> list[str]:
    """Words as POSIX has xargs read them. Behind a quote that is never closed it reads no more, so nothing is lost."""
    words, word, quote, escaped = list[str](), "", "", False
    for letter in text:
        if escaped or (quote and letter not in {quote, "\n"}):
            word, escaped = word + letter, False
        elif letter == "\\":
            escaped = True
        elif quote or letter in "'\"":
            quote = "" if quote else letter
        elif letter in " \t\n":
            words.append(word)
            word = ""
        else:
            word += letter
    return [*words, word]
