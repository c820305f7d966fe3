from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.facts import Confidence
from companion.scan.secrets import gitleaks as module
from companion.scan.secrets.gitleaks import Gitleaks, RuleFile, read_rules

KEY = "acme_k3J4h5G6f7D8"
ACME = r"""
[[rules]]
id = "acme-key"
regex = '''\b(acme_([A-Za-z0-9]{12}))\b'''
keywords = ["ACME_"]
"""
FILES = [
    RuleFile((module._rule("acme", {"regex": r"acme_[A-Za-z0-9]{12}", "keywords": ["acme_"]}, []),)),
    RuleFile((module._rule("acme", {"regex": r"acme_[A-Za-z0-9]{12}"}, []),)),
]


def rules(folder: Path, text: str) -> RuleFile:
    path = folder / "rules.toml"
    path.write_text(text)
    return read_rules(path)


def found(file: RuleFile, text: str) -> list[str]:
    spans = sorted(Gitleaks(file).find(text), key=lambda span: span.start)
    return [text[span.start : span.end] for span in spans]


def test_a_rule_finds_its_group_and_says_who_it_is(tmp_path: Path) -> None:
    file = rules(tmp_path, ACME)
    assert file.faults == ()
    text = f"é😀 x={KEY}; {KEY}"
    assert found(file, text) == [KEY, KEY]
    assert {(span.rule, span.engine, span.type, span.confidence) for span in Gitleaks(file).find(text)} == {
        ("acme-key", "gitleaks", "acme", Confidence.HIGH)
    }


