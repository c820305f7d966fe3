"""Which files a command runs: what a yes to the command is bound to, beside the command itself.

Reads words, not the language: a file too many is hashed in vain. What it overlooks is still judged by its effects.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

_LONGEST = 64 * 1024
_MOST = 64
_DEEPEST = 4

_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "fish", "busybox"})
_INTERPRETERS = re.compile(
    r"(?:ba|da|z|k|fi)?sh|python[\d.]*|pypy[\d.]*|node|nodejs|deno|bun|tsx|ts-node|ruby|perl|php|lua|Rscript|osascript"
    r"|pwsh|powershell|awk|gawk|sed|tclsh|expect|groovy|java|julia|swift|go"
)
_WITHOUT_SCRIPT = frozenset({"-c", "-e", "-m", "--eval", "-p", "--print", "-Command"})
_SUBCOMMANDS = frozenset({"run", "exec", "test", "start"})
_PROJECT_FILES = {
    "make": ("GNUmakefile", "makefile", "Makefile"),
    "gmake": ("GNUmakefile", "makefile", "Makefile"),
    "just": ("justfile", "Justfile", ".justfile"),
    "task": ("Taskfile.yml", "Taskfile.yaml"),
    "npm": ("package.json",),
    "npx": ("package.json",),
    "pnpm": ("package.json",),
    "yarn": ("package.json",),
    "bun": ("package.json",),
    "rake": ("Rakefile",),
    "tox": ("tox.ini",),
    "nox": ("noxfile.py",),
    "ant": ("build.xml",),
    "mvn": ("pom.xml",),
    "gradle": ("build.gradle", "build.gradle.kts"),
    "gradlew": ("build.gradle", "build.gradle.kts"),
    "composer": ("composer.json",),
}
_OPERATORS = frozenset(";&|()<>\n")


def scripts_of(command: str) -> tuple[str, ...]:
    """Paths that may be scripts, as the command spells them or as its `cd`s lead there, each once, in order."""
    found: dict[str, None] = {}
    for path in _scripts(command, 0):
        found[path] = None
        if len(found) >= _MOST:
            break
    return tuple(found)


def _scripts(command: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST or len(command) > _LONGEST:
        return
    folders = [""]
    for words in _simple_commands(command):
        if words[0] in {"cd", "pushd"} and len(words) > 1:
            folders += [_joined(folder, words[-1]) for folder in folders[-2:]]
            continue
        for path in _of_words(words, depth):
            yield from (_joined(folder, path) for folder in dict.fromkeys(folders))


def _of_words(words: Sequence[str], depth: int) -> Iterator[str]:
    for at, word in enumerate(words):
        name = word.rsplit("/", 1)[-1]
        rest = words[at + 1 :]
        if name in {"source", "."} and rest:
            yield rest[0]
        elif name in _PROJECT_FILES:
            yield from _project_files(name, rest)
        if _INTERPRETERS.fullmatch(name):
            yield from _of_interpreter(name, rest, depth)
        if "/" in word and not word.startswith("-") and (at == 0 or "=" in words[at - 1] or _is_wrapped(words[:at])):
            yield word
        if word == "<" and rest:
            yield rest[0]


def _is_wrapped(before: Sequence[str]) -> bool:
    """Whether only wrappers, their options and assignments stand before a word."""
    wrappers = {
        "sudo",
        "doas",
        "env",
        "nohup",
        "time",
        "timeout",
        "nice",
        "exec",
        "command",
        "setsid",
        "stdbuf",
        "xargs",
    }
    return any(word in wrappers for word in before) and all(
        word in wrappers or word.startswith("-") or "=" in word or word[:1].isdigit() for word in before
    )


def _of_interpreter(name: str, rest: Sequence[str], depth: int) -> Iterator[str]:
    for at, word in enumerate(rest):
        if word in _WITHOUT_SCRIPT or (name in _SHELLS and re.fullmatch(r"-[a-z]*c[a-z]*", word)):
            if name in _SHELLS and at + 1 < len(rest):
                yield from _scripts(rest[at + 1], depth + 1)
            return
        if word in {"<", "-f", "--file"}:
            continue
        if word.startswith(("-", "+")) or word in _SUBCOMMANDS:
            continue
        yield word
        return


def _project_files(name: str, rest: Sequence[str]) -> Iterator[str]:
    folder = ""
    for at, word in enumerate(rest[:-1]):
        if word in {"-f", "--file", "--makefile", "--justfile"}:
            yield _joined(folder, rest[at + 1])
        elif word in {"-C", "--directory", "--prefix", "--cwd", "--dir"}:
            folder = rest[at + 1]
    for file in _PROJECT_FILES[name]:
        yield _joined(folder, file)


def _joined(folder: str, path: str) -> str:
    return path if not folder or path.startswith(("/", "~")) else f"{folder.rstrip('/')}/{path}"


def _simple_commands(command: str) -> Iterator[list[str]]:
    """The words of each simple command; a redirection from a file stays among them as "<" and the file."""
    words: list[str] = []
    for token in _tokens(command.replace("\\\n", "").replace("`", ";").replace("$(", ";(")):
        if set(token) <= _OPERATORS and token not in {"<", ">", ">>", ">|"}:
            if words:
                yield words
            words = []
        else:
            words.append(token)
    if words:
        yield words


def _tokens(command: str) -> list[str]:
    lexer = shlex.shlex(command, posix=True, punctuation_chars=";&|()<>\n")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:
        # Quotes that do not close: each word for itself is as good as anything.
        return [word.strip("\"'") for word in command.split()]
