"""What holds for every test."""

from __future__ import annotations

import os
import signal
import threading

from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, and nothing of the law.
settings.register_profile("companion", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("landing", settings.get_profile("companion"), derandomize=True)
settings.load_profile("companion")


def pytest_configure() -> None:
    """A suite started in a shell's background ignores Ctrl-C, and so would all that it starts and means to stop."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int:
    """One more than processors: a third of the time of all tests is spent waiting for agents and daemons."""
    return (os.cpu_count() or 1) + 1
