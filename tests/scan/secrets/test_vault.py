import pytest

from companion.policy.redaction import fingerprint_of
from companion.scan.secrets import vault as module
from companion.scan.secrets.vault import PlaceholderTakenError, Vault

KEY = b"k" * 32


def test_what_was_kept_is_found_again() -> None:
    vault = Vault(KEY)
    placeholder = vault.keep("value", "aws")
    assert placeholder == Vault(KEY).keep("value", "aws")
    assert vault.lookup(placeholder) == "value"
    assert vault.lookup("SECRET_AWS_00000000") is None


def test_the_first_kind_stays() -> None:
    vault = Vault(KEY)
    assert vault.keep("value", "generic") == vault.keep("value", "aws")


def test_it_forgets_what_was_not_used_for_longest() -> None:
    vault = Vault(KEY, limit=2)
    first, second = vault.keep("one", "a"), vault.keep("two", "a")
    vault.lookup(first)
    vault.keep("three", "a")
    assert (vault.lookup(first), vault.lookup(second)) == ("one", None)


def test_two_secrets_never_share_a_placeholder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "placeholder_for", lambda *_: "SECRET_A_00000000")
    vault = Vault(KEY)
    vault.keep("one", "a")
    with pytest.raises(PlaceholderTakenError):
        vault.keep("two", "a")
    assert vault.lookup("SECRET_A_00000000") == "one"


def test_a_placeholder_is_restored_whatever_type_it_was_given() -> None:
    vault = Vault(KEY)
    digest = vault.keep("value", "aws")[-8:]
    assert vault.lookup(f"SECRET_OTHER_{digest}") == "value"
    assert vault.placeholder("value") == f"SECRET_AWS_{digest}"
    assert vault.placeholder("other") is None


def test_what_is_offered_can_be_restored_before_it_was_ever_kept() -> None:
    digest = Vault(KEY).keep("value", "aws")[-8:]
    vault = Vault(KEY, limit=2)
    vault.offer("value")
    assert vault.lookup(f"SECRET_AWS_{digest}") == "value"
    assert vault.placeholder("value") is None, "it was given to nobody"
    for other in ("one", "two"):
        vault.offer(other)
    assert vault.lookup(f"SECRET_AWS_{digest}") is None, "the oldest offer is forgotten"
    vault.offer("kept")
    placeholder = vault.keep("kept", "a")
    vault.keep("more", "a")
    vault.keep("and more", "a")
    assert vault.lookup(placeholder) == "kept", "it is on offer still"


def test_of_two_secrets_with_one_digest_neither_is_restored_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "placeholder_for", lambda secret, kind, _: f"SECRET_{kind}_00000000")
    vault = Vault(KEY)
    assert vault.keep("one", "A") != vault.keep("two", "B")
    assert (vault.lookup("SECRET_A_00000000"), vault.lookup("SECRET_B_00000000")) == ("one", "two")
    assert vault.lookup("SECRET_C_00000000") is None


def test_long_secrets_are_forgotten_before_they_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_LETTERS", 100)
    vault = Vault(KEY)
    first, second = vault.keep("a" * 60, "a"), vault.keep("b" * 60, "a")
    assert vault.lookup(first) is None
    assert vault.lookup(second) == "b" * 60
    assert vault.lookup(vault.keep("c" * 200, "a")) == "c" * 200, "the last one stays, however long"


def test_a_secret_is_found_by_every_name_of_it() -> None:
    vault = Vault(KEY)
    placeholder = vault.keep("value", "aws")
    fingerprint = fingerprint_of("value", KEY)
    for name in (placeholder, placeholder.replace("AWS", "OTHER"), fingerprint, fingerprint.upper()):
        assert vault.find(name) == "value"
    for name in ("SECRET_AWS_00000000", "0" * 32, fingerprint[:-1] + "x", "", "x"):
        assert vault.find(name) is None
