"""The demo's stage: a copy of the sample project, a home of its own, the scripted model, and the real daemon."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from companion.demo.hands import without_git
from companion.demo.model import ScriptedModel, serve
from companion.demo.planted import find_sample_project, must_not_leave
from companion.demo.play import DEMO_PLAY, PLAN_PLAY
from companion.demo.record import Capture
from companion.places import find_places

_CONFIG = """\
[upstreams.acting]
url = "{act}"
provider = "anthropic"

[upstreams.planning]
url = "{plan}"
provider = "anthropic"

[tiers.plan]
upstream = "planning"
model = "claude-opus-4-5"

[tiers.act]
upstream = "acting"
model = "claude-sonnet-4-5"

[tiers.small]
upstream = "acting"
model = "claude-haiku-4-5"
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that one demo needs. It is gone when `set_stage` is left."""

    folder: Path
    workspace: Path
    home: Path
    """COMPANION_HOME of the demo's daemon."""
    capture: Capture
    """Every byte that reached the scripted model."""
    forbidden: tuple[str, ...]
    """What must not be among those bytes: planted secrets, and lines of ignored files."""

    def environ(self) -> dict[str, str]:
        """The environment for the demo's processes."""
        own = {"COMPANION_HOME": str(self.home), "COMPANION_CACHE": str(self.folder / "cache")}
        # The person's own global ignore file must not decide what the demo shows.
        return os.environ | own | {"XDG_CONFIG_HOME": str(self.folder / "config")}


@contextmanager
def set_stage() -> Iterator[Stage]:
    """Everything but the daemon. Leaves nothing behind."""
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="companion-demo-", ignore_cleanup_errors=True))
        )
        workspace, home = folder / "parcel-tracker", folder / "home"
        shutil.copytree(find_sample_project(), workspace)
        _make_repository(workspace)
        home.mkdir(mode=0o700)
        capture = Capture()
        act = stack.enter_context(serve(ScriptedModel(DEMO_PLAY, capture).app))
        plan = stack.enter_context(serve(ScriptedModel(PLAN_PLAY, capture).app))
        (home / "companion.toml").write_text(_CONFIG.format(act=act, plan=plan), "utf-8")
        stage = Stage(folder, workspace, home, capture, must_not_leave(find_sample_project()))
        # Where the temporary folder has a long path, the sockets stand beside the stage.
        stack.callback(shutil.rmtree, find_places(stage.environ()).run, ignore_errors=True)
        yield stage


def _make_repository(workspace: Path) -> None:
    """A repository on a protected branch, where there is git; without it the demo has one thing less to show."""
    if shutil.which("git") is None:
        return
    environ = without_git(os.environ) | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ["-c", "user.name=demo", "-c", "user.email=demo@example.invalid", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", *arguments], cwd=workspace, env=environ, check=True, capture_output=True)