@pytest.mark.parametrize(
    ("more", "text", "expected"),
    [
        ("secretGroup = 2", KEY, [KEY[5:]]),
        ("entropy = 9.0", KEY, []),
        ("entropy = 2.0", KEY, [KEY]),
        ("entropy = 2.0", "acme_" + "a" * 12, []),
        ("[[rules.allowlists]]\nstopwords = ['K3J4']", KEY, []),
        ("[rules.allowlist]\nregexes = ['^acme_k3']", KEY, []),
        ("[[rules.allowlists]]\nregexTarget = 'line'\nregexes = ['sample']", f"a sample {KEY}\n{KEY}", [KEY]),
        ("[[rules.allowlists]]\nregexTarget = 'match'\nregexes = ['sample']", f"a sample {KEY}", [KEY]),
        ("[[rules.allowlists]]\ncondition='AND'\nstopwords=['k3j4']\nregexes=['nope']", KEY, [KEY]),
        ("[[rules.allowlists]]\ncondition='AND'\nstopwords=['k3j4']\nregexes=['acme']", KEY, []),
        ("[[rules.allowlists]]\ncondition='AND'\nstopwords=['k3j4']\npaths=['test']", KEY, [KEY]),
        ("[[rules.allowlists]]\npaths=['.*']", KEY, [KEY]),
        ("[[allowlists]]\ntargetRules=['acme-key']\nstopwords=['k3j4']", KEY, []),
        ("[[allowlists]]\ntargetRules=['other']\nstopwords=['k3j4']", KEY, [KEY]),
        ("[allowlist]\nregexes=['''k3J4''']", KEY, []),
        ("", "no such word k3J4h5G6f7D8", []),
        ("", f"{KEY} # gitleaks:allow", [KEY]),
    ],
)
def test_what_gitleaks_would_find(tmp_path: Path, more: str, text: str, expected: list[str]) -> None:
    file = rules(tmp_path, f"{ACME}\n{more}")
    assert file.faults == ()
    assert found(file, text) == expected


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ('id="a"\nregex="(?=x)"', "Go does not have"),
        ('id="a"\npath="x"', "names of files"),
        ('id="a"\nregex=7', "regex: expected text"),
        ('id="a"\nregex="x"\nsecretGroup=2', "has 0 groups"),
        ('id="a"\nregex="x"\nentropy="high"', "entropy"),
        ('id="a"\nregex="x"\nkeywords="x"', "keywords"),
        ('id="a"\nregex="x"\n[[rules.required]]\nid="b"', "required"),
        ('id="a b"\nregex="x"', "id: expected"),
        ('regex="x"', "id: expected"),
        ('id="fine"\nregex="x"', "twice"),
        ('id="a"\nregex="x"\n[[rules.allowlists]]\nregexes=["(?=x)"]', "Go does not have"),
        ('id="a"\nregex="x"\n[[rules.allowlists]]\nregexTarget="file"', "regexTarget"),
        ('id="a"\nregex="x"\n[[rules.allowlists]]\ncondition="XOR"', "condition"),
    ],
)
def test_a_rule_that_cannot_be_had_is_named_and_the_others_hold(tmp_path: Path, table: str, why: str) -> None:
    file = rules(tmp_path, f'[[rules]]\nid="fine"\nregex="fine-[0-9]{{4}}"\n[[rules]]\n{table}')
    assert [rule.id for rule in file.rules] == ["fine"]
    (fault,) = file.faults
    assert why in str(fault)
    assert str(fault).startswith(("a: ", "fine: ", "rule 2: "))
    assert found(file, "fine-1234") == ["fine-1234"]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"x = ", "no TOML"),
        (b"\xff\xfe", "no TOML"),
        (b"rules = 7", "[[rules]]"),
        (b"rules = [7]", "[[rules]]"),
        (b"a = " + b"[" * 3000, "no TOML"),
        (b"[extend]\npath = 'x'", "extend.path"),
        (b"[allowlist]\nregexes = ['(?=x)']", "Go does not have"),
    ],
    ids=lambda value: value[:20] if isinstance(value, bytes) else None,
)
def test_a_file_that_cannot_be_had_is_a_fault(tmp_path: Path, raw: bytes, why: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_bytes(raw)
    (fault,) = read_rules(path).faults
    assert why in str(fault)


def test_a_missing_a_huge_and_a_crowded_file_are_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "cannot be read" in str(read_rules(tmp_path / "none").faults[0])
    assert "cannot be read" in str(read_rules(tmp_path).faults[0])
    monkeypatch.setattr(module, "_MOST_RULES", 1)
    file = rules(tmp_path, ACME + ACME.replace("acme-key", "more"))
    assert (len(file.rules), "first 1 rules" in str(file.faults[0])) == (1, True)
    monkeypatch.setattr(module, "_LARGEST", 10)
    assert "larger than" in str(rules(tmp_path, ACME).faults[0])


@given(st.integers(0, 70_000), st.integers(0, 9_000))
def test_law_where_a_secret_stands_makes_no_difference(before: int, after: int) -> None:
    text = "." * before + f" {KEY} " + "." * after
    for file in FILES:
        assert found(file, text) == [KEY]


def test_a_rule_without_keywords_is_tried_everywhere(tmp_path: Path) -> None:
    file = rules(tmp_path, ACME.replace("keywords", "tags"))
    text = "x" * 32_760 + f" {KEY} " + "y" * 100_000 + f" {KEY}"
    assert found(file, text) == [KEY, KEY]


def test_rules_that_take_too_long_fail_rather_than_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Gitleaks(rules(tmp_path, ACME))
    monkeypatch.setattr(module, "_SECONDS", -1.0)
    with pytest.raises(TimeoutError, match="acme-key"):
        engine.find(KEY)


def test_a_generic_rule_is_no_certainty_and_a_helper_reports_nothing(tmp_path: Path) -> None:
    text = ACME.replace("acme-key", "generic-api-key") + ACME.replace("acme-key", "helper") + "skipReport = true\n"
    file = rules(tmp_path, text)
    assert [(rule.id, rule.confidence) for rule in file.rules] == [("generic-api-key", Confidence.LOW)]
    assert Gitleaks(file).load() == ""
    assert Gitleaks(RuleFile()).load()
    assert Gitleaks(file).version != Gitleaks(rules(tmp_path, ACME)).version
