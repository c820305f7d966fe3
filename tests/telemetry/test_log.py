"""Whatever is logged: one JSON object a line, no secret in the file, and no error that nobody hears of."""

from __future__ import annotations

import io
import json
import logging
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.telemetry import log, vitals
from companion.telemetry.instruments import Counter
from companion.telemetry.log import configure, get_logger

SECRET = "sk-canary-7f3a9c\nsecond line"
LOGGER = get_logger("companion.tests")
posix = pytest.mark.skipif(sys.platform == "win32", reason="file modes and O_NOFOLLOW are of POSIX")


def scrub(text: str) -> str:
    return text.replace(SECRET, "SECRET_TEST")


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Ends the log and answers what its file holds."""
    path = tmp_path / "companion.log"
    with ExitStack() as logging_on:
        logging_on.callback(configure(path, scrub=scrub, level="DEBUG"))

        def read() -> str:
            logging_on.close()
            return path.read_text()

        yield read


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    target = io.StringIO()
    undo = configure(target, scrub=scrub, level="DEBUG")
    yield target
    undo()


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def count(counter: Counter) -> float:
    return sum(value for value in counter.read().values() if isinstance(value, int | float))


def test_a_line_says_when_who_what_and_with_which_particulars(stream: io.StringIO) -> None:
    LOGGER.info("daemon started", port=4000, at={"host": "localhost"}, ok=True, nothing=None)
    (line,) = lines(stream.getvalue())
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "companion.tests",
        "event": "daemon started",
        "fields": {"port": 4000, "at": {"host": "localhost"}, "ok": True, "nothing": None},
    }


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError(SECRET)


class Holder:
    def __repr__(self) -> str:
        return f"Holder({SECRET})"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.builds(Unshowable),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner),
    max_leaves=8,
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.dictionaries(st.text().filter(lambda name: name != "error"), anything))
def test_a_record_is_always_one_json_object_on_one_line(
    stream: io.StringIO, event: str, fields: dict[str, Any]
) -> None:
    stream.seek(0)
    stream.truncate()
    LOGGER.warning(event, **fields)
    written = stream.getvalue()
    assert written.endswith("\n")
    assert written.isascii()
    assert all(character >= " " for character in written[:-1])
    (line,) = lines(written)
    assert line["event"] == event
    assert list(line.get("fields", {})) == list(fields)


@pytest.mark.parametrize(
    "say",
    [
        lambda: LOGGER.info(SECRET),
        lambda: LOGGER.info("x", key=SECRET),
        lambda: LOGGER.info("x", **{SECRET: 1}),
        lambda: LOGGER.info("x", deep={"a": [(SECRET,)], SECRET: {SECRET}}),
        lambda: LOGGER.info("x", deep=[[[[[[[[[[SECRET]]]]]]]]]]),
        lambda: LOGGER.info("x", held=Holder()),
        lambda: LOGGER.info("x", long="x" * 16_380 + SECRET),
        lambda: LOGGER.error("x", error=ValueError(SECRET)),
        lambda: LOGGER.error("x", error=KeyError(SECRET)),
        lambda: get_logger(f"companion.{SECRET}").error("x"),
        lambda: logging.getLogger("foreign").warning("got %s", SECRET),
        lambda: logging.getLogger("foreign").warning(SECRET),
        lambda: logging.getLogger("foreign").warning("got %d and %s", SECRET),  # noqa: PLE1206 - the fault is the test
        lambda: logging.getLogger("foreign").warning("got %s", Unshowable()),
    ],
)
def test_no_secret_reaches_the_file(
    written: Callable[[], str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    say: Callable[[], None],
) -> None:
    ours = [handler for handler in logging.getLogger().handlers if type(handler).__module__ == log.__name__]
    with monkeypatch.context() as patch:
        patch.setattr(logging.getLogger(), "handlers", ours)  # those of pytest raise for what cannot be shown
        say()
    text = written()
    assert len(lines(text)) == 1
    shown = (text, *capsys.readouterr(), repr(vitals.log_errors_total.read()), repr(vitals.log_warnings_total.read()))
    assert not any("sk-canary" in where or "second line" in where for where in shown)


def test_a_traceback_is_kept_without_its_secrets(written: Callable[[], str]) -> None:
    def fail() -> None:
        error = ValueError(f"bad key {SECRET}")
        error.add_note(SECRET)
        raise error from KeyError("first")

    try:
        fail()
    except ValueError:
        LOGGER.exception("call failed", upstream="one")
    (line,) = lines(written())
    assert "ValueError: bad key SECRET_TEST" in line["trace"]
    assert "in fail" in line["trace"]
    assert "sk-canary" not in written()


def test_nothing_is_shown_when_redaction_fails() -> None:
    target = io.StringIO()

    def broken(text: str) -> str:
        raise LookupError(text)

    undo = configure(target, scrub=broken)
    LOGGER.error(SECRET, error=ValueError(SECRET), key=SECRET)
    undo()
    (line,) = lines(target.getvalue())
    assert line["event"] == line["trace"] == "(not shown: redaction failed with LookupError)"
    assert "canary" not in target.getvalue()


def test_others_speak_from_warning_up(stream: io.StringIO) -> None:
    logging.getLogger("foreign").info("chatter")
    logging.getLogger("foreign").warning("trouble")
    assert [line["event"] for line in lines(stream.getvalue())] == ["trouble"]


def test_an_event_is_one_series_whatever_its_particulars(stream: io.StringIO) -> None:
    errors, warnings = count(vitals.log_errors_total), count(vitals.log_warnings_total)
    for n in range(3):
        LOGGER.error("disk failed", block=n)
        logging.getLogger("foreign").warning("block %d failed\nonce more", n)
    LOGGER.info("fine")
    assert vitals.log_errors_total.read()["companion.tests", "disk failed"] == 3
    assert vitals.log_warnings_total.read()["foreign", "block %d failed once more"] == 3
    assert (count(vitals.log_errors_total), count(vitals.log_warnings_total)) == (errors + 3, warnings + 3)


def test_a_line_that_cannot_be_written_is_counted_and_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    before = count(vitals.log_failures_total)
    undo = configure(Full(), scrub=scrub)
    LOGGER.info("x", key=SECRET)
    undo()
    assert count(vitals.log_failures_total) == before + 1
    assert capsys.readouterr() == ("", "")


@posix
def test_only_the_owner_reads_the_files_and_there_are_five(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "FILE_BYTES", 500)
    path = tmp_path / "companion.log"
    path.touch(0o644)
    undo = configure(path, scrub=scrub)
    for n in range(60):
        LOGGER.info("line", n=n)
    undo()
    files = sorted(tmp_path.iterdir())
    assert len(files) == log.FILES
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.stat().st_size <= 500
        assert lines(file.read_text())


@posix
def test_a_link_in_the_place_of_the_log_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "companion.log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"companion\.log"):
        configure(tmp_path / "companion.log", scrub=scrub)
    assert not (tmp_path / "elsewhere").exists()


def test_a_slow_disk_does_not_hold_up_whoever_logs(tmp_path: Path) -> None:
    free = threading.Event()

    def stuck(text: str) -> str:
        free.wait(30)
        return text

    undo = configure(tmp_path / "companion.log", scrub=stuck)
    LOGGER.info("first")
    LOGGER.info("second")
    free.set()
    undo()
    assert [line["event"] for line in lines((tmp_path / "companion.log").read_text())] == ["first", "second"]


def test_an_unknown_level_is_refused_and_leaves_nothing_behind() -> None:
    before = list(logging.getLogger().handlers)
    with pytest.raises(ValueError, match="LOUD"):
        configure(io.StringIO(), scrub=scrub, level="LOUD")
    assert logging.getLogger().handlers == before


def test_undoing_leaves_logging_as_it_was() -> None:
    root, own = logging.getLogger(), logging.getLogger("companion")
    before = (list(root.handlers), root.level, own.level)
    configure(io.StringIO(), scrub=scrub, level="ERROR")()
    assert (list(root.handlers), root.level, own.level) == before
