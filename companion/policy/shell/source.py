"""The text that is parsed, made safe to parse, with the way back to the command as it was written.

Two things happen to a command before the parser sees it. Line continuations go, because the grammar ends a word at
them where a shell joins it. And text that cannot mean anything but itself ('…', comments, the plain runs of "…",
bodies of quoted heredocs) is masked, because the parser needs quadratic time on many tokens. The little lexer that
finds both may be wrong about a strange command; `companion.policy.shell.parse` therefore checks in the tree that
every mask and every removed continuation lies where the lexer believed it to lie.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum

LONGEST = 64 * 1024
"""Characters of a command; a longer one is not read."""

_MOST_STEPS = 5000

_TOKEN = re.compile(r"\w+|[^\w \t]")
_PLAIN = re.compile(r"[^\\'\"`$(){}#<\n]+")
_PLAIN_QUOTED = re.compile(r"[^\"\\$`]+")
_PARAMETER = re.compile(r"\$(?:[A-Za-z_]\w*|[0-9$#?!@*-])")
_ANSI = re.compile(r"\$'(?:[^'\\]|\\.)*'", re.DOTALL)
_HEREDOC = re.compile(r"<<(-?)[ \t]*(?:'([^'\n]*)'|\"([^\"\\$`\n]*)\"|([\w.+%@,:/-]+))(?=[\s;&|<>()]|$)")
_PART_OF_DELIMITER = r"'[\w.+%@,:/-]*'|\"[\w.+%@,:/-]*\"|\\[\w.+%@,:/-]|[\w.+%@,:/-]+"
_HEREDOC_IN_PARTS = re.compile(rf"<<(-?)[ \t]*((?:{_PART_OF_DELIMITER})+)(?=[\s;&|<>()]|$)", re.ASCII)
_QUOTES = re.compile(r"['\"\\]")
_LITERAL_BODY = re.compile(r"[^$`\\]*")
_MASK = "x"
_LONE_DASH = re.compile(r"(?<=[ \t])-(?=[ \t]+<<)")


class Unclear(Exception):  # noqa: N818 - an answer about the command, not a fault
    """The command is not understood; `code` names the rule that says so, `start:end` where."""

    def __init__(self, code: str, start: int = 0, end: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.start = start
        self.end = end


class Kind(StrEnum):
    """Why a stretch of text is masked."""

    SINGLE = "raw_string"
    ANSI = "ansi_c_string"
    DOUBLE = "string_content"
    COMMENT = "comment"
    QUOTED_BODY = "quoted heredoc"
    BODY = "heredoc"


@dataclass(frozen=True, slots=True)
class Mask:
    """Characters `start:end` of `Source.text` that the parser does not get to see."""

    start: int
    end: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Source:
    """A command three times: as written, joined, and masked. Joined and masked have the same length."""

    original: str
    text: str
    """Without line continuations."""
    masked: str
    masks: tuple[Mask, ...]
    joints: tuple[int, ...]
    """Where in `text` a continuation was taken out, ascending."""
    heredocs: tuple[tuple[int, int], ...]
    """Where in `text` the delimiters stand that end heredocs."""

    @property
    def tokens(self) -> int:
        """How many words and signs the parser gets to see."""
        return sum(1 for _ in _TOKEN.finditer(self.masked))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Characters `start:end` of `text` as characters of `original`."""
        first = start + 2 * bisect_right(self.joints, start)
        last = end - 1 + 2 * bisect_right(self.joints, end - 1) + 1 if end > start else first
        return first, last


def is_quoted_delimiter(text: str) -> bool:
    """Whether what stands for a heredoc's delimiter keeps a shell from expanding the body."""
    return _QUOTES.search(text) is not None


