from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from companion.cli import local_scan as module
from companion.cli.local_scan import open_local_scan, workspace_of
from companion.ledger.acceptances import AcceptanceStore
from companion.ledger.store import prepare
from companion.places import Places, find_places
from companion.policy.acceptance import Acceptance
from companion.policy.redaction import fingerprint_of
from companion.scan.secrets.rules import OwnRules

KEY = b"k" * 32
TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG3hJ5"
GUESS = 'password = "k2J4h5G6f7D8"'


@pytest.fixture
def places(tmp_path, monkeypatch) -> Places:
    monkeypatch.setattr(module, "default_engines", lambda _: [OwnRules()])
    found = find_places({"COMPANION_HOME": str(tmp_path / "home"), "COMPANION_CACHE": str(tmp_path / "cache")})
    found.state.mkdir(parents=True)
    return found


@pytest.fixture
def workspace(tmp_path) -> Path:
    folder = tmp_path / "w"
    folder.mkdir()
    return folder


def found(places: Places, workspace: Path, *texts: str, place: str = "") -> list[list[str]]:
    local = open_local_scan(places, str(workspace))
    try:
        return [[text[one.start : one.end] for one in local.find(text, place)] for text in texts]
    finally:
        local.close()


def test_law_a_text_is_judged_by_itself(places, workspace):
    texts = [GUESS, "is it k2J4h5G6f7D8?", TOKEN, f"x{TOKEN}", GUESS]
    assert found(places, workspace, *texts) == [[text] for text in ("k2J4h5G6f7D8",)] + [
        [],
        [TOKEN],
        found(places, workspace, texts[3])[0],
        ["k2J4h5G6f7D8"],
    ]


def test_the_workspaces_own_values_are_known_in_every_text(places, workspace):
    (workspace / ".env").write_text("DB_PASSWORD=hunter2-prod\n")
    assert found(places, workspace, "a hunter2-prod", "none", "b hunter2-prod") == [
        ["hunter2-prod"],
        [],
        ["hunter2-prod"],
    ]


def test_before_the_first_start_names_are_of_this_process_alone(places, workspace):
    names = {open_local_scan(places, str(workspace)).find(TOKEN)[0].placeholder for _ in range(2)}
    assert len(names) == 2
    places.machine_key.write_bytes(KEY)
    local = open_local_scan(places, str(workspace))
    assert local.lasting
    assert local.find(TOKEN)[0].fingerprint == fingerprint_of(TOKEN, KEY)


def test_what_a_person_accepted_is_left_out_where_it_holds(places, workspace):
    places.machine_key.write_bytes(KEY)
    prepare(places.ledger)
    store = AcceptanceStore(places.ledger)
    store.accept(Acceptance(fingerprint_of(TOKEN, KEY), scope=str(workspace)))
    store.accept(Acceptance(rule="assigned-password", scope=str(workspace / "tests")))
    assert found(places, workspace, TOKEN, GUESS) == [[], ["k2J4h5G6f7D8"]]
    assert found(places, workspace, GUESS, place=str(workspace / "tests" / "a.py")) == [[]]
    assert found(places, workspace, TOKEN, place="/elsewhere/a.py") == [[TOKEN]]


def test_the_workspaces_own_baseline_counts(places, workspace):
    audited = hashlib.sha1(TOKEN.encode()).hexdigest()
    results = {"a.py": [{"type": "t", "hashed_secret": audited, "is_secret": False}]}
    (workspace / ".secrets.baseline").write_text(json.dumps({"results": results}))
    assert found(places, workspace, TOKEN, GUESS) == [[], ["k2J4h5G6f7D8"]]


def test_what_cannot_count_is_said_and_the_rest_goes_on(places, workspace):
    places.ledger.write_bytes(b"no ledger" * 1000)
    places.config_file.write_text("[policy]\nsecrets = 7\n")
    (workspace / ".secrets.baseline").write_text("{}")
    local = open_local_scan(places, str(workspace))
    assert [one.partition(":")[0] for one in local.remarks] == [
        "nothing counts as accepted",
        "your configuration cannot be used, so nothing in it counts",
        "your baselines is missing",
    ]
    assert local.find(TOKEN)


def test_the_users_own_rules_count(places, workspace):
    (places.config / "rules.toml").write_text("[[rules]]\nid='acme'\nregex='acme-[0-9]{6}'\n")
    places.config_file.write_text('[secrets]\nrules = "rules.toml"\n')
    assert found(places, workspace, "acme-123456") == [["acme-123456"]]


def test_a_workspace_is_the_top_of_its_repository(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    inside = tmp_path / "r" / "sub"
    inside.mkdir(parents=True)
    assert workspace_of(inside) == str(inside)
    subprocess.run(["git", "init", "-q", str(inside.parent)], check=True)
    assert workspace_of(inside) == str(inside.parent)
    monkeypatch.setenv("PATH", "")
    assert workspace_of(inside) == str(inside)
