from __future__ import annotations

import pytest

from companion.model.policy import SKIPPED
from companion.scan.fingerprints.skipped import as_text, is_agents_own, is_public, is_skipped


@pytest.mark.parametrize("name", ["node_modules", "app.min.js", "x.log", "dist", ".venv", "package-lock.json"])
def test_dependencies_and_output_are_skipped(name):
    assert is_skipped(name, SKIPPED)


@pytest.mark.parametrize("name", ["notes.txt", "private", ".env", "secrets.yaml", "distance.txt"])
def test_what_may_be_private_is_not(name):
    assert not is_skipped(name, SKIPPED)
    assert not is_public(name)
    assert not is_agents_own(name)


def test_licences_and_agents_own_files_are_known():
    assert is_public("LICENSE.txt")
    assert is_public("copying")
    assert is_agents_own("CLAUDE.md")
    assert is_agents_own(".clinerules")


def test_text_is_told_from_other_files():
    assert as_text(b"plain") == b"plain"
    assert as_text(b"\xff\xfeh\x00\xe9\x00") == "hé".encode()
    assert as_text(b"\xfe\xff\x00h") == b"h"
    assert as_text(b"PK\x03\x04\x00\x00") is None
