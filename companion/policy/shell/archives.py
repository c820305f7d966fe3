"""Archives: what lists them reads; what packs reads files and writes one; what unpacks writes what nobody has seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from companion.policy.shell.builds import is_project
from companion.policy.shell.effects import TREE
from companion.policy.shell.invocation import Finding, Invocation, read, write
from companion.policy.shell.tools import asks_for_help
from companion.policy.shell.words import Value

_RUNS = re.compile(r"--(?:to-c|us|checkpoint-a|inf|new-v|rs|rm|ind|vol|rec|rem|preserve-o|ov|mul|one)|-(?:I|F)$|-I\w")
"""Options that run a program or write a file beside the archive; GNU's takes an abbreviation for the whole."""
_REMOTE = re.compile(r"[^/]*:")
"""An archive that tar asks another machine for."""
_TAR_MODES = {"c": "create", "r": "append", "u": "update", "A": "catenate", "x": "extract", "t": "list", "d": "diff"}
_TAR_LONG = {
    f"--{word}": letter
    for letter, words in {
        "c": ("create",),
        "r": ("append",),
        "u": ("update",),
        "A": ("catenate", "concatenate"),
        "x": ("extract", "get"),
        "t": ("list",),
        "d": ("diff", "compare", "delete"),
    }.items()
    for word in words
}
_TAKES = "fCTXgbHLNVKF"


def _tar(invocation: Invocation) -> Iterator[Finding]:
    args = list(invocation.args)
    words = [arg.constant for arg in args]
    if asks_for_help(words):
        yield invocation.runs()
        return
    if is_project(invocation.look) and (packed := _packs(args)) is not None:
        yield from packed
        return
    mode, files, operands, unclear = _tar_words(args)
    if unclear or mode not in {"t", "d"} or any(_REMOTE.match(file.text or ":") for file in files):
        yield invocation.rule("file-change")
    else:
        yield invocation.runs()
        yield from (effect for file in files if file.constant != "-" for effect in read(file))
    if mode in {"c", "r", "u", "", "d"}:
        for operand in operands:
            yield from read(operand, TREE)


def _tar_words(args: list[Value]) -> tuple[str, list[Value], list[Value], bool]:
    """The mode, the archives, the operands, and whether there is an option that may do more."""
    mode, files, operands, unclear = "", list[Value](), list[Value](), False
    waiting: list[str] = []
    for number, arg in enumerate(args):
        text = arg.text
        if waiting:
            what = waiting.pop(0)
            if what == "f":
                files.append(arg)
            elif what in {"T", "X"}:
                operands.append(arg)
                unclear = unclear or what == "T"
            else:
                unclear = unclear or what in {"g", "F"}
            continue
        if text is None:
            unclear = unclear or number == 0 or arg.many
            operands.append(arg)
        elif text.startswith("--"):
            name, _, value = text.partition("=")
            mode = _TAR_LONG.get(name, mode)
            if name == "--delete" or _RUNS.match(text):
                unclear = True
            elif name in {"--file", "--files-from", "--directory", "--exclude-from"} and not value:
                waiting.append({"--file": "f", "--files-from": "T", "--exclude-from": "X"}.get(name, "C"))
            elif name == "--file":
                files.append(Value(value, arg.start, arg.end))
            elif name == "--files-from":
                unclear = True
        elif text.startswith("-") or number == 0:
            letters = text.removeprefix("-")
            unclear = unclear or bool(_RUNS.match(text)) or not letters.isalnum() or _names_program(letters)
            for at, letter in enumerate(letters):
                mode = letter if letter in _TAR_MODES else mode
                if letter in _TAKES and text.startswith("-") and letters[at + 1 :]:
                    if letter == "f":
                        files.append(Value(letters[at + 1 :], arg.start, arg.end))
                    break
                if letter in _TAKES:
                    waiting.append(letter)
        else:
            operands.append(arg)
    return mode, files, operands, unclear


_PACKS = re.compile(r"-?[cvzjJaf]*f")
_PACKS_LONG = frozenset({"--create", "--verbose", "--gzip", "--bzip2", "--xz", "--zstd", "--auto-compress"})
_WITHOUT = re.compile(r"--exclude=.+|--exclude-vcs", re.DOTALL)


