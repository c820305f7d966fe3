"""What opens the gateway: a secret of a live key, until the key ends, and nothing else."""

import re
import sqlite3
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.ledger import store
from companion.ledger.errors import KeyProblem, LedgerError
from companion.ledger.keys import SECRET, KeyStore
from companion.model.action import Tier
from companion.model.scope import KeyScope

START = datetime.fromtimestamp(1_800_000_000, UTC)
HOUR = timedelta(hours=1)
NARROW = KeyScope(
    project="/home/ada/web",
    user="ada",
    team="core team",
    tags=("ci", "night"),
    tiers=(Tier.PLAN, Tier.SMALL),
    models=("claude-haiku-*", "gpt-5-mini"),
)


def opened(keys, secret):
    """The id of the key that a secret opens, or None."""
    key = keys.authenticate(secret)
    return None if key is None else key.id


def test_a_key_opens_until_it_is_revoked(keys):
    new = keys.create("laptop")
    assert opened(keys, new.secret) == new.id
    assert keys.revoke(new.id).revoked_at == "2027-01-15T08:00:00+00:00"
    assert keys.authenticate(new.secret) is None
    assert keys.revoke(new.id).revoked_at == "2027-01-15T08:00:00+00:00"


def test_a_restart_knows_the_same_keys(keys, ledger_path):
    kept, revoked = keys.create("kept"), keys.create("revoked")
    keys.revoke(revoked.id)
    again = KeyStore(ledger_path)
    assert opened(again, kept.secret) == kept.id
    assert again.authenticate(revoked.secret) is None


def test_secrets_are_long_random_and_no_paths(keys):
    secrets = {keys.create(f"key {n}").secret for n in range(50)}
    assert len(secrets) == 50
    for secret in secrets:
        assert SECRET.fullmatch(secret)
        assert not re.search(r"[/\\.~:%$]", secret)


def test_no_secret_is_on_disk(keys, ledger_path):
    secret = keys.create("laptop").secret
    for path in ledger_path.parent.iterdir():
        assert secret.encode() not in path.read_bytes()
        assert secret[4:].encode() not in path.read_bytes()


@settings(max_examples=40)
@given(secret=st.one_of(st.text(st.characters(), max_size=60), st.from_regex(SECRET, fullmatch=True)))
def test_nothing_else_opens(secret, tmp_path_factory, one_key):
    assert one_key.authenticate(secret) is None


@pytest.fixture(scope="module")
def one_key(tmp_path_factory):
    from companion.ledger.store import prepare

    path = tmp_path_factory.mktemp("keys") / "ledger.db"
    prepare(path)
    store = KeyStore(path)
    store.create("only")
    return store


def test_last_use_is_kept_without_writing_on_every_call(keys, clock, ledger_path):
    new = keys.create("laptop")
    clock.seconds += 30
    keys.create("unused")

    def on_disk():
        return {path.name: path.read_bytes() for path in ledger_path.parent.iterdir()}

    before = on_disk()
    clock.seconds += 30
    keys.authenticate(new.secret)
    assert on_disk() == before
    assert [line.last_used_at for line in keys.list()] == ["2027-01-15T08:01:00+00:00", ""]


def test_the_list_tells_everything_but_the_secret(keys):
    new = keys.create("laptop")
    (line,) = keys.list()
    assert (line.id, line.name, line.created_at, line.revoked_at) == (
        new.id,
        "laptop",
        "2027-01-15T08:00:00+00:00",
        "",
    )
    assert new.secret not in repr(line)


def test_a_name_is_taken_once_and_free_again_after_revocation(keys):
    first = keys.create("laptop")
    with pytest.raises(KeyProblem, match="already"):
        keys.create("laptop")
    keys.revoke(first.id)
    assert keys.create("laptop").id != first.id


@pytest.mark.parametrize("name", ["", " ", " x", "-x", "a" * 65, "a\nb", "a\n", "käse", "a;b", "\x1b[2J", "a\u202eb"])
def test_a_bad_name_is_refused_in_words(keys, name):
    with pytest.raises(KeyProblem, match="is no name"):
        keys.create(name)
    assert keys.list() == []


@pytest.mark.parametrize("name", ["a", "Cline on laptop", "ci/build-7", "me@home", "9"])
def test_a_good_name_is_taken(keys, name):
    assert keys.create(name).name == name


def test_an_unknown_key_cannot_be_revoked(keys):
    with pytest.raises(KeyProblem, match="no virtual key 'key-0'") as refused:
        keys.revoke("key-0")
    assert refused.value.next == "companion keys list"


