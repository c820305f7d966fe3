"""Names that look sensitive, and lines that would cover them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.policy.ignore.rules import IgnoreFile, Rules, decide
from companion.policy.ignore.sensitive import propose, sensitive

SENSITIVE = [
    "prod.env",
    "db/dump.sql",
    "config/secrets.yml",
    "passwords.txt",
    ".npmrc",
    "a/api_keys.json",
    "x.bak",
    "my token.db",
]
PLAIN = ["src/secrets.py", "README.md", "secrets.example", "tokenizer.json", "a/keys.ts", "password_reset.html", "x"]


@pytest.mark.parametrize("path", SENSITIVE)
def test_sensitive(path):
    found = sensitive(path)
    assert found is not None
    assert found.why


@pytest.mark.parametrize("path", PLAIN)
def test_plain(path):
    assert sensitive(path) is None


NAMES = st.sampled_from(
    [
        "secrets.yml",
        "[secrets].txt",
        "!secret.txt",
        "#secret.ini",
        "a.sql",
        "secret .db",
        ".npmrc",
        "pass*word.passwd.x",
    ]
)
FOLDERS = st.sampled_from(["", "a/", "[b]/", "c d/", "*/"])


@given(st.lists(st.tuples(FOLDERS, NAMES).map("".join), min_size=1, max_size=4))
def test_law_the_proposed_lines_cover_all_that_was_found(paths):
    found = [(path, why) for path in paths if (why := sensitive(path))]
    rules = Rules((IgnoreFile.read("", "", "\n".join(propose(found)).encode()),))
    assert all(decide(rules, path, is_dir=False) for path, _ in found)
