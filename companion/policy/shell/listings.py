"""Programs whose output is names of files, for those that get them behind a pipe or as words."""

from __future__ import annotations

import re
from dataclasses import replace

from companion.policy.shell.effects import TRACKED, TREE
from companion.policy.shell.invocation import Invocation, Lists, read
from companion.policy.shell.knowledge import GREP
from companion.policy.shell.options import split
from companion.policy.shell.viewers import found_files
from companion.policy.shell.words import Value

_UNTRACKED = re.compile(r"-\w*[oik]|--[oik]")
"""How options begin with which `git ls-files` names files that the repository does not keep, be they ignored."""
_FILTERS = {
    **dict.fromkeys(("head", "tail"), re.compile(r"(?:-n x|-n\d+|-\d+)?")),
    **dict.fromkeys(("grep", "egrep", "fgrep"), re.compile(r"(?:-[ivEFGPwx]+ )*(?:-e )?x")),
    "sort": re.compile(r"(?:-[uVrnfz]+ ?)*"),
    "uniq": re.compile(""),
    "tac": re.compile(""),
    "shuf": re.compile(r"(?:-n x)?"),
}
"""Programs that leave lines out and the others as they are, by their words; x stands for any other."""
_PLAIN_OF_GIT = re.compile(
    r"--(?:name-only|cached|staged|merge-base|no-renames|no-commit-id|root|reverse|all|no-merges|merges|first-parent"
    r"|exit-code|ignore-submodules|no-color|relative|follow|no-ext-diff|find-renames|pretty=format:|format=)"
    r"|--(?:diff-filter=\w+|since=.*|until=.*|after=.*|before=.*|author=.*|grep=.*|max-count=\d+|skip=\d+|color=never)"
    r"|-[rtmzwb]|-n|-?-?\d+|-n\d+|-M\d*%?|-[SG].*|--",
    re.DOTALL,
)
"""Options with which git's diff, log and show say no more than names."""
_SHOWN = re.compile(r"(?:HEAD|@)(?:[~^]\d*)*")
"""What certainly is a commit: of a tag `git show` prints the message, and of a file its text."""
_ONE = re.compile(r"(?:head|tail) -(?:n ?)?1")
_SHORTEST_HASH = 4


def names_files(invocation: Invocation) -> Lists | None:
    """What the program's output names, for those whose output is names and nothing else."""
    here = Value(".", invocation.start, invocation.end)
    words = invocation.words
    match invocation.name:
        case "fd" | "fdfind" if any(re.match(r"-\w*[HIu]|--(?:hid|no-ig|unr)", word) for word in words):
            return Lists(read(here, TREE))
        case "fd" | "fdfind":
            return Lists(found_files(invocation))
        case "git" if words[:1] == ("ls-files",) and any(map(_UNTRACKED.match, words[1:])):
            return Lists(read(here, TREE))
        case "rg" if {"-l", "--files", "--files-with-matches"} & set(words):
            return Lists(read(here, TRACKED))
        case "git" if _git_names_files(words):
            return Lists(read(here, TRACKED))
        case "git" if _names_commit(words):
            # A file may be called like the beginning of a hash.
            hashed = replace(here, text="[0-9a-f]" * _SHORTEST_HASH + "*", glob=True)
            return Lists(read(hashed), dashed=False, single=True)
        case "grep" | "egrep" | "fgrep":
            return _grep_names_files(invocation) or _filtered(invocation)
        case "ls" if all(word.startswith("-") for word in words):
            return Lists(read(here, TREE))
        case name if name in _FILTERS:
            return _filtered(invocation)
        case _:
            return None


def _names_commit(words: tuple[str, ...]) -> bool:
    """Whether git prints one hash: of any other name that it does not know it prints the name."""
    if words[:1] == ("merge-base",):
        return all(re.fullmatch(r"[\w/@~^.{}-]+", word) and not word.startswith("-") for word in words[1:])
    plain = [word for word in words[1:] if word not in {"--short", "--verify"}]
    return words[:1] == ("rev-parse",) and len(plain) == 1 and re.fullmatch(r"(?:HEAD|@)[~^\d]*", plain[0]) is not None


def _git_names_files(words: tuple[str, ...]) -> bool:
    """Whether git prints names alone: what `log` and `show` say else, somebody wrote into a commit."""
    names = words[0] if words else ""
    if any(word.startswith("--line-p") for word in words):
        return False
    if names in {"ls-files", "ls-tree"}:
        return not any(word.startswith("--format") for word in words)
    if names == "grep":
        counts = any(re.match(r"-\w*c|--co", word) for word in words[1:])
        return not counts and not {"-l", "--name-only", "--files-with-matches"}.isdisjoint(words)
    options = words[1 : words.index("--")] if "--" in words else words[1:]
    if not all(_PLAIN_OF_GIT.fullmatch(word) for word in options if word.startswith("-")):
        return False
    if names == "show" and not all(_SHOWN.fullmatch(word) for word in options if not word.startswith("-")):
        return False
    bare = [word for word in words if word.startswith(("--format", "--pretty"))]
    told = names in {"diff", "diff-tree", "diff-index", "diff-files"} or (
        names in {"show", "log"} and bool(bare) and set(bare) <= {"--format=", "--pretty=format:"}
    )
    return told and "--name-only" in words


def _grep_names_files(invocation: Invocation) -> Lists | None:
    arguments = split(invocation.args, GREP)
    if (
        not arguments.has("l", "files-with-matches")
        or arguments.unknown is not None
        or arguments.has("label", "c", "count", "b", "byte-offset")
    ):
        return None
    files = arguments.operands[0 if arguments.has("e", "regexp", "f", "file") else 1 :]
    if not arguments.has("r", "R", "recursive", "dereference-recursive"):
        code = ""
    elif files:
        code = TREE
    else:
        return Lists(read(Value(".", invocation.start, invocation.end), TREE))
    if not files or any(file.text is None or file.text == "-" for file in files):
        return None
    dashed = any((file.text or "-")[0] in "-*?[" for file in files)
    return Lists(tuple(effect for file in files for effect in read(file, code)), dashed=dashed)


def _filtered(invocation: Invocation) -> Lists | None:
    """Of the names that it gets some, each of them whole."""
    words = " ".join("x" if re.fullmatch(r"[^-\s].*", word, re.DOTALL) else word for word in invocation.words)
    whole = _FILTERS[invocation.name].fullmatch(words) and None not in [arg.text for arg in invocation.args]
    listed = invocation.feed.listed
    if listed is None or not whole:
        return None
    return replace(listed, single=True) if _ONE.fullmatch(" ".join([invocation.name, *invocation.words])) else listed
