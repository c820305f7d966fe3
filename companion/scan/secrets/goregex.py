"""Regular expressions of Go, as gitleaks has them, in the syntax of `re`.

Go's never look around and never refer back, so whatever it takes can be said in `re`; what cannot, or what would take
`re` a time without end, is refused by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST = 10_000
_COUNT = re.compile(r"\{(\d+)(,(\d*))?\}")
_NAMED = re.compile(r"\(\?P?<([A-Za-z_]\w*)>")
_FLAGS = re.compile(r"\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)])")
_HEX = re.compile(r"x(?:\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{2}))")
_OCTAL = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}")
_POSIX = re.compile(r"\[:(\^?)([a-z]+):\]")
_POSIX_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_SAME = frozenset("AbBdDsSwWnrtfva")
_SAME_IN_CLASS = frozenset("dDsSwWnrtfva")


class UnknownSyntax(ValueError):  # noqa: N818 - says what it is
    """What cannot be said in `re`. The message names it and where it stands."""


@dataclass(slots=True)
class _Group:
    """A group that is open. `flags` are those that `(?i)` and the like have set in it."""

    multiline: bool
    flags: str = ""
    opened: int = 0
    """How many groups of ours stand open in it, for its flags."""
    endless: bool = False
    """Whether something in it may be repeated without end."""


class _Translation:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.out: list[str] = []
        self.groups = [_Group(multiline=False)]
        self.last_endless = False
        """Whether the atom before is a group with an endless repetition in it."""
        self.repeated = False
        """Whether a quantifier came last."""

    def refuse(self, what: str) -> UnknownSyntax:
        return UnknownSyntax(f"{what} at character {self.at + 1}")

    def run(self) -> str:
        while self.at < len(self.text):
            self.step(self.text[self.at])
        if len(self.groups) > 1:
            raise self.refuse("a group that is not closed")
        self.out.append(")" * self.groups[0].opened)
        return "".join(self.out)

    def step(self, char: str) -> None:
        if char in "*+?" or (char == "{" and _COUNT.match(self.text, self.at)):
            self.quantifier(char)
            return
        self.repeated = False
        if char == "(":
            self.open()
            return
        if char == ")":
            self.close()
            return
        self.last_endless = False
        if char == "|":
            group = self.groups[-1]
            self.out.append(")" * group.opened + "|" + group.flags)
        elif char == "\\":
            self.out.append(self.escape(_SAME))
            return
        elif char == "[":
            self.klass()
            return
        elif char == "$":
            self.out.append("$" if self.groups[-1].multiline else r"\Z")
        elif char in "^.":
            self.out.append(char)
        else:
            self.out.append(re.escape(char))
        self.at += 1

    def quantifier(self, char: str) -> None:
        if self.repeated:
            raise self.refuse("a repetition of a repetition")
        count = _COUNT.match(self.text, self.at) if char == "{" else None
        said = count.group() if count else char
        endless = char in "*+" or (count is not None and count[2] is not None and not count[3])
        if endless and self.last_endless:
            raise self.refuse("an endless repetition within an endless repetition, which can take for ever,")
        self.groups[-1].endless = self.groups[-1].endless or endless or self.last_endless
        self.at += len(said)
        if self.text.startswith("?", self.at):
            said += "?"
            self.at += 1
        self.out.append(said)
        self.repeated, self.last_endless = True, False

    def open(self) -> None:
        outer = self.groups[-1]
        self.last_endless = False
        if named := _NAMED.match(self.text, self.at):
            self.begin(f"(?P<{named[1]}>", outer.multiline)
            self.at = named.end()
        elif flags := _FLAGS.match(self.text, self.at):
            self.flags(flags, outer)
        elif self.text.startswith("(?", self.at):
            raise self.refuse(f"{self.text[self.at : self.at + 4]!r}, which Go does not have,")
        else:
            self.begin("(", outer.multiline)
            self.at += 1

    def begin(self, said: str, multiline: bool) -> None:
        self.out.append(said)
        self.groups.append(_Group(multiline))

    def flags(self, found: re.Match[str], outer: _Group) -> None:
        on, off, end = found[1], found[2] or "", found[3]
        if unknown := set(on + off) - set("ims"):
            raise self.refuse(f"the flag {min(unknown)!r}")
        if not on and not off and end == ")":
            raise self.refuse("an empty group of flags")
        multiline = ("m" in on or outer.multiline) and "m" not in off
        opening = f"(?{on}{'-' if off else ''}{off}:"
        if end == ":":
            self.begin(opening, multiline)
        else:
            # It counts to the end of the group around it, on both sides of each "|".
            outer.multiline = multiline
            outer.flags += opening
            outer.opened += 1
            self.out.append(opening)
        self.at = found.end()

    def close(self) -> None:
        if len(self.groups) == 1:
            raise self.refuse("a group that was not opened")
        group = self.groups.pop()
        self.out.append(")" * (group.opened + 1))
        self.last_endless = group.endless
        self.groups[-1].endless = self.groups[-1].endless or group.endless
        self.at += 1

    def escape(self, same: frozenset[str]) -> str:
        """What stands for the escape here, which is passed."""
        rest = self.text[self.at + 1 : self.at + 2]
        if not rest:
            raise self.refuse("a backslash with nothing behind it")
        if found := _HEX.match(self.text, self.at + 1):
            code = int(found[1] or found[2], 16)
            if code > 0x10FFFF:
                raise self.refuse("a character that there is not")
        elif found := _OCTAL.match(self.text, self.at + 1):
            code = int(found.group(), 8)
        elif rest == "Q" and same is _SAME:
            end = self.text.find(r"\E", self.at)
            literal = self.text[self.at + 2 : end if end >= 0 else None]
            self.at = end + 2 if end >= 0 else len(self.text)
            return re.escape(literal)
        elif rest == "z" and same is _SAME:
            self.at += 2
            return r"\Z"
        elif rest in same:
            self.at += 2
            return "\\" + rest
        elif rest.isalnum():
            raise self.refuse(f"\\{rest}")
        else:
            self.at += 2
            return re.escape(rest)
        self.at = found.end()
        return re.escape(chr(code))

    def klass(self) -> None:
        """A class of characters. What means nothing to Go in it, and something to `re`, is escaped."""
        began = self.at
        self.at += 1
        out = ["["]
        if self.text.startswith("^", self.at):
            out.append("^")
            self.at += 1
        first = True
        while not self.text.startswith("]", self.at) or first:
            if self.at >= len(self.text):
                self.at = began
                raise self.refuse("a class that is not closed")
            first = False
            char = self.text[self.at]
            if posix := _POSIX.match(self.text, self.at):
                if posix[2] not in _POSIX_CLASSES or posix[1]:
                    raise self.refuse(posix.group())
                out.append(_POSIX_CLASSES[posix[2]])
                self.at = posix.end()
            elif char == "\\":
                out.append(self.escape(_SAME_IN_CLASS))
            else:
                out.append("-" if char == "-" else re.escape(char))
                self.at += 1
        self.at += 1
        said = "".join(out)
        # Two hyphens in a row would one day be a difference of two classes.
        self.out.append(said.replace("--", r"-\-") + "]")


def translated(go: str) -> re.Pattern[str]:
    """The expression for `re`; it reads letters, digits and blanks as ASCII, as Go does. Raises UnknownSyntax."""
    if len(go) > _LONGEST:
        raise UnknownSyntax(f"an expression of more than {_LONGEST} characters")
    said = _Translation(go).run()
    try:
        return re.compile(said, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise UnknownSyntax(f"no regular expression ({error})") from error
