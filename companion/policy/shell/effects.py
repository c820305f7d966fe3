"""What effects say, for those who decide on them.

The code of a READ says what is read of its target: "" the file's content; "names" no content, but that it exists,
and the names below it; "glob" the content of what the pattern matches; "tree" the content of every file below a
folder (the target then ends in "/", so that facts about a tree are never taken for facts about its folder);
"tracked" the content that the repository in that folder keeps of it; "place" that code which lies in that folder
runs. Beside each "glob" stands a "tree" for the folder in which the pattern starts, for whoever cannot match patterns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from companion.model.facts import Access, Effect, EffectKind
from companion.policy.shell.rules import danger

NAMES = "names"
GLOB = "glob"
TREE = "tree"
TRACKED = "tracked"
LISTED = "listed"
"""The code of a READ of those files in a folder that git lists or does not ignore. Which they are is not known."""
PLACE = "place"
"""The code of a READ of a folder whose code runs, as tests and builds run the project's."""

_CHECKOUTS = frozenset({"git checkout", "git switch", "checkout", "switch", "symbolic-ref", "worktree"})
_SOURCES = frozenset({"/dev/null", "/dev/stdin"})
_SINKS = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr"})


WEB_READ = "web-read"
"""The code of a NETWORK effect that only fetches what an address names, and sends nothing but the address."""

LOOKS = frozenset({WEB_READ})
"""Codes of what only looks, though it is more than to read a file."""

DEEP_DELETE = "delete-tree"
"""The code of a DELETE of whole folders."""

AT_ROOT = "delete-at-root"
"""The code of a DELETE that happens only where a variable is empty that hardly ever is."""

MADE_AGAIN = "generated-delete"
"""The code of a DELETE of what builds and package managers make."""

RUNS_BY_ITSELF = frozenset(
    {WEB_READ, "git-local", "git-fetch", "project-run", "project-script", "tool-cache", "generated-delete"}
)
"""Codes of what the standard level lets run: it stays in the project or only looks, and can be taken back."""


def is_harmless(effect: Effect) -> bool:
    """Whether a read or write concerns nobody's file: a standard stream or a null device."""
    if effect.kind is EffectKind.READ:
        return effect.target in _SOURCES
    return effect.kind is EffectKind.WRITE and effect.target in _SINKS


# Folders in which every user may read, and which no user's own things lie in.
_SYSTEM = re.compile(
    r"/(?:usr|bin|sbin|lib|lib64|opt|nix|Library|System|Applications|tmp|var/tmp|private/tmp|private/var/tmp)(?:/|$)"
)
_SYSTEM_FILES = re.compile(
    r"/etc/(?:hosts|hostname|resolv\.conf|os-release|lsb-release|debian_version|timezone|localtime|issue|services|protocols"
    r"|shells|nsswitch\.conf|ld\.so\.conf|fstab|mtab|environment\.d|redhat-release|alpine-release|passwd|group|[\w.-]+\.conf)"
    r"|/proc/(?:cpuinfo|meminfo|version|uptime|loadavg|mounts|filesystems|stat|cmdline|devices|modules|partitions|swaps)"
    r"|/dev/(?:null|zero|stdin|random|urandom)"
)
_PERSONAL = re.compile(r"/(?:\.[^/]+|root|Keychains|Cookies|Mail|Messages)(?:/|$)|/proc/(?:self|\d+)")
TEMPORARY = "/tmp"  # noqa: S108 - a name for wherever it is
"""The folder for temporary things."""
_TEMPORARY = re.compile(
    r"/(?:tmp|var/tmp|private/tmp|private/var/tmp)/[^/]|/(?:private/)?var/folders/[^/]+/[^/]+/T/[^/]"
)
_DEVICE = re.compile(r"/dev/(?!(?:null|zero|full|tty|stdin|stdout|stderr|fd/|pts/|shm/))")


def is_system_file(path: str, *, names_only: bool) -> bool:
    """Whether everybody on the machine may know what is there: programs and libraries, temporary files, a few settings.

    With `names_only` it is about the names in a folder and not about what the files hold: names tell little, unless
    they stand where programs and people keep what is their own.
    """
    if _SYSTEM.match(path) or _SYSTEM_FILES.fullmatch(path):
        return True
    return names_only and _PERSONAL.search(path) is None


def moves_head(effect: Effect) -> bool:
    """Whether another branch may be checked out by it, or git's configuration be another: what git keeps is then
    what nobody has looked at.
    """
    return effect.code == "git-config" or (effect.code[:4] == "git-" and effect.target in _CHECKOUTS)


def is_temporary(path: str) -> bool:
    """Whether it lies in a folder for things that nobody counts on."""
    return _TEMPORARY.match(path) is not None


def is_device(path: str) -> bool:
    """Whether a write there goes to a disk, or to hardware of another kind."""
    return _DEVICE.match(path) is not None


def only_looks(effect: Effect) -> bool:
    """Whether a call of a service changes nothing there."""
    return effect.kind is EffectKind.CLOUD and effect.call is not None and effect.call.access is Access.READ


def most_dangerous(effects: Iterable[Effect]) -> Effect | None:
    """The one to tell a person first; of equals the one that stands first in the command."""
    return min(effects, key=lambda effect: (danger(effect), effect.start), default=None)


def changes_something(effects: Iterable[Effect]) -> Effect | None:
    """The most dangerous effect that changes, or may change, anything at all; None when the command only reads."""
    reading = {EffectKind.READ, EffectKind.RUN}
    return most_dangerous(
        effect
        for effect in effects
        if effect.kind not in reading
        and not is_harmless(effect)
        and effect.code not in LOOKS
        and not only_looks(effect)
    )
