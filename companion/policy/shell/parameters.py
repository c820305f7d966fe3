"""What `${name…}` comes to where the parameter's value is known and what is done to it is plain."""

from __future__ import annotations

import re
from collections.abc import Callable

Lookup = Callable[[str], str | None]
"""A parameter's value, or what a substitution printed; None where it is not known."""

MOST_ELEMENTS = 128
"""Elements of an array that are kept."""

# A mark of quoting, a tilde or another expansion behind the sign is more than this reads.
_TEXT = r"[\w./:@+,=-]*"
_PATTERN = r"(?:[\w.:@+,=*?-]|\\?/)+"
_SOUGHT = r"(?:[\w.:@+,=*?-]|\\/)+"
_EXPANSION = re.compile(
    rf"\$\{{(?:#(?P<measured>\w+|\w+\[@\])|(?P<name>[A-Za-z_]\w*|\d)(?:"
    rf"(?P<default>:?[-=+])(?P<word>{_TEXT})"
    rf"|(?P<cut>%%?|\#\#?)(?P<end>{_PATTERN})"
    rf"|(?P<replace>//?|/[\#%])(?P<sought>{_SOUGHT})(?:/(?P<other>{_TEXT}))?"
    r"|(?P<case>\^\^|,,)"
    r"|:(?P<first> -\d{1,5}|\d{1,5})(?::(?P<count>\d{1,5}))?"
    r")?)\}",
    re.ASCII,
)
_LONGEST = 512
"""Characters of a value that is matched with a pattern, which may take the square of it."""


def expand_parameter(text: str, lookup: Lookup) -> str | None:
    """The value of an expansion as it is written; None where it is not known."""
    found = _EXPANSION.fullmatch(text)
    if found is None:
        return None
    if found["measured"]:
        return _measured(found["measured"], lookup)
    value = lookup(found["name"])
    if value is None:
        return None
    if found["default"]:
        return _default(value, found["default"], found["word"])
    if found["cut"]:
        return _cut(value, found["cut"], found["end"])
    if found["replace"]:
        return _replaced(value, found["replace"], found["sought"], found["other"] or "")
    if (found["case"] or found["first"]) and not value.isascii():
        # How many characters it has is up to the locale.
        return None
    if found["case"]:
        return value.upper() if found["case"] == "^^" else value.lower()
    return _sliced(value, found["first"], found["count"]) if found["first"] else value


def assigns(text: str, lookup: Lookup) -> bool:
    """Whether `${name:=word}` may set the parameter: where it is not known to have a value."""
    found = _EXPANSION.fullmatch(text)
    if found is None or found["default"] not in {"=", ":="}:
        return True
    value = lookup(found["name"])
    return value is None or (value == "" and found["default"] == ":=")


def array_key(name: str) -> str:
    """The name under which a lookup knows an array's elements."""
    return f"{name}[@]"


def pack(elements: list[str]) -> str | None:
    """An array's elements as one text; None for too many."""
    return "".join(f"{element}\0" for element in elements) if len(elements) <= MOST_ELEMENTS else None


def unpack(packed: str) -> list[str]:
    """What `pack` made one text of."""
    return packed.split("\0")[:-1]


def _measured(name: str, lookup: Lookup) -> str | None:
    value = lookup(name)
    if name.endswith("[@]"):
        return None if value is None else str(len(unpack(value)))
    return str(len(value)) if value is not None and value.isascii() else None


def _default(value: str, sign: str, word: str) -> str | None:
    missing = value == "" and sign.startswith(":")
    if sign.endswith("+"):
        return "" if missing else word
    return word if missing and sign == ":-" else value if not missing else None


def _compiled(pattern: str) -> re.Pattern[str] | None:
    if pattern.count("*") > 1:
        return None
    plain = re.escape(pattern.replace("\\/", "/"))
    return re.compile(plain.replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _cut(value: str, sign: str, pattern: str) -> str | None:
    form = _compiled(pattern)
    if form is None or len(value) > _LONGEST or not value.isascii():
        return None
    cuts = range(len(value) + 1)
    if sign[0] == "%":
        found = [at for at in cuts if form.fullmatch(value, at)]
        return value if not found else value[: found[0] if sign == "%%" else found[-1]]
    found = [at for at in cuts if form.fullmatch(value, 0, at)]
    return value if not found else value[found[-1] if sign == "##" else found[0] :]


def _replaced(value: str, sign: str, pattern: str, other: str) -> str | None:
    form = _compiled(pattern)
    # What a pattern of nothing but * finds in nothing, and how often, shells do not agree about.
    unclear = (
        form is None or not value or not value.isascii() or len(value) > _LONGEST or (sign == "//" and "*" in pattern)
    )
    if unclear or form is None:
        return None
    if sign == "/#":
        found = form.match(value)
    elif sign == "/%":
        found = next((one for at in range(len(value) + 1) if (one := form.fullmatch(value, at))), None)
    elif sign == "//":
        return form.sub(lambda _: other, value)
    else:
        found = form.search(value)
    return value if found is None else value[: found.start()] + other + value[found.end() :]


def _sliced(value: str, first: str, count: str | None) -> str:
    start = int(first)
    if start < 0:
        start += len(value)
        if start < 0:
            return ""
    return value[start:] if count is None else value[start : start + int(count)]
