import platform
import subprocess
import sys

import pytest

from companion import trim as module
from companion.trim import share_one_arena, trim

GLIBC = sys.platform.startswith("linux") and platform.libc_ver()[0] == "glibc"

# Threads that allocate at once; how many places they do it in is told by malloc_info.
THREADS = """
import ctypes, re, sys, threading
from companion.trim import share_one_arena
if sys.argv[1] == "one":
    assert share_one_arena()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
def allocate():
    for _ in range(2000):
        libc.free(ctypes.c_void_p(libc.malloc(1000)))
threads = [threading.Thread(target=allocate) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc.fdopen.restype = ctypes.c_void_p
out = libc.fdopen(1, b"w")
libc.malloc_info(0, ctypes.c_void_p(out))
libc.fflush(ctypes.c_void_p(out))
"""


@pytest.mark.parametrize("asked", [trim])
def test_it_is_done_where_the_platform_can(asked):
    assert asked() is GLIBC


@pytest.mark.skipif(not GLIBC, reason="only glibc knows how")
def test_threads_share_one_place_where_that_was_asked_for():
    def places(how):
        told = subprocess.run([sys.executable, "-c", THREADS, how], capture_output=True, text=True, check=True).stdout
        return told.count("<heap nr=")

    assert (places("one"), places("many") > 1) == (1, True)


@pytest.mark.parametrize("asked", [trim, share_one_arena])
@pytest.mark.parametrize("name", ["darwin", "win32"])
def test_elsewhere_nothing_is_asked_of_the_platform(monkeypatch, name, asked):
    monkeypatch.setattr(sys, "platform", name)
    monkeypatch.delattr(module, "ctypes")
    assert asked() is False


@pytest.mark.parametrize("asked", [trim, share_one_arena])
def test_another_c_library_is_left_alone(monkeypatch, asked):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(module.ctypes, "CDLL", lambda _: object())
    assert asked() is False
    monkeypatch.setattr(module.ctypes, "CDLL", lambda _: 1 / 0 if _ else type("Musl", (), {"mallopt": print})())
    assert asked() is False
