import re

import pytest

from companion.scan.secrets.checks import CHECKS, is_weak, name_of
from companion.scan.secrets.merge import merge
from companion.scan.secrets.rules import OwnRules

ENGINE = OwnRules()


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in merge(ENGINE.find(text))]


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("const myApiKey = 1", "myApiKey", ["my", "api", "key"]),
        ("A=b\\nSHOP_API_KEY=1", "SHOP_API_KEY", ["shop", "api", "key"]),
        ("spring.data.key: 1", "spring.data.key", ["spring", "data", "key"]),
    ],
)
def test_the_name_of_a_value_is_read_whole(text: str, name: str, words: list[str]) -> None:
    match = re.compile("(?i)key").search(text)
    assert match is not None
    assert name_of(match)[:2] == (name, words)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ('db_password = "thisismypassword"', "thisismypassword"),
        ("SHOP_PASSWORD=whiteduke\n", "whiteduke"),
        ("user = 'aladdin'\npassword = 'open sesame'", "open sesame"),
        ("host=db user=app password=hunter22 dbname=x", "hunter22"),
        ("asana token = 0/d6f1e29e5b4b4d8c9bb419b2d882154d", "0/d6f1e29e5b4b4d8c9bb419b2d882154d"),
        ("Login:robot Pwd:dipPr131Gg!", "dipPr131Gg!"),
        ("weather key f3b0c2b92eca01472efe", ""),
        ("API Secret:AIhq5Xyb1Gga9Q24", "AIhq5Xyb1Gga9Q24"),
    ],
)
def test_what_is_given_away_by_its_name(text: str, secret: str) -> None:
    assert found(text) == ([secret] if secret else [])


@pytest.mark.parametrize(
    "text",
    [
        'CHALLENGE_PASSWORD: "challengePassword"', 'password: "required"', "('a-passphrase',\n 'some-other-word9')",
        "complete 'username= password= scmVersion='", "privateKey: t.CryptoKey;", "password = user.password2",
        "if token != other_token2:", "the token bucket V2 refills", "PWD=/home/me/Work2",
        "const KEY_CHARS = '[_0-9a-z-*/]'",
    ],
)  # fmt: skip
def test_code_and_prose_keep_their_words(text: str) -> None:
    assert found(text) == []


def test_a_weak_password_is_no_word_of_its_name() -> None:
    assert is_weak("whiteduke", "db_password")
    assert not is_weak("db_password", "DB_PASSWORD")
    assert not is_weak("short", "password")


def test_every_check_answers() -> None:
    match = re.compile("(?P<sep>=)?(?P<secret>.*)").match("=x")
    assert match is not None
    assert {type(check("x", match)) for check in CHECKS.values()} <= {bool}