def prepare(command: str) -> Source:
    """Joins and masks. Raises Unclear."""
    if len(command) > LONGEST:
        raise Unclear("over-budget", 0, len(command))
    lexer = _Lexer(command)
    lexer.run()
    joined, joints = _without(command, lexer.continuations)
    masks = tuple(_shifted(mask, lexer.continuations) for mask in lexer.masks)
    pieces: list[str] = []
    at = 0
    for mask in masks:
        pieces.append(joined[at : mask.start])
        pieces.append(_MASK * (mask.end - mask.start))
        at = mask.end
    pieces.append(joined[at:])
    masked = _with_plain_delimiters("".join(pieces), lexer)
    # The grammar drops a dash that stands alone before a heredoc.
    masked = _LONE_DASH.sub(_MASK, masked)
    ends = tuple(
        (_moved(start, lexer.continuations), _moved(end, lexer.continuations)) for start, end in lexer.heredocs
    )
    return Source(command, joined, masked, masks, joints, ends)


def _with_plain_delimiters(masked: str, lexer: _Lexer) -> str:
    """The grammar knows one way of quoting a delimiter that stands for all others: as long as they are, or shorter."""
    for start, end, delimiter in lexer.quoted_in_parts:
        first, last = _moved(start, lexer.continuations), _moved(end, lexer.continuations)
        plain = f"'{delimiter}'" if end - start > len(delimiter) + 1 else f"\\{delimiter}"
        masked = masked[:first] + plain.ljust(last - first) + masked[last:]
    return masked


def _without(command: str, continuations: list[int]) -> tuple[str, tuple[int, ...]]:
    pieces: list[str] = []
    joints: list[int] = []
    at = 0
    for number, position in enumerate(continuations):
        pieces.append(command[at:position])
        joints.append(position - 2 * number)
        at = position + 2
    pieces.append(command[at:])
    return "".join(pieces), tuple(joints)


def _shifted(mask: Mask, continuations: list[int]) -> Mask:
    return Mask(_moved(mask.start, continuations), _moved(mask.end, continuations), mask.kind)


def _moved(position: int, continuations: list[int]) -> int:
    return position - 2 * bisect_right(continuations, position)


