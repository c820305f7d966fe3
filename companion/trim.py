"""Gives back memory that is held for later, or that only the start needed, where the platform can be told to."""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

_M_ARENA_MAX = -8  # malloc.h of glibc
_MADV_DONTNEED = 4  # mman.h of Linux

_MAPPING = re.compile(
    "(?P<start>[0-9a-f]+)-(?P<end>[0-9a-f]+) (?P<rights>[-rwxsp]{4}) [0-9a-f]+ "
    r"(?P<file>[0-9a-f]+:[0-9a-f]+ \d+) *(?P<path>.*)"
)
_SIZE = re.compile(r"(\w+): +(\d+) kB")
_LIBRARY = re.compile(r"/.*\.so[.\d]*")
# Pages that stand in no file: dropped, they would be gone.
_OWN = ("Swap", "Private_Hugetlb", "Shared_Hugetlb")
_FEWEST_KB = 256


def share_one_arena() -> bool:
    """Whether all threads allocate from one place from now on. To be called before there are threads.

    Each would else keep what it has freed for itself; the interpreter lets only one of them allocate at a time anyway.
    """
    mallopt = _of_the_allocator("mallopt")
    return mallopt is not None and mallopt(_M_ARENA_MAX, 1) == 1


def trim() -> bool:
    """Whether the allocator knows how; glibc's does. Takes a few milliseconds, and lets other threads go on."""
    give_back = _of_the_allocator("malloc_trim")
    if give_back is None:
        return False
    give_back(0)
    return True


def drop_library_pages() -> int:
    """Lets go of the pages of libraries that are as they stand in their files; how many kB that were.

    What is needed again comes back from the kernel's cache of that file, so nothing is lost: what does not come back is
    what only the start read. Takes some milliseconds, and lets other threads go on. Elsewhere than on Linux it is 0.
    """
    if not sys.platform.startswith("linux"):
        return 0
    try:
        madvise = ctypes.CDLL(None).madvise
        smaps = Path("/proc/self/smaps").read_bytes().decode("utf-8", "surrogateescape")
    except (OSError, AttributeError):
        return 0
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    clean = clean_library_pages(smaps)
    return sum(one.resident for one in clean if madvise(one.start, one.end - one.start, _MADV_DONTNEED) == 0)


class Mapping(NamedTuple):
    """A part of a process' memory that a file was mapped to."""

    start: int
    end: int
    rights: str
    """As the kernel shows them: "r-xp"."""
    file: str
    """Its device and inode."""
    path: str
    resident: int
    """kB in memory."""
    own: bool
    """Whether some of it stands in no file, as far as is known."""


def clean_library_pages(smaps: str) -> list[Mapping]:
    """Of what a process has mapped, told as in /proc/PID/smaps: libraries' mappings that are as in their files."""
    mappings = list(_mappings(smaps))
    # The data of a library is mapped last and then relocated. Before that, its data may still be told as read-only.
    loaded = {one.file for one in mappings if one.own}
    return [
        one
        for one in mappings
        if not one.own
        and "w" not in one.rights
        and one.rights.endswith("p")
        and one.file in loaded
        # Nobody unloads a library of an interpreter, so its place is not another's by the time it is used.
        and _LIBRARY.fullmatch(one.path)
        and one.resident >= _FEWEST_KB
    ]


def _mappings(smaps: str) -> Iterator[Mapping]:
    head: re.Match[str] | None = None
    sizes: dict[str, int] = {}
    # The kernel writes a line feed in a path as \012, and leaves all else as it is.
    for line in (*smaps.split("\n"), "0-0 ---p 0 0:0 0 "):
        if (begins := _MAPPING.fullmatch(line)) is None:
            if size := _SIZE.fullmatch(line):
                sizes[size[1]] = int(size[2])
            continue
        if head is not None:
            own = sizes.get("Anonymous", 1) + sum(sizes.get(name, 0) for name in _OWN) > 0
            start, end = int(head["start"], 16), int(head["end"], 16)
            yield Mapping(start, end, head["rights"], head["file"], head["path"], sizes.get("Rss", 0), own)
        head, sizes = begins, {}


def _of_the_allocator(name: str) -> Any:
    """A function of glibc; None on another platform or with another C library, such as musl."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        library = ctypes.CDLL(None)
        return getattr(library, name) if hasattr(library, "gnu_get_libc_version") else None
    except (OSError, AttributeError):
        return None