def test_a_file_that_cannot_be_used_is_said_as_such(keys, ledger_path):
    keys.authenticate(keys.create("laptop").secret)
    for file in ledger_path.parent.glob("ledger.db*"):
        file.unlink()
    changes = (keys.create, keys.revoke, keys.rotate, lambda name: keys.expire(name, None))
    told = [partial(change, "other") for change in changes]
    for use in (keys.list, keys.flush, lambda: KeyStore(ledger_path), *told):
        with pytest.raises(LedgerError, match="cannot be used") as caught:
            use()
        assert caught.value.next


def test_when_a_key_was_used_is_kept_until_it_can_be_written_down(keys, ledger_path, monkeypatch):
    monkeypatch.setattr(store, "_BUSY_SECONDS", 0.01)
    new = keys.create("laptop")
    keys.authenticate(new.secret)
    blocker = store.connect(ledger_path)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerError, match="locked"):
        keys.flush()
    assert keys.list()[0].last_used_at == "", "what can be read is shown"
    blocker.execute("ROLLBACK")
    blocker.close()
    keys.flush()
    assert keys.list()[0].last_used_at


def test_a_key_may_do_everything_unless_it_was_narrowed(keys):
    assert keys.authenticate(keys.create("any").secret).scope == KeyScope(name="any")
    narrow = keys.create("narrow", NARROW)
    key = keys.authenticate(narrow.secret)
    assert (key.id, key.scope) == (narrow.id, KeyScope("narrow", *fields(NARROW)[1:]))


def fields(scope):
    return [getattr(scope, name) for name in KeyScope.__dataclass_fields__]


def test_the_list_says_what_a_key_may_do(keys):
    keys.create("narrow", NARROW, expires_at=START + HOUR)
    (line,) = keys.list()
    assert (line.state, line.expires_at, line.old_secret_until) == ("live", "2027-01-15T09:00:00+00:00", "")
    assert (line.project, line.user, line.team, line.tags) == ("/home/ada/web", "ada", "core team", ["ci", "night"])
    assert (line.tiers, line.models) == (["plan", "small"], ["claude-haiku-*", "gpt-5-mini"])


labels = st.from_regex(r"[a-z][a-z0-9 .:/-]{0,12}", fullmatch=True)
scopes = st.builds(
    KeyScope,
    project=st.just("") | labels,
    user=st.just("") | labels,
    team=st.just("") | labels,
    tags=st.lists(labels, unique=True, max_size=3).map(tuple),
    tiers=st.lists(st.sampled_from(Tier), unique=True, max_size=3).map(tuple),
    models=st.lists(st.from_regex(r"[a-z*-]{1,9}", fullmatch=True), unique=True, max_size=3).map(tuple),
)


@settings(max_examples=40)
@given(scope=scopes)
def test_law_a_restart_neither_widens_nor_narrows_a_key(scope, tmp_path_factory):
    path = tmp_path_factory.mktemp("law") / "ledger.db"
    store.prepare(path)
    new = KeyStore(path).create("laptop", scope)
    assert fields(KeyStore(path).authenticate(new.secret).scope) == ["laptop", *fields(scope)[1:]]


@pytest.mark.parametrize("column", ["tiers", "models", "tags"])
@pytest.mark.parametrize("text", ["", "{}", "null", '"plan"', "[1]", '["plan"'])
def test_a_ledger_whose_scopes_cannot_be_read_opens_nothing(keys, ledger_path, column, text):
    keys.create("laptop", NARROW)
    with sqlite3.connect(ledger_path) as connection:
        connection.execute(f"UPDATE virtual_key SET {column} = ?", (text,))
    connection.close()
    with pytest.raises(LedgerError, match=r"what the key key-\w+ may do cannot be read"):
        KeyStore(ledger_path)


def test_a_tier_that_nobody_knows_is_not_left_out(keys, ledger_path):
    keys.create("laptop", NARROW)
    with sqlite3.connect(ledger_path) as connection:
        connection.execute("UPDATE virtual_key SET tiers = ?", ('["huge"]',))
    connection.close()
    with pytest.raises(LedgerError, match="huge"):
        KeyStore(ledger_path)


def test_a_scope_is_checked_and_its_entries_are_kept_once(keys):
    with pytest.raises(KeyProblem, match="'a;b' is no tag"):
        keys.create("laptop", KeyScope(tags=("a;b",)))
    twice = keys.create("laptop", KeyScope(tiers=(Tier.ACT, Tier.ACT), models=("a*", "a*"), tags=("x", "y", "x")))
    scope = keys.authenticate(twice.secret).scope
    assert (scope.tiers, scope.models, scope.tags) == ((Tier.ACT,), ("a*",), ("x", "y"))
