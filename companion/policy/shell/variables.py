"""Environment variables: which a command may show, and which it may set, without being asked."""

from __future__ import annotations

import re

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
)
# Programs and shells read these although they are not written in capitals.
_LIVE = re.compile(
    r"(?:https?|ftp|all|no)_proxy|npm_config_.*|histchars|auto_resume|path|cdpath|fpath|prompt|precmd"
    # zsh keeps in these what its commands are.
    r"|[gs]?aliases|functions|builtins|commands|options|dis_\w+|nameddirs|dirstack|module_path"
)


def is_harmless_to_show(name: str) -> bool:
    """Whether the variable's value may be told. Positional and special parameters are the command's own."""
    return name in _SHOWN or name.startswith("LC_") or not name[:1].isalpha() or name == "_"


def is_harmless_to_set(name: str) -> bool:
    """Whether a program that inherits the variable does the same with it and without it."""
    return name in _HARMLESS or re.fullmatch(r"LC_[A-Z]+", name) is not None


def is_private(name: str) -> bool:
    """Whether a shell variable of this name is the command's own: no program or shell looks at it."""
    return is_harmless_to_set(name) or (any(letter.islower() for letter in name) and not _LIVE.fullmatch(name))
