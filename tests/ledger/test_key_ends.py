"""When a secret ends: with its key's time, with a rotation and its grace, with a revocation."""

import re
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.ledger import store
from companion.ledger.errors import KeyProblem, LedgerError
from companion.ledger.keys import LONGEST_GRACE, KeyStore
from tests.ledger.test_keys import HOUR, NARROW, START, opened


@pytest.mark.parametrize(("after", "works"), [(timedelta(), True), (HOUR - timedelta(seconds=1), True), (HOUR, False)])
def test_a_key_ends_when_it_was_said_to(keys, clock, after, works):
    new = keys.create("laptop", expires_at=START + HOUR)
    assert new.expires_at == "2027-01-15T09:00:00+00:00"
    clock.at(START + after)
    assert opened(keys, new.secret) == (new.id if works else None)
    assert bool(keys.lapsed(new.secret)) != works
    assert keys.list()[0].state == ("live" if works else "expired")


def test_an_expired_key_says_so_and_what_to_type(keys, clock):
    new = keys.create("laptop", expires_at=START + HOUR)
    clock.at(START + 2 * HOUR)
    said = keys.lapsed(new.secret)
    assert "laptop expired at 2027-01-15T09:00:00+00:00" in said
    assert f"companion keys expire {new.id} --in 30d" in said
    assert keys.expire(new.id, START + 3 * HOUR).state == "live"
    assert opened(keys, new.secret) == new.id
    assert keys.expire(new.id, None).expires_at == ""
    clock.at(START + timedelta(days=9000))
    assert opened(keys, new.secret) == new.id


def test_only_what_time_has_ended_is_explained(keys):
    live, revoked = keys.create("live"), keys.create("revoked")
    keys.revoke(revoked.id)
    assert [keys.lapsed(secret) for secret in (live.secret, revoked.secret, "cmp-" + "x" * 43, "")] == [""] * 4


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (START, "2027-01-15T08:00:00+00:00 has passed already"),
        (START - HOUR, "has passed already"),
        (datetime(1, 1, 1, tzinfo=UTC), "has passed already"),
        (datetime(9999, 12, 31, tzinfo=UTC), "further away than the ledger can count"),
    ],
)
def test_a_time_that_cannot_be_is_refused(keys, at, said):
    new = keys.create("laptop", expires_at=START + HOUR)
    for change, following in (
        (partial(keys.create, "b c", expires_at=at), "'b c'"),
        (lambda: keys.expire(new.id, at), new.id),
    ):
        with pytest.raises(KeyProblem, match=re.escape(said)) as refused:
            change()
        assert f"{following} --" in refused.value.next
    assert [(line.name, line.expires_at) for line in keys.list()] == [("laptop", new.expires_at)]


def test_a_rotated_key_has_another_secret_and_is_the_same_key(keys, ledger_path):
    old = keys.create("laptop", NARROW, expires_at=START + HOUR)
    before = keys.authenticate(old.secret)
    new = keys.rotate(old.id)
    assert (new.id, new.name, new.expires_at, new.old_secret_until) == (old.id, "laptop", old.expires_at, "")
    assert keys.authenticate(new.secret) == before
    assert opened(keys, old.secret) is None
    assert f"companion keys rotate {old.id}" in keys.lapsed(old.secret)
    for path in ledger_path.parent.iterdir():
        assert new.secret[4:].encode() not in path.read_bytes()


def test_the_old_secret_works_until_its_grace_is_over(keys, clock):
    first = keys.create("laptop")
    second = keys.rotate(first.id, HOUR)
    assert second.old_secret_until == keys.list()[0].old_secret_until == "2027-01-15T09:00:00+00:00"
    clock.at(START + HOUR - timedelta(seconds=1))
    assert [opened(keys, one.secret) for one in (first, second)] == [first.id] * 2
    clock.at(START + HOUR)
    assert [opened(keys, one.secret) for one in (first, second)] == [None, first.id]
    assert keys.list()[0].old_secret_until == ""


def test_no_secret_outlives_a_rotation_at_once(keys):
    first = keys.create("laptop")
    second = keys.rotate(first.id, HOUR)
    third = keys.rotate(first.id)
    assert [opened(keys, one.secret) for one in (first, second, third)] == [None, None, first.id]


def test_revoking_ends_old_secrets_too(keys):
    first = keys.create("laptop")
    second = keys.rotate(first.id, HOUR)
    keys.revoke(first.id)
    assert [opened(keys, one.secret) for one in (first, second)] == [None, None]


def test_a_rotation_that_comes_between_keeps_no_revoked_key_alive(ledger_path, clock):
    class Interrupted(KeyStore):
        meanwhile = None

        def _changing(self, key_id):
            meanwhile, self.meanwhile = self.meanwhile, None
            if meanwhile:
                made.append(meanwhile())
            return super()._changing(key_id)

    keys = Interrupted(ledger_path, now_ns=clock)
    made = [keys.create("laptop")]
    keys.meanwhile = lambda: keys.rotate(made[0].id, HOUR)
    keys.revoke(made[0].id)
    assert [opened(keys, one.secret) for one in made] == [None, None]