def _packs(args: list[Value]) -> list[Finding] | None:
    """What one archive of named files reads and writes; None with any option that is not known to do just that."""
    archive: Value | None = None
    operands: list[Value] = []
    creates, at = False, 0
    while at < len(args):
        arg, text = args[at], args[at].text
        at += 1
        if text is None or arg.many or (arg.glob and text[:1] in "*?[-@"):
            return None
        if _WITHOUT.fullmatch(text) or text in _PACKS_LONG:
            creates = creates or text == "--create"
        elif (at == 1 or text.startswith("-")) and (_PACKS.fullmatch(text) or re.fullmatch(r"-[cvzjJa]+", text)):
            creates = creates or "c" in text
            if text.endswith("f"):
                archive, at = (args[at] if archive is None and at < len(args) else None), at + 1
                if archive is None:
                    return None
        elif text.startswith("--file=") and archive is None:
            archive = Value(text.removeprefix("--file="), arg.start, arg.end)
        elif text.startswith(("-", "@")):
            return None
        else:
            operands.append(arg)
    # With a colon in its name it lies on another machine.
    if not creates or archive is None or not operands or re.match(r"-|.*:|$", archive.constant or "-", re.DOTALL):
        return None
    return [*(effect for operand in operands for effect in read(operand, TREE)), *write(archive)]


def _names_program(letters: str) -> bool:
    """Whether a cluster holds `I` or `F` as an option: behind a letter that takes a value stands its value."""
    for at, letter in enumerate(letters):
        if letter in "IF":
            return True
        if letter in _TAKES and letters[at + 1 :]:
            return any(one in "IF" for one in letters[at + 1 :])
    return False


def _unzip(invocation: Invocation) -> Iterator[Finding]:
    words = invocation.words
    lists = any(
        re.fullmatch(r"-[lvtZzqC1shmTp]*[lvtZz][\w]*", word) and not re.search("[dopTnxf]", word) for word in words
    )
    if asks_for_help(list(words)) or lists:
        yield invocation.runs()
        yield from (effect for arg in invocation.args if not (arg.text or "").startswith("-") for effect in read(arg))
    else:
        yield invocation.rule("file-change")


_PACKS_MORE = re.compile(r"--(?:rm|o|fi|patch|tr|f$)|-[\w]*[SD]$")
"""Options that delete what was read, write files, or take the names of files from one."""
_INTO = frozenset({"zstd", "unzstd", "lz4"})
"""Those that take a name to write to."""


def _packer(invocation: Invocation) -> Iterator[Finding]:
    """Gzip and its kin replace files, unless they write to their output or only look."""
    words = invocation.words
    words = words[: words.index("--")] if "--" in words else words
    letters = "".join(word[1:] for word in words if re.fullmatch(r"-\w+", word))
    shows = bool(set(letters) & set("cltLVh")) or any(
        word in {"--stdout", "--to-stdout", "--list", "--test", "--version", "--help"} for word in words
    )
    operands = [arg for arg in invocation.args if not (arg.text or "").startswith("-") or arg.text == "-"]
    writes = invocation.name in _INTO and ("o" in letters or (invocation.name == "lz4" and len(operands) > 1))
    if writes or any(_PACKS_MORE.match(word) for word in words):
        yield invocation.rule("file-change")
        return
    if not shows and (operands or not invocation.feed):
        yield invocation.rule("file-change")
        return
    yield invocation.runs()
    yield from (effect for operand in operands if operand.text != "-" for effect in read(operand))


def _zip(invocation: Invocation) -> Iterator[Finding]:
    yield invocation.rule("file-change")
    yield from (
        effect for arg in invocation.args[1:] if not (arg.text or "-").startswith("-") for effect in read(arg, TREE)
    )


ARCHIVERS: dict[str, Callable[[Invocation], Iterator[Finding]]] = {
    **dict.fromkeys(("tar", "bsdtar", "gtar"), _tar),
    "unzip": _unzip,
    "zip": _zip,
    **dict.fromkeys(("gzip", "gunzip", "bzip2", "bunzip2", "xz", "unxz", "zstd", "unzstd", "lz4", "compress"), _packer),
}
