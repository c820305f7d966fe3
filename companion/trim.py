"""Gives back memory that is freed but still held for later, where the platform can be told to."""

from __future__ import annotations

import ctypes
import sys


def trim() -> bool:
    """Whether the allocator knows how; glibc's does. Takes a few milliseconds, and lets other threads go on."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        give_back = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        # Another C library, such as musl.
        return False
    give_back(0)
    return True