@pytest.mark.parametrize("grace", [timedelta(seconds=-1), LONGEST_GRACE + timedelta(seconds=1)])
def test_a_grace_that_cannot_be_is_refused(keys, grace):
    new = keys.create("laptop")
    with pytest.raises(KeyProblem, match="at most 30 days") as refused:
        keys.rotate(new.id, grace)
    assert "--grace 1h" in refused.value.next
    assert opened(keys, new.secret) == new.id


def test_what_has_ended_cannot_be_changed(keys, clock):
    revoked, expired = keys.create("gone"), keys.create("late", expires_at=START + HOUR)
    keys.revoke(revoked.id)
    clock.at(START + HOUR)
    for change in (keys.rotate, lambda name: keys.expire(name, None)):
        with pytest.raises(KeyProblem, match="is revoked for good") as refused:
            change(revoked.id)
        assert refused.value.next == "companion keys create gone"
    with pytest.raises(KeyProblem, match="has expired") as refused:
        keys.rotate(expired.id)
    assert f"companion keys expire {expired.id} --in 30d" in refused.value.next


@pytest.mark.parametrize("change", [KeyStore.rotate, lambda keys, name: keys.expire(name, None)])
def test_an_unknown_key_cannot_be_changed(keys, change):
    with pytest.raises(KeyProblem, match="no virtual key 'key-0'"):
        change(keys, "key-0")


def test_a_change_that_cannot_be_written_has_not_happened_but_a_revoked_key_is_refused(keys, ledger_path, monkeypatch):
    monkeypatch.setattr(store, "_BUSY_SECONDS", 0.01)
    new = keys.create("laptop")
    blocker = store.connect(ledger_path)
    blocker.execute("BEGIN IMMEDIATE")
    for change in (partial(keys.rotate, new.id), partial(keys.expire, new.id, START + HOUR), partial(keys.create, "b")):
        with pytest.raises(LedgerError, match="locked"):
            change()
    assert opened(keys, new.secret) == new.id
    with pytest.raises(LedgerError, match="locked"):
        keys.revoke(new.id)
    assert opened(keys, new.secret) is None
    blocker.execute("ROLLBACK")
    blocker.close()
    (line,) = keys.list()
    assert (line.state, line.expires_at, line.old_secret_until) == ("live", "", "")


def test_who_calls_is_told_without_the_disk(keys, clock, ledger_path):
    old = keys.create("laptop", NARROW, expires_at=START + 2 * HOUR)
    new = keys.rotate(old.id, HOUR)
    for file in ledger_path.parent.glob("ledger.db*"):
        file.unlink()
    assert [opened(keys, one.secret) for one in (old, new)] == [old.id, old.id]
    clock.at(START + 2 * HOUR)
    assert [opened(keys, one.secret) for one in (old, new)] == [None, None]
    assert keys.lapsed(new.secret)


changes = st.one_of(
    st.tuples(st.just("rotate"), st.integers(0, 1), st.integers(0, 5)),
    st.tuples(st.just("expire"), st.integers(0, 1), st.none() | st.integers(1, 9)),
    st.tuples(st.just("revoke"), st.integers(0, 1), st.none()),
    st.tuples(st.just("wait"), st.none(), st.integers(1, 4)),
)


@settings(max_examples=60)
@given(steps=st.lists(changes, max_size=10))
def test_law_a_secret_opens_exactly_while_it_should_and_a_restart_changes_nothing(steps, tmp_path_factory):
    """Against a table of who ends when, in hours."""
    path = tmp_path_factory.mktemp("law") / "ledger.db"
    store.prepare(path)
    now = 0

    def now_ns():
        return (1_800_000_000 + now * 3600) * 10**9

    keys = KeyStore(path, now_ns=now_ns)
    made = [keys.create(name) for name in ("a", "b")]
    forever = 10**6
    ends = {0: forever, 1: forever}
    secrets = [{one.secret: forever} for one in made]
    for what, which, hours in steps:
        try:
            match what:
                case "rotate":
                    new = keys.rotate(made[which].id, hours * HOUR)
                    secrets[which] = {old: min(end, now + hours) for old, end in secrets[which].items()}
                    secrets[which][new.secret] = forever
                case "expire":
                    keys.expire(made[which].id, None if hours is None else START + (now + hours) * HOUR)
                    ends[which] = forever if hours is None else now + hours
                case "revoke":
                    keys.revoke(made[which].id)
                    ends[which] = -1
                case "wait":
                    now += hours
        except KeyProblem:
            assert ends[which] <= now, "only a key that has ended refuses"
            assert what == "rotate" or ends[which] == -1
        again = KeyStore(path, now_ns=now_ns)
        for number, of_key in enumerate(secrets):
            for secret, end in of_key.items():
                expected = made[number].id if now < min(end, ends[number]) else None
                assert opened(keys, secret) == opened(again, secret) == expected
                assert keys.lapsed(secret) == again.lapsed(secret)
                assert bool(keys.lapsed(secret)) == (expected is None and ends[number] != -1)
