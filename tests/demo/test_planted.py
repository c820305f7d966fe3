"""The sample project holds what it says it holds, and the lists read from it miss nothing."""

import re
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatchcase

import pytest

from companion.demo.planted import (
    IGNORED,
    find_sample_project,
    ignored_markers,
    must_not_leave,
    planted_secrets,
)

ROOT = find_sample_project()


def test_every_planted_secret_is_found():
    found = planted_secrets(ROOT)
    assert set(found) == {".env", "secrets/deploy_key.pem", "docs/debug-notes.md"}
    kinds = [re.match(r"AKIA|FAKE-|FAKE|ghp_|sk-ant-", secret) for secret in found[".env"]]
    assert sorted(kind.group() for kind in kinds if kind) == ["AKIA", "FAKE", "FAKE-", "ghp_", "sk-ant-"]
    assert len(found["secrets/deploy_key.pem"]) > 10
    assert len(found["docs/debug-notes.md"]) == 1


def test_no_shape_of_a_key_goes_unlisted():
    """Whatever looks like a key anywhere in the project is among the planted ones, so none is real by accident."""
    shape = re.compile(r"AKIA[A-Z0-9]{16}|gh[pousr]_\w{30,}|sk-[\w-]{20,}|(?<![\w/+])[A-Za-z0-9+/]{40,}={0,2}")
    listed = {secret for secrets in planted_secrets(ROOT).values() for secret in secrets}
    for path in ROOT.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert set(shape.findall(path.read_text("utf-8"))) <= listed, path


def test_the_pasted_token_is_in_a_page_that_no_rule_ignores():
    assert not any(fnmatchcase("docs/debug-notes.md", pattern) for pattern in IGNORED)
    assert "docs/debug-notes.md" not in ignored_markers(ROOT)


def test_every_ignored_file_has_markers_that_stand_nowhere_else():
    markers = ignored_markers(ROOT)
    assert set(markers) == {".env", "secrets/README.md", "secrets/deploy_key.pem", "customers/export-2026-09.csv"}
    assert all(markers.values())
    assert len(markers["customers/export-2026-09.csv"]) > 40
    for path in ROOT.rglob("*"):
        relative = path.relative_to(ROOT).as_posix()
        if path.is_file() and relative not in markers and "__pycache__" not in path.parts:
            text = path.read_text("utf-8")
            assert not [line for lines in markers.values() for line in lines if line in text], relative


def test_all_of_it_in_one_list():
    needles = must_not_leave(ROOT)
    assert len(needles) == len(set(needles))
    assert all(len(needle) >= 10 for needle in needles)
    assert set(planted_secrets(ROOT)["docs/debug-notes.md"]) <= set(needles)


def test_the_policy_file_only_tightens():
    policy = tomllib.loads((ROOT / ".companion.toml").read_text("utf-8"))
    assert policy == {"policy": {"protected_branches": ["main", "release"], "approval_seconds": 300}}


@pytest.mark.skipif(sys.platform == "win32", reason="scripts need /bin/sh")
def test_the_project_works(tmp_path):
    """Its own tests pass and its scripts run, in a copy."""
    copy = tmp_path / "parcels"
    shutil.copytree(ROOT, copy)
    ran = subprocess.run([sys.executable, "-m", "unittest"], cwd=copy, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "OK" in ran.stderr
    before = (copy / "build" / "labels.txt").read_bytes()
    subprocess.run([copy / "scripts" / "clean.sh"], check=True, capture_output=True)
    assert not (copy / "build").exists()
    subprocess.run([copy / "scripts" / "make_labels.sh"], check=True, capture_output=True)
    assert (copy / "build" / "labels.txt").read_bytes() == before
