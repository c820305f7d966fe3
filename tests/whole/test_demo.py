"""`companion demo`: the promise of the README, kept in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.support.daemons import BIN, wait_until

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of a terminal")


class Newcomer:
    """An empty home and an empty temporary folder, both to be as empty afterwards."""

    def __init__(self, folder: Path) -> None:
        self.home, self.temporary = folder / "home", folder / "t"
        self.home.mkdir()
        self.temporary.mkdir()
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("COMPANION_", "GIT_", "XDG_"))
        }
        self.environ = kept | {"HOME": str(self.home), "TMPDIR": str(self.temporary), "NO_COLOR": "1"}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([str(BIN / "companion"), "demo", *arguments], env=self.environ, text=True, **pipes)

    def check_nothing_is_left(self) -> None:
        assert list(self.temporary.iterdir()) == []
        assert list(self.home.iterdir()) == []
        wait_until(lambda: not self._processes())

    def _processes(self) -> list[str]:
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("TMPDIR") == str(self.temporary):
                    found.append(" ".join(process.cmdline()))
            except (psutil.Error, OSError):
                continue
        return found


@pytest.fixture
def newcomer(tmp_path):
    return Newcomer(tmp_path)


@pytest.mark.slow
def test_it_shows_what_it_promises_and_leaves_nothing(newcomer):
    # The person's own ignore file must not change what is shown.
    excludes = newcomer.temporary.parent / "xdg"
    (excludes / "git").mkdir(parents=True)
    (excludes / "git" / "ignore").write_text("docs/\nnotes/\n*.md\n")
    newcomer.environ["XDG_CONFIG_HOME"] = str(excludes)
    before = time.monotonic()
    out, err = (process := newcomer.start("--yes")).communicate(timeout=60)
    assert (process.returncode, err) == (0, ""), out
    assert time.monotonic() - before < 40
    lines = [line.strip() for line in out.splitlines()]
    assert any("planted secrets and lines of ignored files: 0 found." in line for line in lines)
    assert any("notes/rotation.md on the disk holds the real token" in line for line in lines)
    for said in ("refused   file  read .env", "approved  shell rm -rf build", "denied    shell git push origin main"):
        assert any(line.startswith(said) for line in lines), said
    commands = [line for line in lines[-6:] if line.startswith("companion ")]
    assert [line.split()[1] for line in commands] == ["up", "connect", "tui"]
    newcomer.check_nothing_is_left()


@posix
@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "after"), [(signal.SIGINT, "stage:"), (signal.SIGHUP, "Plan"), (signal.SIGTERM, "")]
)
def test_a_signal_ends_it_at_any_time_and_leaves_nothing(newcomer, number, after):
    process = newcomer.start()
    assert process.stdout is not None
    assert any(after in line for line in process.stdout), process.communicate()
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    newcomer.check_nothing_is_left()
