"""What engines see becomes findings that say where, and never what."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.action import TextKind
from companion.model.facts import Confidence
from companion.scan.secrets.engine import Span
from companion.scan.secrets.placing import findings_of, is_doubted, is_whole, meant, whole

SURE = Span(0, 4, "github-token", "r", "e", Confidence.HIGH)
DOUBTED = Span(0, 4, "password", "r", "e", Confidence.LOW)


@given(st.text())
def test_law_a_secret_in_json_means_what_it_means_in_text(secret):
    for plain in (True, False):
        assert meant(json.dumps(secret, ensure_ascii=plain)[1:-1], TextKind.JSON) == secret
    assert meant(secret, None) == meant(secret, TextKind.SEALED) == secret


@pytest.mark.parametrize("part", ["half an escape\\", 'a " b\\n', "\\u12"])
def test_what_is_no_part_of_a_json_string_stays_as_it_is(part):
    assert meant(part, TextKind.JSON) == part


def test_only_in_what_is_sealed_a_doubt_counts():
    assert is_doubted(DOUBTED, TextKind.SEALED)
    assert not is_doubted(SURE, TextKind.SEALED)
    assert not is_doubted(DOUBTED, TextKind.JSON)
    assert not is_doubted(DOUBTED, None)


def test_each_text_has_the_findings_of_its_kind():
    placed = {
        ("same", None): [(DOUBTED, "SECRET_A_00000000")],
        ("same", TextKind.SEALED): [(SURE, "SECRET_B_00000000")],
    }
    kinds = {2: TextKind.SEALED, 3: TextKind.JSON}
    found = findings_of(["other", "same", "same", "same"], kinds, placed, str.upper)
    told = [(one.text, one.type, one.placeholder) for one in found]
    assert told == [(1, "PASSWORD", "SECRET_A_00000000"), (2, "GITHUBTOKEN", "SECRET_B_00000000")]
    assert [one.fingerprint for one in found] == ["SAME", "SAME"]
    assert findings_of(["same"], {}, {}, str.upper) == ()


def test_a_text_that_is_hidden_whole_is_told_from_others():
    assert is_whole(whole("a text"))
    assert [(span.start, span.end) for span in whole("a text")] == [(0, 6)]
    assert not is_whole([SURE])
    assert not is_whole([])
