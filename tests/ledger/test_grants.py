"""The rules' file."""

import json
import stat
from datetime import timedelta

import pytest

from companion.ledger.grants import RuleFile
from companion.model.grant import Grant, Reach
from tests.support.rooms import NOON

RULE = Grant(
    "r-1", Reach.RULE, "cline", "", "/w", "", NOON, NOON + timedelta(days=1), "tui", "npm test …",
    words=("npm", "test"), prefix=True, codes=("x",), scripts=(("/w/p", "aa"),), used=3,
)  # fmt: skip


def test_what_is_written_is_read(tmp_path):
    file = RuleFile(tmp_path / "rules.json")
    assert file.load() == []
    file.save([RULE])
    assert file.load() == [RULE]
    assert stat.S_IMODE((tmp_path / "rules.json").stat().st_mode) == 0o600
    file.save([])
    assert file.load() == []


def damaged(change):
    document = {"version": 1, "rules": []}
    return json.dumps(change(document))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"version": 2, "rules": []}', '{"version": 1}', '{"version": 1, "rules": [{}]}'],
)
def test_a_damaged_file_grants_nothing(tmp_path, text):
    path = tmp_path / "rules.json"
    path.write_text(text)
    assert RuleFile(path).load() == []


@pytest.mark.parametrize(
    "entry",
    [
        {"words": []},
        {"words": "npm"},
        {"prefix": "yes"},
        {"expires_at": "2030-01-01T00:00:00"},
        {"codes": [1]},
        {"scripts": []},
    ],
    ids=lambda entry: next(iter(entry)) + str(next(iter(entry.values()))),
)
def test_an_entry_of_another_shape_grants_nothing(tmp_path, entry):
    path = tmp_path / "rules.json"
    RuleFile(path).save([RULE])
    document = json.loads(path.read_text())
    document["rules"][0] |= entry
    path.write_text(json.dumps(document))
    assert RuleFile(path).load() == []
