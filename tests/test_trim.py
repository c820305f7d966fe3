import json
import platform
import subprocess
import sys
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion import trim as module
from companion.trim import clean_library_pages, drop_library_pages, share_one_arena, trim

LINUX = sys.platform.startswith("linux")
GLIBC = LINUX and platform.libc_ver()[0] == "glibc"

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


@pytest.mark.parametrize("asked", [trim, share_one_arena, drop_library_pages])
@pytest.mark.parametrize("name", ["darwin", "win32"])
def test_elsewhere_nothing_is_asked_of_the_platform(monkeypatch, name, asked):
    monkeypatch.setattr(sys, "platform", name)
    monkeypatch.delattr(module, "ctypes")
    assert not asked()


@pytest.mark.parametrize("asked", [trim, share_one_arena])
def test_another_c_library_is_left_alone(monkeypatch, asked):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(module.ctypes, "CDLL", lambda _: object())
    assert asked() is False
    monkeypatch.setattr(module.ctypes, "CDLL", lambda _: 1 / 0 if _ else type("Musl", (), {"mallopt": print})())
    assert asked() is False


def told(rights: str = "r-xp", file: str = "fe:00 7", path: str = "/usr/lib/libfoo.so.3", **sizes: int | None) -> str:
    """A mapping as the kernel tells it."""
    told = {"Size": 4096, "Rss": 1024, "Anonymous": 0, "Shared_Hugetlb": 0, "Private_Hugetlb": 0, "Swap": 0, **sizes}
    lines = [f"{name + ':':<16}{size:8} kB" for name, size in told.items() if size is not None]
    head = f"7f0000000000-7f0000400000 {rights} 00001000 {file}"
    return "\n".join(
        [f"{head:<72} {path}".rstrip("\n"), *lines, "THPeligible:           0", "VmFlags: rd mr mw me ", ""]
    )


DATA = told("rw-p", Anonymous=8)
OTHER = told("rw-p", file="fe:00 9", path="/usr/lib/other.so", Anonymous=8)


@pytest.mark.parametrize("rights", ["r-xp", "r--p"])
@pytest.mark.parametrize(
    "path",
    [
        "/usr/lib/libfoo.so.3",
        "/opt/a b/_x.cpython-311-x86_64-linux-gnu.so",
        "/home/\u2028 \r Anonymous:\t/lib.so",
        "/tmp/\\012/x.so",
        "/7f00-7f01 rw-p 0 0:0 0 /x.so.1",
    ],
    ids=["plain", "blank", "separators", "line feed", "like a mapping"],
)
def test_what_of_a_library_is_as_in_its_file_is_known(rights, path):
    (one,) = clean_library_pages(OTHER + told(rights, path=path) + DATA)
    assert (one.start, one.end, one.path, one.resident) == (0x7F0000000000, 0x7F0000400000, path, 1024)


LEFT_ALONE = {
    "writable": told("rw-p"),
    "writable code": told("rwxp"),
    "write only": told("-w-p"),
    "shared": told("r--s"),
    "shared code": told("r-xs"),
    "changed": told(Anonymous=4),
    "changed and swapped": told(Swap=4),
    "huge": told(Private_Hugetlb=2048),
    "huge and shared": told(Shared_Hugetlb=2048),
    "nobody knows whether it is changed": told(Anonymous=None),
    "nobody knows its size": told(Rss=None),
    "small": told(Rss=8),
    "nameless": told(path=""),
    "heap": told(path="[heap]"),
    "kernel's": told(path="[vdso]"),
    "deleted": told(path="/usr/lib/libfoo.so.3 (deleted)"),
    "data": told(path="/home/me/data.bin"),
    "data of a library": told(path="/home/me/x.so.txt"),
    "relative": told(path="x.so"),
    "changed, with a hostile name": told(path="/x.so\\012Anonymous: 0 kB", Anonymous=4),
    "no file": told(file="00:00 0", path=""),
}