class _Lexer:
    """Finds continuations and maskable text. A context is "", "(", "((", "{" (of `${`), '"' or "`"."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.contexts = [""]
        self.masks: list[Mask] = []
        self.continuations: list[int] = []
        self.heredocs: list[tuple[int, int]] = []
        self.quoted_in_parts: list[tuple[int, int, str]] = []
        """Where delimiters of heredocs stand that are quoted by a backslash or in parts, and what they come to."""
        self._waiting: list[tuple[bool, bool, str]] = []
        """Heredocs whose bodies begin at the next line: tabs stripped, delimiter quoted, delimiter."""

    def run(self) -> None:
        at = steps = 0
        while at < len(self.text):
            steps += 1
            if steps > _MOST_STEPS:
                raise Unclear("over-budget", 0, len(self.text))
            at = self._in_quotes(at) if self.contexts[-1] == '"' else self._outside(at)

    def _mask(self, start: int, end: int, kind: Kind) -> None:
        if end > start:
            self.masks.append(Mask(start, end, kind))

    def _in_quotes(self, at: int) -> int:
        if plain := _PLAIN_QUOTED.match(self.text, at):
            # Right after a parameter a mask would read as more of its name.
            self._mask(at if self.text[at - 1] == '"' else at + 1, plain.end(), Kind.DOUBLE)
            return plain.end()
        character = self.text[at]
        if character == '"':
            self.contexts.pop()
            return at + 1
        return self._shared(at, character)

    def _shared(self, at: int, character: str) -> int:
        """What means the same inside and outside of double quotes: backslash, dollar, backtick."""
        if character == "\\":
            if self.text.startswith("\n", at + 1):
                self.continuations.append(at)
            return at + 2
        if character == "`":
            if self.contexts[-1] == "`":
                self.contexts.pop()
            else:
                self.contexts.append("`")
            return at + 1
        if self.text.startswith("$[", at):
            raise Unclear("not-understood", at, at + 2)
        for opening, context in (("$((", "(("), ("$(", "("), ("${", "{")):
            if self.text.startswith(opening, at):
                self.contexts.append(context)
                return at + len(opening)
        parameter = _PARAMETER.match(self.text, at)
        return parameter.end() if parameter else at + 1

    def _outside(self, at: int) -> int:
        if plain := _PLAIN.match(self.text, at):
            return plain.end()
        character, context = self.text[at], self.contexts[-1]
        bare = context in {"", "(", "`"}
        match character:
            case "'":
                return self._single(at)
            case '"':
                self.contexts.append('"')
            case "$" if self.text.startswith("$'", at) and '"' not in self.contexts[-2:]:
                return self._ansi(at)
            case "\\" | "`" | "$":
                return self._shared(at, character)
            case "(":
                double = self.text.startswith("((", at)
                self.contexts.append("((" if double else "(")
                return at + (2 if double else 1)
            case ")" if context == "((" and self.text.startswith("))", at):
                self.contexts.pop()
                return at + 2
            case ")" if context == "(":
                self.contexts.pop()
            case "}" if context == "{":
                self.contexts.pop()
            case "#" if bare and (at == 0 or self.text[at - 1] in " \t\n;&|()`"):
                return self._comment(at)
            case "<" if bare and self.text.startswith("<<", at):
                return self._heredoc(at)
            case "\n" if bare and self._waiting:
                return self._bodies(at + 1)
            case _:
                pass
        return at + 1

    def _single(self, at: int) -> int:
        if self.contexts[-1] == "{" and '"' in self.contexts:
            return at + 1
        end = self.text.find("'", at + 1)
        if end < 0:
            raise Unclear("not-understood", at, len(self.text))
        self._mask(at + 1, end, Kind.SINGLE)
        return end + 1

    def _ansi(self, at: int) -> int:
        found = _ANSI.match(self.text, at)
        if found is None:
            raise Unclear("not-understood", at, len(self.text))
        self._mask(at + 2, found.end() - 1, Kind.ANSI)
        return found.end()

    def _comment(self, at: int) -> int:
        end = self.text.find("\n", at)
        end = len(self.text) if end < 0 else end
        if self.contexts[-1] == "`" and (tick := self.text.find("`", at, end)) >= 0:
            end = tick
        self._mask(at + 1, end, Kind.COMMENT)
        return end

    def _heredoc(self, at: int) -> int:
        if self.text.startswith("<<<", at):
            return at + 3
        found = _HEREDOC.match(self.text, at)
        if found is None:
            return self._heredoc_in_parts(at)
        dash, single, double, word = found.groups()
        delimiter = next(part for part in (single, double, word) if part is not None)
        self._waiting.append((bool(dash), word is None, delimiter))
        return found.end()

    def _heredoc_in_parts(self, at: int) -> int:
        """A delimiter of which a backslash, or quotes around a part, quote the whole, as in `E"O"F`."""
        found = _HEREDOC_IN_PARTS.match(self.text, at)
        delimiter = _QUOTES.sub("", found[2]) if found else ""
        # Inside of backticks a backslash may be gone before anybody looks for it.
        if found is None or not delimiter or "`" in self.contexts:
            raise Unclear("not-understood", at, at + 2)
        self._waiting.append((bool(found[1]), True, delimiter))
        self.quoted_in_parts.append((*found.span(2), delimiter))
        return found.end()

    def _bodies(self, at: int) -> int:
        for stripped, quoted, delimiter in self._waiting:
            start = line = at
            while True:
                end = self.text.find("\n", line)
                last = end < 0
                end = len(self.text) if last else end
                found = self.text[line:end]
                if (found.lstrip("\t") if stripped else found) == delimiter:
                    break
                if last:
                    raise Unclear("not-understood", start, len(self.text))
                line = end + 1
            if quoted:
                self._mask(start, line - 1, Kind.QUOTED_BODY)
            elif literal := _LITERAL_BODY.fullmatch(self.text, start, max(start, line - 1)):
                self._mask(start, literal.end(), Kind.BODY)
            self.heredocs.append((end - len(delimiter), end))
            at = end
            if len(self._waiting) > 1:
                # The grammar does not know two heredocs on one line.
                raise Unclear("not-understood", start, end)
        self._waiting.clear()
        return at
