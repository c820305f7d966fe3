import pytest

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
