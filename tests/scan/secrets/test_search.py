import time

import pytest

from companion.model.facts import Confidence
from companion.scan.secrets.engine import Span, TooMuchError, allowance
from companion.scan.secrets.memo import Memo
from companion.scan.secrets.placing import is_whole
from companion.scan.secrets.search import ScanFailed, Search, Work, check

LONG = Work(time.monotonic() + 1_000)
SHORT = Work(time.monotonic() + 1_000, is_short=True)


class Fake:
    """Finds each "x", after so much work."""

    name, version = "fake", "1"

    def __init__(self, work: float = 0, error: Exception | None = None) -> None:
        self.work, self.error, self.calls = work, error, 0

    def load(self) -> str:
        return ""

    def find(self, text: str) -> list[Span]:
        self.calls += 1
        if self.error:
            raise self.error
        until = time.thread_time() + self.work
        while time.thread_time() < until:
            allowance()
        return [Span(at, at + 1, "X", "rule", "fake", Confidence.HIGH) for at, c in enumerate(text) if c == "x"]


def search(engine: Fake, patience: float = 1.0, rules: bytes = b"r") -> Search:
    return Search((engine,), rules, Memo(b"k", 10), patience)


def test_what_was_found_before_is_not_sought_again() -> None:
    engine = Fake()
    one = search(engine)
    assert one.examine("a x", LONG) == one.examine("a x", LONG)
    assert engine.calls == 1
    other = one.remembering(Memo(b"k", 10))
    assert other.examine("a x", LONG) == one.examine("a x", LONG)
    assert engine.calls == 2


@pytest.mark.parametrize(("patience", "hidden_whole"), [(1.0, True), (1_000.0, False)])
def test_a_text_that_takes_too_much_work_is_hidden_whole_unless_there_is_patience(
    patience: float, hidden_whole: bool
) -> None:
    engine = Fake(work=0.2)
    assert is_whole(search(engine, patience).examine("a x", LONG).spans) is hidden_whole


class Slow(Fake):
    """Takes long the first time."""

    def find(self, text: str) -> list[Span]:
        self.work = 0 if self.calls else 0.2
        return super().find(text)


def test_what_only_the_first_look_takes_long_for_is_found_all_the_same() -> None:
    engine = Slow()
    assert [span.start for span in search(engine).examine("a x", LONG).spans] == [2]
    assert engine.calls == 2


def test_a_large_text_is_tried_once() -> None:
    engine = Fake(work=1)
    assert is_whole(search(engine).examine("a x" + " " * 200_000, LONG).spans)
    assert engine.calls == 1


def test_somebody_in_a_hurry_is_told_that_it_takes_longer() -> None:
    with pytest.raises(TooMuchError):
        search(Fake(work=0.2)).examine("a x", SHORT)


def test_an_engine_that_fails_fails_the_scan() -> None:
    with pytest.raises(ScanFailed, match="fake failed"):
        search(Fake(error=RuntimeError("secret"))).examine("a x", LONG)


def test_nothing_is_begun_past_the_deadline() -> None:
    with pytest.raises(ScanFailed, match="ran out of time"):
        check(Work(time.monotonic() - 1))
    check(LONG)


def test_a_secret_is_called_what_it_is_alone() -> None:
    assert search(Fake()).kind_of("x") == "X"
    assert search(Fake()).kind_of("xy") == "generic"
    assert search(Fake(work=0.2)).kind_of("x") == "generic"
    assert search(Slow()).kind_of("x") == "X"
