import platform
import sys

import pytest

from companion import trim as module
from companion.trim import trim


def test_it_is_done_where_the_platform_can():
    assert trim() is (sys.platform.startswith("linux") and platform.libc_ver()[0] == "glibc")


@pytest.mark.parametrize("name", ["darwin", "win32"])
def test_elsewhere_nothing_is_asked_of_the_platform(monkeypatch, name):
    monkeypatch.setattr(sys, "platform", name)
    monkeypatch.delattr(module, "ctypes")
    assert trim() is False


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(module.ctypes, "CDLL", lambda _: object())
    assert trim() is False
