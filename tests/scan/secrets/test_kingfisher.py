import base64
import sys

import pytest

from companion.model.facts import Confidence
from companion.scan.secrets.engine import Span
from companion.scan.secrets.kingfisher import Kingfisher

TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG3hJ5"


@pytest.fixture(scope="module")
def engine() -> Kingfisher:
    pytest.importorskip("kingfisher_sdk")
    kingfisher = Kingfisher()
    assert kingfisher.load() == ""
    return kingfisher


def texts(spans: list[Span], text: str) -> list[str]:
    return [text[span.start : span.end] for span in spans]


@pytest.mark.parametrize("around", ["{}", "é😀 {} ü {}", "a\0b {}", "\ud800 {} \udfff", "\ufeff{}", "日本\r\n{}"])
def test_spans_are_characters_whatever_stands_around(engine: Kingfisher, around: str) -> None:
    text = around.replace("{}", TOKEN)
    spans = engine.find(text)
    assert texts(spans, text) == [TOKEN] * around.count("{}")
    assert {(span.type, span.confidence) for span in spans} == {("GITHUB", Confidence.HIGH)}


def test_base64_is_hidden_as_it_stands_in_the_text(engine: Kingfisher) -> None:
    encoded = base64.b64encode(f"TOKEN={TOKEN}".encode()).decode()
    text = f"é value: {encoded} end"
    assert texts(engine.find(text), text) == [encoded]


@pytest.mark.parametrize(
    "around", ["{}", "a {} b", "a\n+{}\n", '{{"r":"a\\n{}\\nb"}}', '"\\\\t{}\\\\n"', '"a\\n+{}\\n+"']
)
def test_base64_is_found_in_json_and_in_a_diff(engine: Kingfisher, around: str) -> None:
    encoded = base64.b64encode(f"TOKEN={TOKEN}\n".encode()).decode()
    text = around.format(encoded)
    assert texts(engine.find(text), text) == [encoded]


def test_an_aws_secret_counts_without_its_id(engine: Kingfisher) -> None:
    secret = "wJalrXUtnFEMIK7MDENG" + "bPxRfiCYzzkkllZZKEYa"
    text = f"aws_secret_access_key = '{secret}'\n"
    assert texts(engine.find(text), text) == [secret]


def test_a_missing_wheel_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kingfisher_sdk", None)
    assert "not installed" in Kingfisher().load()
