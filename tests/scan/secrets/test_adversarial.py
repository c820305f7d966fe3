import sys

import pytest

from companion.scan.secrets.engine import Engine, Span
from companion.scan.secrets.kingfisher import Kingfisher
from companion.scan.secrets.merge import merge, without_placeholders
from companion.scan.secrets.plugins import DetectSecrets
from companion.scan.secrets.rules import OwnRules, load_rules
from companion.scan.secrets.samples import decoys_of, samples_of
from companion.scan.secrets.scanner import default_engines
from tests.scan.secrets.adversarial import SECRETS, TRAPS, Case, texts


@pytest.fixture(scope="module")
def engines() -> list[Engine]:
    return [engine for engine in default_engines() if not engine.load()]


def found(engines: list[Engine], text: str) -> list[Span]:
    return merge(without_placeholders(text, [span for engine in engines for span in engine.find(text)]))


@pytest.mark.parametrize("case", SECRETS, ids=lambda case: case.id)
def test_nothing_of_a_secret_is_left(engines: list[Engine], case: Case) -> None:
    rest, end = [], 0
    for span in found(engines, case.text):
        rest.append(case.text[end : span.start])
        end = span.end
    left = "\0".join([*rest, case.text[end:]])
    assert case.hidden
    assert [piece for piece in case.hidden if piece in left] == []


@pytest.mark.parametrize("case", TRAPS, ids=lambda case: case.id)
def test_what_only_looks_like_a_secret_is_left_alone(engines: list[Engine], case: Case) -> None:
    assert [(span.rule, case.text[span.start : span.end]) for span in found(engines, case.text)] == []


@pytest.mark.parametrize("engine", [OwnRules, DetectSecrets])
def test_without_native_libraries_the_same_is_found(
    engine: type[OwnRules | DetectSecrets], monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = engine()
    assert quick.load() == ""
    monkeypatch.setitem(sys.modules, "hyperscan", None)
    monkeypatch.setitem(sys.modules, "kingfisher_sdk", None)
    slow = engine()
    assert slow.load() == ""
    assert Kingfisher().load().startswith("not installed")
    for text in (*texts(), *(text for rule in load_rules() for text in decoys_of(rule))):
        assert set(slow.find(text)) == set(quick.find(text))
    for rule in load_rules():
        for sample in samples_of(rule, "native"):
            assert set(slow.find(f"é {sample.text} é")) == set(quick.find(f"é {sample.text} é"))
