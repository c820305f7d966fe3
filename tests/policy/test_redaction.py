import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.facts import Confidence, Finding
from companion.policy.redaction import (
    LONGEST_PLACEHOLDER,
    PLACEHOLDER,
    fingerprint_of,
    placeholder_for,
    placeholder_of,
    redact,
    restore,
    type_name,
)

KEY = b"k" * 32


def finding(start: int, end: int, placeholder: str) -> Finding:
    return Finding(0, start, end, "TEST", "rule", "engine", Confidence.HIGH, placeholder)


@given(st.text(), st.text(), st.binary(max_size=64))
def test_a_placeholder_is_one_for_any_secret_type_and_key(secret: str, kind: str, key: bytes) -> None:
    placeholder = placeholder_for(secret, kind, key)
    assert PLACEHOLDER.fullmatch(placeholder)
    assert len(placeholder) <= LONGEST_PLACEHOLDER
    assert placeholder == placeholder_for(secret, kind, key)
    assert json.dumps(placeholder) == f'"{placeholder}"'


def test_another_key_or_secret_gives_another_placeholder() -> None:
    base = placeholder_for("one", "aws", KEY)
    assert base.startswith("SECRET_AWS_")
    assert placeholder_for("two", "aws", KEY) != base
    assert placeholder_for("one", "aws", b"x" * 32) != base


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("github", "GITHUB"),
        ("", "GENERIC"),
        ("a-b_c", "ABC"),
        ("ü", "GENERIC"),
        ("deadbeef", "TDEADBEEF"),
        ("x" * 40, "X" * 32),
    ],
)
def test_type_names(word: str, name: str) -> None:
    assert type_name(word) == name


@given(st.lists(st.tuples(st.text("abS_ECRT0", max_size=6), st.text('xyz"\\\n', min_size=1, max_size=9)), max_size=6))
def test_restoring_a_redacted_text_gives_the_text(pieces: list[tuple[str, str]]) -> None:
    text, findings, vault = "", [], {}
    for before, secret in pieces:
        start = len(text) + len(before)
        placeholder = placeholder_for(secret, "aws", KEY)
        vault[placeholder] = secret
        findings.append(finding(start, start + len(secret), placeholder))
        text += before + secret
    hidden = redact(text, findings)
    assert all(secret not in hidden for secret in vault.values())
    assert restore(hidden, vault.get) == text


@pytest.mark.parametrize("spans", [[(0, 9)], [(-1, 2)], [(2, 2)], [(0, 3), (2, 4)]])
def test_findings_that_do_not_fit_their_text_are_refused(spans: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        redact("secret", [finding(start, end, "SECRET_A_00000000") for start, end in spans])


def test_unknown_placeholders_stay() -> None:
    assert restore("a SECRET_AWS_00000000 b", lambda _: None) == "a SECRET_AWS_00000000 b"


def test_inside_json_the_secret_is_escaped() -> None:
    secret = 'a"b\\c\n😀'
    document = restore('{"k": "SECRET_AWS_00000000"}', lambda _: secret, json_escaped=True)
    assert json.loads(document) == {"k": secret}


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_fingerprint_names_one_secret_and_its_placeholder(secret: str, other: str) -> None:
    name = fingerprint_of(secret, KEY)
    assert re.fullmatch("[0-9a-f]{32}", name)
    assert placeholder_of(name, "aws") == placeholder_for(secret, "aws", KEY)
    assert (name == fingerprint_of(other, KEY)) == (secret == other)
    assert name != fingerprint_of(secret, b"another key")
