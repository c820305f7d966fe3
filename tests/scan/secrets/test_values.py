import base64

import pytest

from companion.scan.secrets.values import is_basic, is_distinctive, is_password, is_random, is_sample, is_words

SAMPLES = (
    "${TOKEN}", "$TOKEN", "{{ token }}", "<your-key>", "%(password)s", "{password}", "changeme", "your-api-key",
    "********", "xxxxxxxx", "password", "password1", "secret", "test1", "example-token", "aaaaaaaa",
    "get_token(1)", "sk-...",
)  # fmt: skip
READABLE = (
    "some_function_v2", "my-app-secret-2", "usage.input_tokens2", "createdAt", "localhost:8080", "/run/secrets/db1",
    "https://auth.example.org/v1", "os.environ", "2024-01-01", "claude-sonnet-4-5", "symbol2label", "X509_ATTRIBUTE",
)  # fmt: skip
RANDOM = ("a8Fk29sLqP0zX", "0a9f8e7d6c5b4a3f2e1d", "Zx9#kk2!q", "AbcdEfgh5Ijklmnop-9")


@pytest.mark.parametrize("value", SAMPLES)
def test_samples_are_neither_passwords_nor_random(value: str) -> None:
    assert is_sample(value)
    assert not is_password(value)
    assert not is_random(value)


@pytest.mark.parametrize("value", READABLE)
def test_readable_values_are_not_random(value: str) -> None:
    assert is_words(value)
    assert not is_random(value)


@pytest.mark.parametrize("value", RANDOM)
def test_random_values_are(value: str) -> None:
    assert is_random(value)
    assert is_password(value)


def test_basic_credentials_decode_to_user_and_password() -> None:
    assert is_basic(base64.b64encode(b"robot:k2j4h5").decode())
    assert not is_basic(base64.b64encode(b"robot:password").decode())
    assert not is_basic(base64.b64encode(b"no colon here").decode())
    assert not is_basic("authentication!")


def test_common_words_are_not_looked_for_elsewhere() -> None:
    assert not is_distinctive("companion")
    assert not is_distinctive("hunter2")
    assert is_distinctive("hunter22")
    assert is_distinctive("correcthorsebatterystaple")
