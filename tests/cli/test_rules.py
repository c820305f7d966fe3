"""`companion rules`."""

import json
from datetime import timedelta

from companion.cli.rules import rules
from companion.model.grant import Grant, Reach
from tests.cli.test_approvals import run
from tests.support.rooms import NOON

RULE = Grant(
    "r-1", Reach.RULE, "cline", "", "/w", "", NOON, NOON + timedelta(days=30), "tui", "npm test", words=("npm", "test")
)


def test_what_is_kept_is_listed_and_taken_back(control):
    assert "nothing is approved" in run(rules, "list").stdout
    control.rules.grants = [RULE]
    control.grants.load()
    listed = run(rules, "list").stdout
    assert "r-1  rule  npm test" in listed
    assert "in /w" in listed
    assert [one["id"] for one in json.loads(run(rules, "list", "--json").stdout)] == ["r-1"]
    assert run(rules, "revoke", "r-1").stdout == "revoked: npm test\n"
    assert control.rules.grants == []
    gone = run(rules, "revoke", "r-1")
    assert gone.exit_code == 1
    assert gone.stderr.endswith("next: companion rules list\n")
