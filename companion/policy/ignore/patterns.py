"""One line of an ignore file as a value.

pathspec holds each pattern. Its own translation serves where it equals git's, which is for the ordinary patterns; what
it reads otherwise than git (brackets, escapes, `**`, `?` on a character of several bytes) is translated by `globs`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pathspec.pattern import RegexPattern
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from companion.policy.ignore.globs import NeverMatches, translate_name, translate_path

# Names of literals, `?` and one `*` each: here pathspec's regular expression is git's, and can match in one way only.
_ORDINARY_NAME = rb"(?=[^/])[\w.?+@~-]*\*?[\w.?+@~-]*"
_ORDINARY = re.compile(rb"/?(?:" + _ORDINARY_NAME + rb"/)*" + _ORDINARY_NAME)

# The name that every path has which a pattern matches, its ending, and the folder that its path begins with.
_LAST = re.compile(rb"(?:.*/)?([\w.+@~-]+)", re.DOTALL)
_ENDING = re.compile(rb"\*[\w.+@~-]*(\.[\w+@~-]+)")
_FOLDER = re.compile(rb"/?([\w.+@~-]+)(?:/.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern, and what is wrong with it where something is."""

    text: str
    """As written, without what git strips from the line."""
    line: int
    """From 1; 0 for a stand-in that no file holds."""
    negated: bool
    dir_only: bool
    anchored: bool
    """Matched against the path from the ignore file's folder; otherwise against the last name alone."""
    glob: bytes | None
    """The pattern without its `!` and its closing slash; None for what matches everything."""
    fold_case: bool = False
    reason: str = ""
    """Why it stands in for rules that are not known."""
    _made: list[tuple[RegexPattern, str]] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def matcher(self) -> RegexPattern:
        """Its `regex` matches bytes in full, or is None where nothing matches. Made when first needed."""
        return self._make()[0]

    @property
    def complaint(self) -> str:
        """Why the pattern does not do what its author may think; "" when it is sound."""
        return self._make()[1]

    def covers(self, path: bytes, name: bytes, *, is_dir: bool) -> bool:
        """Whether it matches `path` (from the ignore file's folder, no outer slashes), whose last part is `name`.

        Both come in lower case where case is folded.
        """
        if self.dir_only and not is_dir:
            return False
        regex = self.matcher.regex
        return regex is not None and regex.fullmatch(path if self.anchored else name) is not None

    def _make(self) -> tuple[RegexPattern, str]:
        if not self._made:
            if self.glob is None:
                self._made.append((RegexPattern(re.compile(rb"(?s:.*)"), include=True), self.reason))
            else:
                self._made.append(_match(self.glob, anchored=self.anchored, fold_case=self.fold_case))
        return self._made[0]


_Buckets = dict[bytes, tuple[int, ...]]
_Fits = Callable[[bytes], re.Match[bytes] | None]
_Quick = tuple[_Fits | None, _Fits | None]


class PatternList:
    """The patterns of one file in order, sorted by what a path has to look like to match them at all."""

    __slots__ = ("_by_ending", "_by_folder", "_by_name", "_made", "_others", "_others_for_files", "patterns")

    def __init__(self, patterns: tuple[Pattern, ...]) -> None:
        self.patterns = patterns
        names, endings, folders = (defaultdict[bytes, list[int]](list) for _ in range(3))
        others: list[int] = []
        for number, each in enumerate(patterns):
            glob = each.glob
            if glob is None:
                others.append(number)
                continue
            glob = glob.lower() if each.fold_case else glob
            if last := _LAST.fullmatch(glob):
                names[last[1]].append(number)
            elif not each.anchored and (ending := _ENDING.fullmatch(glob)):
                endings[ending[1]].append(number)
            elif each.anchored and (folder := _FOLDER.fullmatch(glob)):
                folders[folder[1]].append(number)
            else:
                others.append(number)
        self._by_name, self._by_ending, self._by_folder = map(_frozen, (names, endings, folders))
        self._others = tuple(others)
        self._others_for_files = tuple(number for number in others if not patterns[number].dir_only)
        self._made: list[_Quick | None] = [None, None]

    def last_match(self, path: bytes, name: bytes, *, is_dir: bool) -> Pattern | None:
        """The last pattern that covers this path, which comes as in `Pattern.covers`."""
        found = -1
        if self._by_name and (numbers := self._by_name.get(name)):
            found = self._last(numbers, found, path, name, is_dir=is_dir)
        if self._by_ending and (numbers := self._by_ending.get(name[name.rfind(b".") :])):
            found = self._last(numbers, found, path, name, is_dir=is_dir)
        if self._by_folder and (numbers := self._by_folder.get(path.partition(b"/")[0])):
            found = self._last(numbers, found, path, name, is_dir=is_dir)
        others = self._others if is_dir else self._others_for_files
        if others:
            any_name, any_path = self._quick(is_dir=is_dir)
            if (any_name and any_name(name)) or (any_path and any_path(path)):
                found = self._last(others, found, path, name, is_dir=is_dir)
        return self.patterns[found] if found >= 0 else None

    def _last(self, numbers: tuple[int, ...], least: int, path: bytes, name: bytes, *, is_dir: bool) -> int:
        for number in reversed(numbers):
            if number <= least:
                break
            if self.patterns[number].covers(path, name, is_dir=is_dir):
                return number
        return least

    def _quick(self, *, is_dir: bool) -> _Quick:
        """What matches every name, and every path, that one of the patterns in no bucket matches."""
        made = self._made[is_dir]
        if made is None:
            others = [self.patterns[number] for number in (self._others if is_dir else self._others_for_files)]
            names = _any_of(each for each in others if not each.anchored)
            paths = _any_of(each for each in others if each.anchored)
            made = self._made[is_dir] = (names and names.fullmatch, paths and paths.fullmatch)
        return made


