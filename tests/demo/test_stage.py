"""The demo's stage has all that it needs, is apart from the person's own things, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
import pytest

from companion.config.load import load
from companion.demo.planted import find_sample_project, planted_secrets
from companion.demo.stage import set_stage
from companion.model.action import Tier
from companion.places import find_places


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """An empty temporary folder."""
    folder = tmp_path / "t"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def stage(temporary):
    with set_stage() as found:
        yield found


def test_it_leaves_nothing_behind_however_it_ends(temporary):
    def play() -> None:
        with set_stage() as stage:
            find_places(stage.environ()).run.mkdir(parents=True)
            (stage.workspace / "new").write_text("x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        play()
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="the paths of unix sockets")
def test_nor_where_the_sockets_have_to_stand_elsewhere(temporary, monkeypatch):
    deep = temporary / ("d" * 120)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with set_stage() as stage:
        run = find_places(stage.environ()).run
        assert not run.is_relative_to(temporary)
        run.mkdir(mode=0o700)
    assert not run.exists()


def test_the_workspace_is_a_copy_with_every_planted_secret(stage):
    planted = planted_secrets(find_sample_project())
    assert planted_secrets(stage.workspace) == planted
    assert stage.workspace.is_relative_to(stage.folder)
    assert {secret for secrets in planted.values() for secret in secrets} <= set(stage.forbidden)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_it_stands_on_a_protected_branch_with_nothing_to_commit(stage):
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=stage.workspace, env=stage.environ(), capture_output=True, text=True, check=True
        ).stdout

    assert (
        git("branch", "--show-current").strip() in load(find_places(stage.environ())).config.policy.protected_branches
    )
    assert git("status", "--porcelain") == ""


def test_without_git_there_is_a_workspace_all_the_same(temporary, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with set_stage() as stage:
        assert (stage.workspace / ".clineignore").is_file()
        assert not (stage.workspace / ".git").exists()


def test_its_processes_see_nothing_of_the_persons_own(stage, monkeypatch):
    for name in ("COMPANION_HOME", "COMPANION_CACHE", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, "/home/ada/own")
    environ = stage.environ()
    places = find_places(environ)
    for folder in (places.config, places.state, places.cache, Path(environ["XDG_CONFIG_HOME"])):
        assert folder.is_relative_to(stage.folder)
    assert stage.home.stat().st_mode & 0o777 == 0o700
    assert environ["PATH"] == os.environ["PATH"]


def test_the_configuration_serves_each_tier_by_a_model_of_its_own_here(stage):
    config = load(find_places(stage.environ())).config
    assert set(config.tiers) == set(Tier)
    assert len({route.model for route in config.tiers.values()}) == len(Tier)
    assert config.tiers[Tier.PLAN].upstream != config.tiers[Tier.ACT].upstream
    assert all(upstream.url.startswith("http://127.0.0.1:") for upstream in config.upstreams.values())
    assert {upstream.key_env for upstream in config.upstreams.values()} == {None}


def test_every_byte_that_reaches_a_model_is_captured(stage):
    config = load(find_places(stage.environ())).config
    for number, upstream in enumerate(config.upstreams.values(), start=1):
        body = {"model": "m", "messages": [{"role": "user", "content": f"canary-{number}"}]}
        answer = httpx.post(f"{upstream.url}/v1/chat/completions", json=body, timeout=30, trust_env=False)
        assert answer.status_code == 200
        assert json.loads(stage.capture.requests[-1].body) == body
    assert [leak.needle for leak in stage.capture.find(["canary-2", "canary-3"])] == ["canary-2"]
