import pytest

from companion.scan.secrets.rules import CHECKS, OwnRules, Rule, load_rules, lower
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
    assert rule.literals == tuple(literal.lower() for literal in rule.literals)
    assert "secret" in rule.pattern.groupindex


def test_rule_ids_are_unique() -> None:
    ids = [rule.id for rule in load_rules()]
    assert len(set(ids)) == len(ids)


def test_lower_keeps_every_character_in_its_place() -> None:
    assert lower("İABC") == "İabc"
    assert lower("ABC") == "abc"


def test_allow_comments_are_ignored() -> None:
    rule = next(rule for rule in load_rules() if rule.id == "github-token")
    sample = samples_of(rule)[0]
    for comment in ("# pragma: allowlist " + "secret", "# gitleaks:" + "allow"):
        assert found(f"{sample.text} {comment}", rule)


def test_hostile_text_takes_no_more_than_its_length() -> None:
    for part in ('key = "', "://a:", "Authorization: Bearer ", "Password=;", "AKIA", "eyJ."):
        assert ENGINE.find(part * 3000) is not None
