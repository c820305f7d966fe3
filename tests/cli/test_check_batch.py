from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.cli.check_batch import judged
from companion.model.facts import Confidence, Finding
from companion.scan.secrets.search import ScanFailed


def find(text: str) -> tuple[Finding, ...]:
    """Each "x" is a secret."""
    if "!" in text:
        raise ScanFailed("the engine fake failed")
    return tuple(
        Finding(0, at, at + 1, "X", "rule", "fake", Confidence.LOW, "SECRET_X_00000000")
        for at, letter in enumerate(text)
        if letter == "x"
    )


lines = st.one_of(
    st.text(max_size=8).map(lambda text: json.dumps({"text": text}).encode()),
    st.text("{}[]\"':,x", max_size=8).map(str.encode),
    st.binary(max_size=8).filter(lambda raw: b"\n" not in raw),
)


@given(st.lists(lines, max_size=6))
def test_law_every_line_has_its_answer_in_its_place(given_lines: list[bytes]) -> None:
    answers = list(judged(given_lines, find))
    assert len(answers) == len(given_lines)
    for number, (line, (answer, good)) in enumerate(zip(given_lines, answers, strict=True), start=1):
        told = json.loads(answer)
        assert "\n" not in answer
        assert good == ("error" not in told)
        if good:
            text = json.loads(line)["text"]
            assert told["redacted"] == text.replace("x", "SECRET_X_00000000")
            assert [text[one["start"] : one["end"]] for one in told["findings"]] == ["x"] * text.count("x")
        else:
            assert told["error"].startswith(f"line {number}: ")


def test_an_answer_has_the_form_that_programs_expect() -> None:
    [(answer, good)] = judged([b'{"text": "a x", "more": 1}\n'], find)
    assert good
    assert json.loads(answer) == {
        "findings": [
            {"type": "X", "rule": "rule", "engine": "fake", "start": 2, "end": 3, "confidence": "low"},
        ],
        "redacted": "a SECRET_X_00000000",
    }


@pytest.mark.parametrize(
    "line",
    [b"", b"\n", b"hunter2", b"[1]", b'{"text": 7}', b'{"text": null}', b"\xff", b"[" * 100_000, b'{"text": "!"}'],
    ids=lambda line: str(line[:12]),
)
def test_a_line_that_cannot_be_judged_says_why_and_not_what_it_holds(line: bytes) -> None:
    [(answer, good), (_, next_is_good)] = judged([line, b'{"text": ""}'], find)
    assert not good
    assert next_is_good
    assert "hunter2" not in answer


def test_half_a_letter_and_other_odd_ones_come_back_as_they_were() -> None:
    text = "\ud800 x é 😀 \0"
    [(answer, _)] = judged([json.dumps({"text": text}).encode()], find)
    assert json.loads(answer)["redacted"] == text.replace("x", "SECRET_X_00000000")
