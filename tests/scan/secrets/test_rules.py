import itertools
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from companion.model.facts import Confidence
from companion.scan.secrets import places
from companion.scan.secrets.checks import CHECKS
from companion.scan.secrets.engine import TooMuchError
from companion.scan.secrets.rules import OwnRules, Rule, _Compiled, load_rules
from companion.scan.secrets.samples import Sample, decoys_of, samples_of

ENGINE = OwnRules()
SAMPLES = [
    pytest.param(rule, sample, id=f"{rule.id}-{n}")
    for rule in load_rules()
    for n, sample in enumerate(samples_of(rule))
]
DECOYS = [
    pytest.param(rule, decoy, id=f"{rule.id}-{n}") for rule in load_rules() for n, decoy in enumerate(decoys_of(rule))
]


def found(text: str, rule: Rule) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in ENGINE.find(text) if span.rule == rule.id]


@pytest.mark.parametrize(("rule", "sample"), SAMPLES)
def test_a_rule_hides_exactly_what_its_sample_marks(rule: Rule, sample: Sample) -> None:
    assert found(sample.text, rule) == [(sample.start, sample.end)]


@pytest.mark.parametrize(("rule", "decoy"), DECOYS)
def test_a_rule_finds_nothing_in_its_decoys(rule: Rule, decoy: str) -> None:
    assert found(decoy, rule) == []


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_a_rule_is_complete(rule: Rule) -> None:
    assert rule.check in CHECKS
    assert rule.samples
    assert rule.decoys
    assert rule.literals or rule.where
    assert rule.literals == tuple(literal.lower() for literal in rule.literals)
    assert "secret" in rule.pattern.groupindex


def endless(parsed: Iterable[tuple[Any, Any]]) -> bool:
    """Whether a parsed expression repeats anything without an upper limit."""
    for kind, value in parsed:
        if str(kind) in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and value[1] > 100_000:
            return True
        parts = value if isinstance(value, (tuple, list)) else (value,)
        for part in parts:
            inner = part if isinstance(part, list) else [part]
            if any(isinstance(one, re._parser.SubPattern) and endless(one) for one in inner):  # type: ignore[attr-defined]
                return True
    return False


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_nothing_in_a_rule_is_read_without_end(rule: Rule) -> None:
    assert not endless(re._parser.parse(rule.pattern.pattern))  # type: ignore[attr-defined]


def test_what_is_read_without_end_would_be_noticed() -> None:
    assert endless(re._parser.parse("a(?:b|c{1,3}(d+))"))  # type: ignore[attr-defined]


def test_rule_ids_are_unique() -> None:
    ids = [rule.id for rule in load_rules()]
    assert len(set(ids)) == len(ids)


def test_what_only_a_name_gives_away_is_never_certain() -> None:
    assert {rule.confidence for rule in load_rules() if rule.type in ("GENERIC", "HASH")} == {Confidence.LOW}


def test_allow_comments_are_ignored() -> None:
    rule = next(rule for rule in load_rules() if rule.id == "github-token")
    sample = samples_of(rule)[0]
    for comment in ("# pragma: allowlist " + "secret", "# gitleaks:" + "allow"):
        assert found(f"{sample.text} {comment}", rule)


@pytest.mark.parametrize("part", ["key=", "://a:b@", "token ", "AKIA", "\u200b", "ghp" + "_"])
def test_a_text_of_nothing_but_beginnings_is_refused(part: str) -> None:
    with pytest.raises(TooMuchError):
        ENGINE.find(part * 80_000)


def test_a_log_of_usage_is_not() -> None:
    row = '{"usage":{"input_tokens":4,"cache_read_input_tokens":2000,"output_tokens":5}}\n'
    assert ENGINE.find(row * 6_000) == []


def test_it_loads_when_it_is_asked_to() -> None:
    rules = OwnRules()
    assert rules.load() == ""
    assert rules.find("nothing to be seen") == []


SHORT = [rule for rule in load_rules() if rule.is_short]
JOINTS = ['" + "', "' \\\n  '", '\\" . \\"', "\n", "\r\n\t# ", "\\n    + ", " \\\n", '",\n  "', "-"]


@pytest.mark.parametrize("package", ["hyperscan", "no_such_module"])
@pytest.mark.parametrize("rule", SHORT, ids=lambda rule: rule.id)
def test_what_begins_like_many_words_is_tried_wherever_it_may_be_a_token(
    rule: Rule, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "_PACKAGE", package)
    everywhere = _Compiled([replace(rule, is_short=False, where="")])
    here_and_there = _Compiled([rule])
    sample = samples_of(rule)[0]
    secret = sample.text[sample.start : sample.end]
    seen = 0
    for joint, cut in itertools.product(JOINTS, range(len(secret))):
        for before in ("", " ", "x", f"{secret[:cut]} ", '= "'):
            text = f"{before}{secret[:cut]}{joint if cut else ''}{secret[cut:]} {secret[: cut // 2]}"
            wanted = everywhere.find(text)
            seen += bool(wanted)
            assert here_and_there.find(text) == wanted, text
    assert seen > len(secret)


def test_what_begins_like_many_words_is_seldom_tried() -> None:
    [rule] = [rule for rule in SHORT if rule.id == "airtable-token"]
    assert re.search(rule.where, "path = patch(pattern, 'pat', pat, compatible) # pat-x") is not None
    assert re.findall(rule.where, "def path(paths: Path) -> pathlib.Path:  patterns compatible dispatch_all") == []
