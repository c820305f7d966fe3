"""One program with its words, and what a judgement of it can say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from companion.model.facts import Effect, EffectKind
from companion.policy.shell.effects import GLOB, NAMES, TREE
from companion.policy.shell.rules import apply
from companion.policy.shell.words import Value, fixed_folder


@dataclass(frozen=True, slots=True)
class Feed:
    """What stands on a program's standard input when the command itself puts it there."""

    piped: bool = False
    """The output of another command."""
    text: Value | None = None
    """A heredoc or herestring, or the output of another command where that is known."""
    listed: Lists | None = None
    """What the piped output names, where that is known."""
    redirected: bool = False
    """Put there by a redirection of the same command."""
    beyond: Feed | None = None
    """Of a list that the grammar counts to a pipe: what stands there for all but its first command."""

    def __bool__(self) -> bool:
        return self.piped or self.text is not None

    def overruled(self, by: Feed) -> Feed:
        """What stands there behind one more redirection: the last one counts to bash, and all of them to zsh."""
        if by.text is None:
            return self
        several = self.redirected or self.piped
        text = replace(by.text, text=None) if several else by.text
        return Feed(piped=self.piped, text=text, redirected=True)


NO_FEED = Feed()

Look = Callable[[str], str | None]
"""The text of a small file of the project, by its path from the folder that a program runs in; None without one.

Raises UnreadableFile for one that is there, and whose text nobody knows.
"""


class UnreadableFile(Exception):  # noqa: N818 - an answer
    """A file is there, or may be there by then, and what it says is not known: it may say anything."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """`name` is a program's plain name; `start:end` are characters of the command."""

    name: str
    args: tuple[Value, ...]
    start: int
    end: int
    feed: Feed = NO_FEED
    look: Look | None = None
    git: Look | None = None
    """As `look`, for what git reads: of that a step before this one may have changed a part. None: nothing is known."""

    spend: Callable[[int], bool] | None = None
    """Takes from what may be spent on reading code in one command, and says whether there was as much."""

    def affords(self, characters: int) -> bool:
        """Whether so much code may still be read."""
        return self.spend is None or self.spend(characters)

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments' texts, "" for one that is not known."""
        return tuple(arg.text or "" for arg in self.args)

    def rule(self, code: str, target: str = "", at: Value | None = None) -> Effect:
        """The effect that a rule names; the target is this program where none is given."""
        start, end = (at.start, at.end) if at else (self.start, self.end)
        return apply(code, target or self.name, start, end)

    def refuse(self, word: Value) -> Effect:
        """The effect of a word that is no known option, or may turn out to be one."""
        if word.text is None:
            return self.rule("unknown-word", "this word", word)
        return self.rule("glob-option" if word.glob else "unknown-option", word.text, word)

    def runs(self) -> Effect:
        """The statement that this program only reads."""
        return Effect(EffectKind.RUN, self.name, self.start, self.end)


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is run as a command of its own, in a new shell."""

    value: Value
    words: tuple[Value, ...] = ()
    """What the text knows as `$0`, `$1` and so on."""


@dataclass(frozen=True, slots=True)
class Inner:
    """A program that another one starts: its name and arguments as words."""

    words: tuple[Value, ...]
    feed: Feed = NO_FEED


@dataclass(frozen=True, slots=True)
class Lists:
    """Says what the program prints names of: the reads of all of those files."""

    reads: tuple[Effect, ...]
    dashed: bool = True
    """Whether a name may begin with a dash, and be an option to whoever gets it as a word."""
    single: bool = False
    """Whether it is one name at most, so that quotes around it change nothing."""


Finding = Effect | Text | Inner | Lists
"""Targets of READ, WRITE and DELETE effects are counted from the folder that the program runs in."""


def read(path: Value, code: str = "") -> tuple[Effect, ...]:
    """The effects of reading what a word names."""
    if path.text is None and path.listed is not None:
        narrowed = {TREE: _below, NAMES: _names}.get(code)
        return path.listed if narrowed is None else tuple(narrowed(path.listed))
    if path.text is None:
        return (apply("unknown-path", "this word", path.start, path.end),)
    if path.glob and code == NAMES:
        return (_path(EffectKind.READ, plain(fixed_folder(path.text)), path, NAMES),)
    if path.glob:
        folder = fixed_folder(path.text)
        return _path(EffectKind.READ, path.text, path, GLOB), _path(EffectKind.READ, tree(folder), path, TREE)
    target = path.text or "."
    return (_path(EffectKind.READ, tree(target) if code == TREE else plain(target), path, code),)


def _below(reads: tuple[Effect, ...]) -> Iterator[Effect]:
    """The reads of all that lies below what is listed: it may be folders."""
    for one in reads:
        if one.code == GLOB:
            # Beside it stands the folder in which the pattern starts.
            continue
        yield one if one.code == TREE else replace(one, target=tree(one.target), code=TREE)


def _names(reads: tuple[Effect, ...]) -> Iterator[Effect]:
    """Of each only that it is there, and what is in it."""
    patterns = {(one.start, one.end) for one in reads if one.code == GLOB}
    for one in reads:
        if one.code != TREE or (one.start, one.end) not in patterns:
            folder = fixed_folder(one.target) if one.code == GLOB else one.target
            yield replace(one, target=plain(folder), code=NAMES)


def write(path: Value) -> tuple[Effect, ...]:
    """The effects of writing to what a word names."""
    if path.constant is None:
        return (apply("unknown-path", path.text or "this word", path.start, path.end),)
    return (_path(EffectKind.WRITE, plain(path.constant), path),)


def delete(path: Value, *, deep: bool = False) -> tuple[Effect, ...]:
    """The effects of deleting what a word names; a glob stands as its pattern. `deep`: with all that lies below."""
    if path.text is None:
        return (apply("unknown-path", "this word", path.start, path.end),)
    return (apply("delete-tree" if deep else "delete", plain(path.text), path.start, path.end),)


def tree(folder: str) -> str:
    """A folder as the target of an effect of code "tree"."""
    return folder if folder.endswith("/") else f"{folder}/"


def plain(path: str) -> str:
    """A path as the target of any other effect."""
    return path.rstrip("/") or path[:1]


def _path(kind: EffectKind, target: str, at: Value, code: str = "") -> Effect:
    return Effect(kind, target, at.start, at.end, code)
