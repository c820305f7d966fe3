import pytest

from companion.policy.shell.secretfiles import may_hold_secrets


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "a/.env",
        ".env.local",
        "prod.env",
        "/home/u/.ssh/config",
        ".aws/credentials",
        ".aws",
        "id_rsa",
        "x.pem",
        "a/server.KEY",
        ".npmrc",
        ".e*",
        ".env?",
        ".env*",
        "[.]env",
        "*.pem",
        "id_*",
        ".*",
    ],
)
def test_secret_places(path: str):
    assert may_hold_secrets(path)


@pytest.mark.parametrize(
    "path",
    [".env.example", "env.py", "src/a.py", "*.py", "*", "*.json", "src/*.ts", "keys.md", "environment", "a.pem.md"],
)
def test_other_places(path: str):
    assert not may_hold_secrets(path)
