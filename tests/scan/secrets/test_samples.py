from companion.scan.secrets.rules import load_rules
from companion.scan.secrets.samples import decoys_of, samples_of


def test_samples_are_the_same_every_time_and_other_with_another_seed() -> None:
    rule = load_rules()[0]
    assert samples_of(rule) == samples_of(rule)
    assert samples_of(rule, "x") != samples_of(rule)


def test_nothing_is_left_to_fill_in() -> None:
    for rule in load_rules():
        for text in [*(sample.text for sample in samples_of(rule)), *decoys_of(rule)]:
            assert "<<" not in text
            assert "[[" not in text


def test_the_mark_is_where_the_secret_stands() -> None:
    sample = samples_of(next(rule for rule in load_rules() if rule.id == "github-token"))[0]
    assert sample.secret.startswith("ghp_")
    assert sample.text == f"https://{sample.secret}@github.com/o/r.git"
