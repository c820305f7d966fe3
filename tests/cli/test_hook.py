"""The start of `companion-hook`."""

import subprocess
import sys

import pytest

from companion.cli import hook


@pytest.mark.parametrize("arguments", [[], ["claude"], ["claude", "/nowhere/at/all"], ["a", "b", "c"]])
def test_without_a_daemon_or_with_odd_arguments_it_blocks(arguments):
    done = subprocess.run(
        [sys.executable, "-I", "-S", hook.__file__, *arguments], input=b"{}", capture_output=True, check=False
    )
    assert done.returncode == 2


def test_it_is_the_console_script_too():
    done = subprocess.run(
        [sys.executable, "-c", "from companion.cli.hook import main; main()"],
        input=b"{}",
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
