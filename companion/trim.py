"""Gives back memory that is freed but still held for later, where the platform can be told to."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

_M_ARENA_MAX = -8  # malloc.h of glibc


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


def _of_the_allocator(name: str) -> Any:
    """A function of glibc; None on another platform or with another C library, such as musl."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        library = ctypes.CDLL(None)
        return getattr(library, name) if hasattr(library, "gnu_get_libc_version") else None
    except (OSError, AttributeError):
        return None
