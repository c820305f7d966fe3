import re
import subprocess
import sys
import threading

import pytest

from companion.scan.secrets.engine import TooMuchError, allowance, allowed, glance, installed


def test_a_package_has_its_version_and_one_that_is_not_there_has_none():
    assert re.fullmatch(r"\d+(\.\d+)+", installed("httpx"))
    assert installed("no-such-package-of-anybody") == ""


def test_a_start_does_not_load_what_tells_versions():
    asked = "import sys, companion.daemon; sys.exit('importlib.metadata' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


def test_without_a_limit_an_engine_may_work_as_long_as_it_takes():
    assert allowance() == float("inf")


def test_who_has_worked_too_long_is_told():
    with allowed(60):
        assert 0 < allowance() <= 60
        with allowed(0), pytest.raises(TooMuchError):
            allowance()
        assert allowance() > 0
        with allowed(3600):
            assert allowance() <= 60, "nobody gives himself more"
    assert allowance() == float("inf")


def test_it_is_the_own_work_of_a_thread_that_counts():
    told = []
    with allowed(0):
        thread = threading.Thread(target=lambda: told.append(allowance()))
        thread.start()
        thread.join()
    assert told == [float("inf")]


def test_a_glance_looks_at_the_clock_now_and_then():
    def look() -> None:
        for _ in range(16):
            glance()

    with allowed(0), pytest.raises(TooMuchError):
        look()
    for _ in range(100):
        glance()
