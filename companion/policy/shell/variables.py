"""Environment variables: which a command may show, and which it may set, without being asked."""

from __future__ import annotations

import re
from collections.abc import Sequence

from companion.policy.shell.words import Value

# They tell where something is or how it is set up, and are not where people keep secrets.
_SHOWN = frozenset(
    {
        "HOME",
        "PWD",
        "OLDPWD",
        "USER",
        "LOGNAME",
        "SHELL",
        "HOSTNAME",
        "PATH",
        "LANG",
        "TERM",
        "TMPDIR",
        "COLUMNS",
        "LINES",
    }
    | {"RANDOM", "SECONDS", "LINENO", "EPOCHSECONDS", "EPOCHREALTIME", "UID", "EUID", "PPID", "BASHPID", "SHLVL", "CI"}
    | {
        "OSTYPE",
        "HOSTTYPE",
        "MACHTYPE",
        "BASH_VERSION",
        "ZSH_VERSION",
        "EDITOR",
        "VIRTUAL_ENV",
        "NODE_ENV",
        "XDG_DATA_HOME",
    }
    | {"XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "GOPATH", "JAVA_HOME", "IFS"}
)
_HARMLESS = frozenset(
    {"LANG", "LANGUAGE", "TZ", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES", "CI"}
    | {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "RUST_BACKTRACE", "GIT_TERMINAL_PROMPT", "NODE_ENV", "TERM"}
    | {"DEBIAN_FRONTEND"}
    # Switches: how much is said, and at which number a test server listens; nobody takes a program or a file from them.
    | {"DEBUG", "VERBOSE", "RUST_LOG", "PORT", "PYTHONHASHSEED", "NODE_NO_WARNINGS", "CARGO_TERM_COLOR"}
)
# Programs and shells read these although they are not written in capitals.
_LIVE = re.compile(
    r"(?:https?|ftp|all|no)_proxy|npm_config_.*|histchars|auto_resume|path|cdpath|fpath|prompt|precmd"
    # zsh keeps in these what its commands are.
    r"|[gs]?aliases|functions|builtins|commands|options|dis_\w+|nameddirs|dirstack|module_path"
)


PLAIN = frozenset(
    {"echo", "printf", "true", "false", ":", "test", "[", "pwd", "cd", "ls", "cat", "head", "tail", "wc", "uniq", "cut"}
    | {"tr", "basename", "dirname", "seq", "sleep", "stat", "mkdir", "touch", "rm", "rmdir", "cp", "mv", "tee"}
)
"""Programs that look at hardly any variable, and run nothing."""

_TAME = frozenset(
    {"grep", "egrep", "fgrep", "find", "sort", "diff", "comm", "nl", "tac", "date", "realpath", "set", "shift", "read"}
    | {"pushd", "popd", "exit", "return", "break", "continue", "sed", "jq", "rg"}
)
_TAME_OF_GIT = frozenset({"rev-parse", "branch", "ls-files", "status", "log", "diff", "show", "rev-list", "describe"})

# Names, and parts of names, by which a shell, a loader, a library or a tool is told what to run, load, read or talk to.
_MEANT = re.compile(
    r"(?:_|JQ_|COLS|COLORTERM|DISPLAY|EMAIL|LV$|TERM|TZ|XDG"
    r"|LD|DYLD|GLIBC|MALLOC|LIB|SHLIB|GCONV|LOC|NLS|BASH|ZSH|ZDOT|KSH|GREP|LESS|MORE|GIT|SSH|TAR_|TAPE|ARG|STTY|COMP|HIST|MAIL|OPT"
    r"|POSIX|PS\d|R?PROMPT|ENV|IFS|HOME|PWD|OLDPWD|SHELL|GLOB|EXEC|FUNC|FIGNORE|TMP|TEMP|NULL|READ|WATCH|PAGER|MAN|EDITOR"
    r"|VISUAL|PERL|PYTHON|NODE|NPM|RUBY|JAVA|GO|CARGO|RUST|DOCKER|KUBE|AWS|AZURE|GOOGLE|VERSION_CONTROL|SIMPLE_BACKUP)\w*"
    r"|\w*(?:PATH|OPTION|OPTS|FLAGS|ARGS|PRELOAD|CMD|COMMAND|HOOK|PROXY|CONFIG|DIR|RC|FILE|CERT|URL|HOST|ENDPOINT|SOCK)\w*"
)

_OWN = re.compile(r"(?:(?:SRC|OUT|OUTPUT|BASE|ROOT|PROJECT|REPO|TARGET|TEST)_?)?(?:DIR|FILE)S?|FILENAME|FILEPATH")
"""What scripts call their own, though they look like names that mean something."""


def is_tame(name: str, words: Sequence[Value]) -> bool:
    """Whether the program goes by no variables but those whose names say so, nor does what it starts."""
    if name == "git":
        return len(words) > 1 and words[1].constant in _TAME_OF_GIT
    return name in _TAME


def is_of_no_meaning(name: str) -> bool:
    """Whether the plainest programs do the same with a variable of this name and without it."""
    if _OWN.fullmatch(name):
        return True
    named = re.fullmatch(r"[A-Za-z_]\w*", name) is not None
    return named and _MEANT.fullmatch(name.upper()) is None and _LIVE.fullmatch(name) is None


def is_harmless_to_show(name: str) -> bool:
    """Whether the variable's value may be told. Positional and special parameters are the command's own."""
    return name in _SHOWN or name.startswith("LC_") or not name[:1].isalpha() or name == "_"


def is_harmless_to_set(name: str) -> bool:
    """Whether a program that inherits the variable does the same with it and without it."""
    return name in _HARMLESS or re.fullmatch(r"LC_[A-Z]+", name) is not None


def is_private(name: str) -> bool:
    """Whether a shell variable of this name is the command's own: no program or shell looks at it."""
    return is_harmless_to_set(name) or (any(letter.islower() for letter in name) and not _LIVE.fullmatch(name))
