"""A daemon before an upstream, shared by the tests of a module; modules that need another have their own."""

from __future__ import annotations

import pytest

from tests.support.daemons import PATIENT, companion
from tests.support.scenes import Scene
from tests.support.upstreams import upstream


@pytest.fixture(scope="module")
def running():
    with companion() as made, upstream(lambda handler, body: None) as up:
        made.configure(PATIENT)
        made.up("--upstream", up.url)
        yield made, up


@pytest.fixture
def scene(running, tmp_path):
    made, up = running
    up.requests.clear()
    (tmp_path / ".gitignore").write_text("private/\n*.log\n")
    (tmp_path / ".clineignore").write_text("internal.txt\n")
    (tmp_path / "notes.txt").write_text("notes\n")
    return Scene(made, up, tmp_path)
