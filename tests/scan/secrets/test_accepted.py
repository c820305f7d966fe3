from companion.model.action import TextKind
from companion.model.facts import Confidence
from companion.scan.secrets.accepted import none_accepted, without_accepted
from companion.scan.secrets.engine import Span
from companion.scan.secrets.placing import whole

TEXT = "user:hunter22@host and more"
ALL = Span(0, 18, "URL", "url", "a", Confidence.HIGH)
PART = Span(5, 13, "PASSWORD", "password", "b", Confidence.LOW)
OTHER = Span(23, 27, "X", "x", "c", Confidence.LOW)


def left(accepted) -> list[tuple[int, int, str]]:
    spans = without_accepted((TEXT, None), [ALL, PART, OTHER], "/w", accepted)
    return [(one.start, one.end, one.rule) for one in spans]


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


def test_a_text_that_could_not_be_searched_is_accepted_by_no_rule() -> None:
    hidden = whole(TEXT)
    assert without_accepted((TEXT, None), hidden, "/w", lambda _, rule, __: bool(rule)) == hidden
    assert without_accepted((TEXT, None), hidden, "/w", lambda value, _, __: value == TEXT) == []


def test_in_json_a_value_is_the_one_that_is_meant() -> None:
    escaped = r"a\u0062"
    span = Span(0, len(escaped), "X", "x", "e", Confidence.LOW)
    left_in = [without_accepted((escaped, kind), [span], "", lambda value, *_: value == "ab") for kind in KINDS]
    assert left_in == [[span], []]


KINDS = (None, TextKind.JSON)
