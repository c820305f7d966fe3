import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.ledger import store
from companion.ledger.errors import KeyProblem, LedgerError
from companion.ledger.keys import SECRET, KeyStore


@pytest.fixture
def clock():
    class Clock:
        seconds = 1_800_000_000

        def __call__(self):
            return self.seconds * 10**9

    return Clock()


@pytest.fixture
def keys(ledger_path, clock):
    return KeyStore(ledger_path, now_ns=clock)


def test_a_key_opens_until_it_is_revoked(keys):
    new = keys.create("laptop")
    assert keys.authenticate(new.secret) == new.id
    assert keys.revoke(new.id).revoked_at == "2027-01-15T08:00:00+00:00"
    assert keys.authenticate(new.secret) is None
    assert keys.revoke(new.id).revoked_at == "2027-01-15T08:00:00+00:00"


def test_a_restart_knows_the_same_keys(keys, ledger_path):
    kept, revoked = keys.create("kept"), keys.create("revoked")
    keys.revoke(revoked.id)
    again = KeyStore(ledger_path)
    assert again.authenticate(kept.secret) == kept.id
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
    for use in (keys.list, keys.flush, lambda: keys.create("other"), lambda: keys.revoke("key-1")):
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
