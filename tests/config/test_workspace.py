"""A workspace tightens, whatever its file says, and what cannot be understood is the strictest."""

import os
from dataclasses import asdict, fields, replace

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.config.rules import RULES
from companion.config.workspace import FILE_NAME, STRICTEST, WorkspacePolicies, is_as_strict, tighten
from companion.gatekeeper.ports import Policies
from companion.model.policy import (
    ClineIgnore,
    CommandLevel,
    ExcerptAction,
    IgnoredAction,
    OutsideAction,
    Policy,
    SecretAction,
    WebReads,
)

NAMES = st.lists(st.sampled_from([".a", ".b", ".c", "main"]), max_size=4, unique=True).map(tuple)
POLICIES = st.builds(
    Policy,
    secrets=st.sampled_from(SecretAction),
    gitignored=st.sampled_from(IgnoredAction),
    outside=st.sampled_from(OutsideAction),
    commands=st.sampled_from(CommandLevel),
    web_reads=st.sampled_from(WebReads),
    clineignore=st.sampled_from(ClineIgnore),
    ignore_files=NAMES,
    agent_ignore_files=NAMES,
    protected_branches=NAMES,
    trusted_hosts=NAMES,
    approval_seconds=st.integers(5, 86_400),
)
PARTS = st.builds(
    lambda policy, chosen: {name: value for name, value in asdict(policy).items() if name in chosen},
    POLICIES,
    st.sets(st.sampled_from([one.name for one in fields(Policy)])),
)
KEYS = st.sampled_from(["policy", "gateway", "secrets", "commands", "ignore_files", "approval_seconds", "x"])
LOOSE = st.sampled_from(["redact", "standard", "ask", "deny", "strict", 5, 86400, 0, True, [], [".a"], "x"])


def same_strictness(one, other):
    return is_as_strict(one, other) and is_as_strict(other, one)


@given(POLICIES, PARTS)
def test_law_never_looser_than_either(user, part):
    result = tighten(user, part)
    assert is_as_strict(result, user)
    assert is_as_strict(result, replace(result, **part))
    assert result.ignore_files[: len(user.ignore_files)] == user.ignore_files


@given(POLICIES, PARTS, PARTS)
def test_law_idempotent_and_commutative(user, one, other):
    assert tighten(tighten(user, one), one) == tighten(user, one)
    assert same_strictness(tighten(tighten(user, one), other), tighten(tighten(user, other), one))
    assert same_strictness(tighten(user, asdict(tighten(Policy(), one))), tighten(tighten(Policy(), one), asdict(user)))


@settings(max_examples=100)
@given(
    user=POLICIES, data=st.dictionaries(KEYS, st.dictionaries(KEYS, LOOSE, max_size=4) | LOOSE) | st.binary(max_size=40)
)
def test_law_no_file_loosens(tmp_path_factory, user, data):
    folder = tmp_path_factory.getbasetemp()
    raw = data if isinstance(data, bytes) else tomlkit.dumps(data).encode()
    (folder / FILE_NAME).write_bytes(raw)
    reading = WorkspacePolicies(user).reading(str(folder))
    assert is_as_strict(reading.policy, user)
    if reading.complaints:
        assert is_as_strict(reading.policy, tighten(user, STRICTEST))


def test_every_field_is_covered():
    names = {one.name for one in fields(Policy)}
    assert names == set(RULES["policy"])
    lists = {one.name for one in fields(Policy) if isinstance(one.default, tuple)}
    assert names - set(STRICTEST) == lists - {"trusted_hosts"}, "lists that exclude can only grow"


@pytest.fixture
def policies():
    return WorkspacePolicies(Policy(gitignored=IgnoredAction.ASK))


def test_it_is_what_the_gatekeeper_needs(policies, tmp_path):
    port: Policies = policies
    assert port.policy_for(str(tmp_path)) == port.policy_for("") == Policy(gitignored=IgnoredAction.ASK)


def test_tightening_and_vain_loosening(policies, tmp_path):
    said = ('gitignored = "deny"', 'secrets = "redact"', "approval_seconds = 900", 'ignore_files = [".x"]')
    text = "\n".join(["[policy]", *said, "protected_branches = []"])
    (tmp_path / FILE_NAME).write_text(text)
    reading = policies.reading(str(tmp_path))
    assert reading.policy == Policy(
        gitignored=IgnoredAction.DENY, ignore_files=(".clineignore", ".companionignore", ".x")
    )
    assert set(reading.remarks) == {"policy.approval_seconds", "policy.protected_branches"}
    assert f"{FILE_NAME}:4: policy.approval_seconds would loosen" in reading.remarks["policy.approval_seconds"]
    assert not reading.complaints


