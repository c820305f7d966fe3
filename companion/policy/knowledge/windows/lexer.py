"""Cuts a line of PowerShell or cmd.exe into its commands and words. What is not plainly a word is not known.

Neither language is read in full: quotes, escapes, and what stands between commands. Everything else (blocks,
expressions, variables, calls of methods) is a word that is not known, or makes the whole line unclear.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

LONGEST = 16_000
_PIPE = "|"

_FILTER_VALUE = r"(?:'[^'\n]*'|\"[^\"$`\n]*\"|-?\d+(?:\.\d+)?(?:KB|MB|GB)?|\$(?:true|false|null))"
_FILTER_TEST = (
    r"(?:-not\s+)?\$_(?:\.\w+)+"
    rf"(?:\s+-[ci]?(?:eq|ne|gt|lt|ge|le|like|notlike|match|notmatch|contains)\s+{_FILTER_VALUE})?"
)
_FILTER = re.compile(rf"\{{\s*{_FILTER_TEST}(?:\s+-(?:and|or)\s+{_FILTER_TEST})*\s*\}}", re.IGNORECASE)
_COMMENT = re.compile(r"(?:^|(?<=[\s;|]))#[^\n]*")
_BARE = re.compile(r"[^\s'\"`$(){}\[\]@;|&<>,#]+")
_CMD_BARE = re.compile(r"[^\s\"^%!&|<>(),;]+")


@dataclass(slots=True)
class Command:
    """One command of a line. A word is None where it is not known."""

    words: list[str | None] = field(default_factory=list[str | None])
    writes: list[str | None] = field(default_factory=list[str | None])
    """What its output is redirected to."""
    reads: list[str | None] = field(default_factory=list[str | None])
    piped: bool = False
    """Whether another command's output is its input."""


@dataclass(slots=True)
class Line:
    commands: list[Command] = field(default_factory=list[Command])
    unclear: str = ""
    """What could not be read, "" when all of it could."""


def cut_powershell(text: str) -> Line:
    """The commands of a text in PowerShell."""
    if len(text) > LONGEST:
        return Line(unclear="its length")
    text = _FILTER.sub(" '{filter}' ", _COMMENT.sub("", text))
    return _Powershell(text).run()


def cut_cmd(text: str) -> Line:
    """The commands of a text for cmd.exe."""
    if len(text) > LONGEST:
        return Line(unclear="its length")
    return _Cmd(text).run()


class _Cutter(ABC):
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = Line()
        self.command = Command()
        self.word: str | None = ""
        self.inside = False
        """Whether a word has begun."""
        self.target: list[str | None] | None = None
        """Where the next word goes when it is a redirection's."""

    def run(self) -> Line:
        while self.at < len(self.text):
            before = self.at
            self.step(self.text[self.at])
            if self.at == before:
                self.unclear()
        self.end_command()
        return self.line

    @abstractmethod
    def step(self, character: str) -> None:
        """Reads on from this character."""

    def add(self, text: str | None) -> None:
        self.inside = True
        self.word = None if text is None or self.word is None else self.word + text

    def end_word(self) -> None:
        if self.inside:
            (self.command.words if self.target is None else self.target).append(self.word)
            self.target = None
        self.word, self.inside = "", False

    def end_command(self, *, piped: bool = False) -> None:
        self.end_word()
        if self.target is not None:
            self.line.unclear = self.line.unclear or "a redirection"
            self.target = None
        if self.command.words or self.command.writes or self.command.reads:
            self.line.commands.append(self.command)
        self.command = Command(piped=piped)

    def unclear(self) -> None:
        """Takes a character whose meaning is not read here."""
        self.line.unclear = self.line.unclear or self.text[self.at]
        self.add(None)
        self.at += 1

    def redirect(self, *, out: bool) -> None:
        # A digit right in front of it is the stream's number.
        if self.inside and self.word is not None and re.fullmatch(r"[0-9*]", self.word):
            self.word, self.inside = "", False
        self.end_word()
        self.at += 2 if self.text.startswith(">>", self.at) else 1
        if found := re.compile(r"&[0-9]").match(self.text, self.at):
            self.at = found.end()
            return
        self.target = self.command.writes if out else self.command.reads


class _Powershell(_Cutter):
    def step(self, character: str) -> None:
        text, at = self.text, self.at
        if character in " \t\r":
            self.end_word()
            self.at += 1
        elif character in ";\n":
            self.end_command()
            self.at += 1
        elif text.startswith(("&&", "||"), at):
            self.end_command()
            self.at += 2
        elif character == _PIPE:
            self.end_command(piped=True)
            self.at += 1
        elif character == "'":
            self._quoted(re.compile(r"'((?:[^']|'')*)'"), "''", "'")
        elif character == '"':
            self._quoted(re.compile(r'"((?:[^"]|"")*)"'), '""', '"')
        elif character == ">":
            self.redirect(out=True)
        elif character == ",":
            # Several values of one parameter.
            self.end_word()
            self.at += 1
        elif (
            character == "$" and (found := re.compile(r"\$(?:true|false|null)\b", re.IGNORECASE).match(text, at))
        ) or (found := _BARE.match(text, at)):
            self.add(found.group())
            self.at = found.end()
        else:
            self.unclear()

    def _quoted(self, form: re.Pattern[str], doubled: str, quote: str) -> None:
        found = form.match(self.text, self.at)
        if found is None:
            self.unclear()
            self.at = len(self.text)
            return
        inner = found.group(1)
        dynamic = quote == '"' and ("$" in inner or "`" in inner)
        if dynamic:
            self.line.unclear = self.line.unclear or ("$" if "$" in inner else "`")
        self.add(None if dynamic else inner.replace(doubled, quote))
        self.at = found.end()


class _Cmd(_Cutter):
    def step(self, character: str) -> None:
        text, at = self.text, self.at
        if character in " \t\r,;=" and not (character == "=" and self.inside):
            self.end_word()
            self.at += 1
        elif character == "\n":
            self.end_command()
            self.at += 1
        elif text.startswith(("&&", "||"), at):
            self.end_command()
            self.at += 2
        elif character == "&":
            self.end_command()
            self.at += 1
        elif character == _PIPE:
            self.end_command(piped=True)
            self.at += 1
        elif character == "^" and at + 1 < len(text):
            self.add(text[at + 1] if text[at + 1] not in "\r\n" else "")
            self.at += 2
        elif character == '"':
            self._quoted()
        elif character in "<>":
            self.redirect(out=character == ">")
        elif character in "%!":
            self.line.unclear = self.line.unclear or character
            self.add(None)
            self.at += 1
        elif character == "@" and not self.inside and not self.command.words:
            self.at += 1
        elif found := _CMD_BARE.match(text, at):
            self.add(found.group())
            self.at = found.end()
        else:
            self.unclear()

    def _quoted(self) -> None:
        end = self.text.find('"', self.at + 1)
        end = len(self.text) if end < 0 else end
        inner = self.text[self.at + 1 : end]
        dynamic = "%" in inner or "!" in inner
        if dynamic:
            self.line.unclear = self.line.unclear or "%"
        self.add(None if dynamic else inner)
        self.at = end + 1