def _frozen(buckets: dict[bytes, list[int]]) -> _Buckets:
    return {key: tuple(numbers) for key, numbers in buckets.items()}


def encode(path: str) -> bytes:
    """The bytes of a path or pattern, for any string."""
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return path.encode("utf-8", "surrogatepass")


def parse_lines(content: bytes, *, fold_case: bool = False) -> tuple[Pattern, ...]:
    """The patterns of a file's content in order, comments and empty lines left out. Never raises."""
    if content.startswith(b"\xef\xbb\xbf"):
        content = content[3:]
    lines = content.split(b"\n")
    return tuple(
        parse_pattern(line, number, fold_case=fold_case)
        for number, line in enumerate(lines, 1)
        if line and not line.startswith(b"#")
    )


def parse_pattern(line: bytes, number: int, *, fold_case: bool = False) -> Pattern:
    """The pattern of one line that is neither empty nor a comment."""
    line = _strip(line)
    negated = line.startswith(b"!")
    glob = line[1:] if negated else line
    dir_only = glob.endswith(b"/")
    glob = glob[:-1] if dir_only else glob
    anchored = b"/" in glob
    return Pattern(line.decode("utf-8", "surrogateescape"), number, negated, dir_only, anchored, glob, fold_case)


def everything(reason: str) -> Pattern:
    """Stands in for rules that cannot be read: excludes whatever lies below, and says why."""
    return Pattern(f"({reason})", 0, negated=False, dir_only=False, anchored=True, glob=None, reason=reason)


def _strip(line: bytes) -> bytes:
    """Without a carriage return at the end, what follows a NUL, and trailing spaces that no backslash escapes."""
    line = line.removesuffix(b"\r").split(b"\0", 1)[0]
    bare = line.rstrip(b" ")
    backslashes = len(bare) - len(bare.rstrip(b"\\"))
    if len(bare) == len(line) or backslashes % 2 == 0:
        return bare
    return bare + b" "


def _match(glob: bytes, *, anchored: bool, fold_case: bool) -> tuple[RegexPattern, str]:
    """The matcher of a pattern without its `!` and its closing slash, and the complaint about it."""
    if glob != b"*" and _ORDINARY.fullmatch(glob):
        return GitIgnoreSpecPattern(glob.lower() if fold_case else glob), _doubt(glob)
    if glob in {b"", b"/"}:
        return RegexPattern(None), "never matches: nothing is left of it to match"
    translate = translate_path if anchored else translate_name
    try:
        regex = re.compile(translate(glob.removeprefix(b"/"), fold_case=fold_case))
    except NeverMatches as reason:
        return RegexPattern(None), f"never matches: {reason}"
    return RegexPattern(regex, include=True), _doubt(glob)


def _doubt(glob: bytes) -> str:
    if b"//" in glob or {b".", b".."} & set(glob.split(b"/")):
        return "never matches: git compares names, so write the path without `.`, `..` and `//`"
    return ""


def _any_of(patterns: Iterable[Pattern]) -> re.Pattern[bytes] | None:
    """Matches what any of them matches; None where nothing does."""
    regexes = [each.matcher.regex.pattern for each in patterns if each.matcher.regex is not None]
    # pathspec names a group, and in one regular expression a name may stand only once.
    return re.compile(b"|".join(re.sub(rb"\(\?P<\w+>", b"(?:", regex) for regex in regexes)) if regexes else None