@pytest.mark.parametrize(
    "raw",
    [
        b"[policy", b"\xff", b"#" * 100_000, b"[gateway]\nport = 1\n", b"policy = 1", b"[policy]\ncomands = 'strict'\n",
        b"[policy]\nsecrets = 'none'\n", b"a = " + b"[" * 4000 + b"]" * 4000,
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_the_strictest(policies, tmp_path, raw):
    (tmp_path / FILE_NAME).write_bytes(raw)
    reading = policies.reading(str(tmp_path))
    strict = Policy(SecretAction.DENY, IgnoredAction.DENY, CommandLevel.STRICT, approval_seconds=5)
    sizes = {"excerpt_warn_bytes": 60, "excerpt_short_bytes": 60, "excerpt_long_bytes": 60}
    strict = replace(strict, web_reads=WebReads.ASK)
    assert reading.policy == replace(strict, outside=OutsideAction.DENY, long_excerpts=ExcerptAction.DENY, **sizes)
    assert reading.complaints
    assert reading.complaints[0].file.endswith(FILE_NAME)


def test_the_sound_part_of_an_unsound_file_counts(policies, tmp_path):
    (tmp_path / FILE_NAME).write_text("[policy]\nignore_files = ['.x']\nnew = 1\n")
    assert ".x" in policies.policy_for(str(tmp_path)).ignore_files


def test_places_that_are_no_plain_file(policies, tmp_path):
    strict = tighten(Policy(), STRICTEST)
    assert policies.policy_for("relative/folder") == strict
    assert policies.policy_for("/a\0b") == strict
    assert policies.policy_for(str(tmp_path / "gone")) == policies.policy_for("")
    (tmp_path / FILE_NAME).mkdir()
    assert policies.policy_for(str(tmp_path)) == strict


@pytest.mark.skipif(os.name != "posix", reason="links as POSIX has them")
@pytest.mark.parametrize("target", [FILE_NAME, "nowhere"])
def test_a_link_to_nothing_is_the_strictest(policies, tmp_path, target):
    (tmp_path / FILE_NAME).symlink_to(tmp_path / target)
    assert policies.policy_for(str(tmp_path)) == tighten(Policy(), STRICTEST)


def test_a_change_is_seen_at_the_next_question(policies, tmp_path):
    file, workspace = tmp_path / FILE_NAME, str(tmp_path)
    for level in ("strict", "standard", "strict"):
        file.write_text(f"[policy]\ncommands = '{level}'\n")
        assert policies.policy_for(workspace).commands == level
    file.unlink()
    assert policies.policy_for(workspace) == policies.policy_for("")


def test_what_was_found_lately_is_remembered_for_a_quarter_of_a_second(tmp_path):
    now = [10**18]
    policies = WorkspacePolicies(Policy(), now_ns=lambda: now[0])
    file, workspace = tmp_path / FILE_NAME, str(tmp_path)
    assert policies.lately("") == Policy()
    assert policies.lately(workspace) is None
    found = policies.policy_for(workspace)
    file.write_text("[policy]\ncommands = 'strict'\n")
    now[0] += 249_000_000
    assert policies.lately(workspace) == found
    assert policies.policy_for(workspace).commands is CommandLevel.STRICT
    assert policies.lately(workspace).commands is CommandLevel.STRICT
    now[0] += 250_000_000
    assert policies.lately(workspace) is None
    policies.policy_for(workspace)
    now[0] -= 1
    assert policies.lately(workspace) is None, "the clock was set back"


def test_what_was_found_lately_ends_with_the_users_policy(policies, tmp_path):
    policies.policy_for(str(tmp_path))
    policies.replace(Policy(commands=CommandLevel.STRICT))
    assert policies.lately(str(tmp_path)) is None
    assert policies.lately("").commands is CommandLevel.STRICT


def test_a_settled_file_is_read_once(tmp_path, monkeypatch):
    file, workspace = tmp_path / FILE_NAME, str(tmp_path)
    file.write_text("[policy]\n")
    later = file.stat().st_ctime_ns + 10**10
    policies = WorkspacePolicies(Policy(), now_ns=lambda: later)
    first = policies.reading(workspace)
    assert policies.reading(workspace) is first
    file.write_text("[policy]\ncommands = 'strict'\n")
    assert policies.policy_for(workspace).commands is CommandLevel.STRICT


def test_a_file_that_just_changed_is_not_trusted_to_its_times(tmp_path):
    file = tmp_path / FILE_NAME
    file.write_text("[policy]\n")
    policies = WorkspacePolicies(Policy(), now_ns=lambda: file.stat().st_ctime_ns)
    assert policies.reading(str(tmp_path)) is not policies.reading(str(tmp_path))


def test_a_workspace_adds_rules_that_hold_and_none_that_allow(tmp_path):
    allow, deny, mine = "allow tool=npm", "deny effect=network", "allow tool=make"
    (tmp_path / FILE_NAME).write_text(f"[policy]\nrules = ['{allow}', '{deny}', '{mine}']\n")
    reading = WorkspacePolicies(Policy(rules=(mine,))).reading(str(tmp_path))
    assert reading.policy.rules == (mine, deny)
    assert "would loosen" in reading.remarks["policy.rules"]
