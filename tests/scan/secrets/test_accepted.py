from companion.model.facts import Confidence
from companion.scan.secrets.accepted import none_accepted, without_accepted
from companion.scan.secrets.engine import Span

TEXT = "user:hunter22@host and more"
WHOLE = Span(0, 18, "URL", "url", "a", Confidence.HIGH)
PART = Span(5, 13, "PASSWORD", "password", "b", Confidence.LOW)
OTHER = Span(23, 27, "X", "x", "c", Confidence.LOW)


def left(accepted) -> list[tuple[int, int, str]]:
    return [(one.start, one.end, one.rule) for one in without_accepted(TEXT, [WHOLE, PART, OTHER], "/w", accepted)]


def test_without_a_word_everything_stays_merged() -> None:
    assert left(none_accepted) == [(0, 18, "url"), (23, 27, "x")]


def test_a_value_is_accepted_as_one_engine_sees_it_or_as_all_do() -> None:
    assert left(lambda value, _, __: value == "more") == [(0, 18, "url")]
    assert left(lambda value, _, __: value == "hunter22") == [(0, 18, "url"), (23, 27, "x")]
    assert left(lambda value, _, __: value == TEXT[:18]) == [(5, 13, "password"), (23, 27, "x")]


def test_a_rule_is_accepted_where_it_names_the_whole() -> None:
    assert left(lambda _, rule, __: rule == "url") == [(23, 27, "x")]
    assert left(lambda _, rule, __: rule == "password") == [(0, 18, "url"), (23, 27, "x")]


def test_the_place_is_passed_on() -> None:
    assert left(lambda _, __, place: place == "/w") == []