@pytest.mark.parametrize("mapping", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_what_is_written_to_shared_or_in_no_file_is_left_alone(mapping):
    assert clean_library_pages(mapping + DATA) == []


def test_a_library_that_is_still_being_loaded_is_left_alone():
    assert clean_library_pages(told() + OTHER) == []


@pytest.mark.parametrize("cut", ["", "\n", "no such lines", told()[:-60], "7f00-7f01 r-xp"])
def test_lines_that_are_cut_or_missing_name_nothing(cut):
    assert clean_library_pages(cut) == []


KINDS = st.fixed_dictionaries(
    {
        "rights": st.sampled_from(["r-xp", "r--p", "rw-p", "rwxp", "---p", "r--s", "rw-s"]),
        "file": st.sampled_from(["fe:00 7", "fe:00 8", "00:00 0"]),
        "path": st.sampled_from(["/a.so", "/b.so.1.2", "/b.so (deleted)", "[heap]", "", "/data"]),
        "Rss": st.integers(0, 2000),
        "Anonymous": st.sampled_from([0, 0, 0, 8]),
        "Swap": st.sampled_from([0, 0, 0, 8]),
    }
)


@given(st.lists(KINDS, max_size=6))
def test_law_nothing_is_named_that_could_be_lost(kinds):
    found = clean_library_pages("".join(told(**kind) for kind in kinds))
    safe = [
        kind
        for kind in kinds
        if kind["rights"] in ("r-xp", "r--p", "---p")
        and kind["Anonymous"] == kind["Swap"] == 0
        and ".so" in kind["path"]
    ]
    assert len(found) <= len(safe)
    assert {one.path for one in found} <= {kind["path"] for kind in safe}


# Works with libraries, in threads that never stop, while their pages are dropped again and again.
WORKING = """
import ctypes, hashlib, json, re, sqlite3, ssl, sys, threading
from companion.trim import clean_library_pages, drop_library_pages, _mappings

def work(seed):
    base = sqlite3.connect(":memory:")
    base.execute("create table t (a, b)")
    base.executemany("insert into t values (?, ?)", [(n, str(n * seed)) for n in range(200)])
    rows = base.execute("select sum(a), max(b), group_concat(b) from t").fetchall()
    base.close()
    return hashlib.sha512(repr(rows).encode()).hexdigest() + hashlib.new("sha3_256", str(rows).encode()).hexdigest()

def told():
    with open("/proc/self/smaps") as file:
        return file.read()

def resident(path):
    return sum(one.resident for one in _mappings(told()) if one.path == path)

before = [work(seed) for seed in range(20)]
kept = {seed: [str(seed)] * 1000 for seed in range(200)}
big = max(clean_library_pages(told()), key=lambda one: one.resident if "python" not in one.path else 0)
most = resident(big.path)
wrong, done = [], threading.Event()

def go_on():
    while not done.is_set():
        if [work(seed) for seed in range(20)] != before:
            wrong.append(True)

threads = [threading.Thread(target=go_on) for _ in range(3)]
[thread.start() for thread in threads]
dropped = [drop_library_pages() for _ in range(20)]
done.set()
[thread.join() for thread in threads]
wrong += [True] * ([work(seed) for seed in range(20)] != before)
wrong += [True] * (kept != {seed: [str(seed)] * 1000 for seed in range(200)})
drop_library_pages()
print(json.dumps({"first": dropped[0], "wrong": len(wrong), "most": most, "left": resident(big.path)}))
"""


@pytest.mark.skipif(not LINUX, reason="only there")
def test_libraries_work_on_while_their_pages_are_dropped():
    done = subprocess.run([sys.executable, "-c", WORKING], capture_output=True, text=True, check=True)
    said: Mapping[str, int] = json.loads(done.stdout)
    assert said["wrong"] == 0
    assert said["first"] > 0
    assert said["left"] < said["most"]
