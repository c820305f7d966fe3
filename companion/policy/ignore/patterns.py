"""One line of an ignore file as a value.

pathspec holds each pattern. Its own translation serves where it equals git's, which is for the ordinary patterns; what
it reads otherwise than git (brackets, escapes, `**`, `?` on a character of several bytes) is translated by `globs`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from pathspec.pattern import RegexPattern
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from companion.policy.ignore.globs import NeverMatches, translate_name, translate_path

LONGEST_PATTERN = 1024
"""Bytes. A longer pattern is not translated: it excludes everything, or, negated, re-includes nothing."""

# Names of literals, `?` and one `*` each: here pathspec's regular expression is git's, and can match in one way only.
_ORDINARY_NAME = rb"(?=[^/])[\w.?+@~-]*\*?[\w.?+@~-]*"
_ORDINARY = re.compile(rb"/?(?:" + _ORDINARY_NAME + rb"/)*" + _ORDINARY_NAME)


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
    matcher: RegexPattern
    """Its `regex` matches bytes in full, or is None where nothing matches."""
    complaint: str = ""
    """Why the pattern does not do what its author may think; "" when it is sound."""

    def covers(self, path: bytes, name: bytes, *, is_dir: bool) -> bool:
        """Whether it matches `path` (from the ignore file's folder, no outer slashes), whose last part is `name`."""
        if self.dir_only and not is_dir:
            return False
        regex = self.matcher.regex
        return regex is not None and regex.fullmatch(path if self.anchored else name) is not None


@dataclass(frozen=True, slots=True)
class PatternList:
    """The patterns of one file in order. Most names of files match none of them, and two regular expressions say so."""

    patterns: tuple[Pattern, ...]
    _any_name: re.Pattern[bytes] = field(init=False, repr=False, compare=False)
    _any_path: re.Pattern[bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for_files = [each for each in self.patterns if not each.dir_only]
        object.__setattr__(self, "_any_name", _any_of(each for each in for_files if not each.anchored))
        object.__setattr__(self, "_any_path", _any_of(each for each in for_files if each.anchored))

    def last_match(self, path: bytes, name: bytes, *, is_dir: bool) -> Pattern | None:
        """The last pattern that covers this path, which comes as in `Pattern.covers`."""
        if not is_dir and not self._any_name.fullmatch(name) and not self._any_path.fullmatch(path):
            return None
        return next((each for each in reversed(self.patterns) if each.covers(path, name, is_dir=is_dir)), None)


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
    matcher, complaint = _match(glob, anchored=anchored, negated=negated, fold_case=fold_case)
    return Pattern(line.decode("utf-8", "surrogateescape"), number, negated, dir_only, anchored, matcher, complaint)


def everything(reason: str) -> Pattern:
    """Stands in for rules that cannot be read: excludes whatever lies below, and says why."""
    return Pattern(f"({reason})", 0, negated=False, dir_only=False, anchored=True, matcher=_any(), complaint=reason)


def _strip(line: bytes) -> bytes:
    """Without a carriage return at the end, what follows a NUL, and trailing spaces that no backslash escapes."""
    line = line.removesuffix(b"\r").split(b"\0", 1)[0]
    bare = line.rstrip(b" ")
    backslashes = len(bare) - len(bare.rstrip(b"\\"))
    if len(bare) == len(line) or backslashes % 2 == 0:
        return bare
    return bare + b" "


def _match(glob: bytes, *, anchored: bool, negated: bool, fold_case: bool) -> tuple[RegexPattern, str]:
    """The matcher of a pattern without its `!` and its closing slash, and the complaint about it."""
    if len(glob) > LONGEST_PATTERN:
        said = "nothing is re-included" if negated else "everything here is excluded"
        complaint = f"longer than {LONGEST_PATTERN} bytes, so {said}"
        return (RegexPattern(None) if negated else _any()), complaint
    if _ORDINARY.fullmatch(glob) and glob != b"*":
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


def _any() -> RegexPattern:
    return RegexPattern(re.compile(rb"(?s:.*)"), include=True)


def _any_of(patterns: Iterable[Pattern]) -> re.Pattern[bytes]:
    """Matches what any of them matches."""
    regexes = (each.matcher.regex.pattern for each in patterns if each.matcher.regex is not None)
    # pathspec names a group, and in one regular expression a name may stand only once.
    return re.compile(b"|".join(re.sub(rb"\(\?P<\w+>", b"(?:", regex) for regex in regexes) or rb"(?!)")
