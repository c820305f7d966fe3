"""Variables that are given a value for the programs of a command, by what is known of the value and of the program.

A name that chooses among harmless things is known with the values that do; PYTHONPATH with folders of the project, in
front of what runs the project's tests, and so its code, anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from companion.model.facts import Effect
from companion.policy.shell.effects import PLACE
from companion.policy.shell.invocation import read
from companion.policy.shell.rules import apply
from companion.policy.shell.tools import names
from companion.policy.shell.variables import PLAIN, is_harmless_to_set, is_of_no_meaning
from companion.policy.shell.words import Value

_SWITCH = "0|1|true|false|yes|no|on|off"
_ON = "1|true|yes|on"
# Tests empty the database that belongs to the name, be it that of development.
_STAGE = "test|testing|ci"
_LEVEL = "(?i:trace|debug|info|notice|warn|warning|error|critical|fatal|off|silent)"
# A category with a dot in it names a module, which python would load.
_WARNINGS = "(?:error|ignore|always|default|module|once)(?:::(?:[A-Z][a-z]+)*Warning)?"
_NODE = (
    r"--(?:max[-_]old[-_]space[-_]size=\d{1,6}|max[-_]semi[-_]space[-_]size=\d{1,4}|stack-trace-limit=\d{1,4}"
    r"|experimental-vm-modules|no-warnings|no-deprecation|trace-warnings|trace-deprecation|trace-uncaught"
    r"|unhandled-rejections=\w+|enable-source-maps|openssl-legacy-provider|dns-result-order=\w+)"
)
_LINT = r"-[DWAF] ?[a-z]\w*(?:::\w+)?"

_VALUES: dict[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.ASCII)
    for names_, pattern in {
        "PAGER GIT_PAGER MANPAGER GH_PAGER AWS_PAGER SYSTEMD_PAGER": "|cat",
        "GIT_OPTIONAL_LOCKS": "0|1",
        "PYTHONWARNINGS": f"{_WARNINGS}(?:,{_WARNINGS})*",
        "PYTHONUTF8 PYTHONFAULTHANDLER PYTHONDEVMODE PYTHONNOUSERSITE PYTHONSAFEPATH PYTHONASYNCIODEBUG": "0|1",
        "PYTHONBREAKPOINT": "0",
        "PYTHONIOENCODING": "(?i:utf-?8)(?::(?:strict|replace|ignore))?",
        "NODE_OPTIONS": f"{_NODE}(?: {_NODE})*",
        "TS_NODE_TRANSPILE_ONLY ESLINT_USE_FLAT_CONFIG NEXT_TELEMETRY_DISABLED DO_NOT_TRACK": _SWITCH,
        "BABEL_ENV APP_ENV FLASK_ENV RAILS_ENV RACK_ENV MIX_ENV": _STAGE,
        "TESTING TEST_MODE": _ON,
        "LOG_LEVEL LOGLEVEL": _LEVEL,
        "DATABASE_URL": r"sqlite(?:\+(?:aio|py)sqlite)?://(?:/:memory:)?",
        "CGO_ENABLED": "0|1",
        "GO111MODULE": "on|auto",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": r"-mod=(?:mod|vendor|readonly)|-count=\d{1,3}|-v|-race|-buildvcs=(?:true|false|auto)",
        "GOMAXPROCS RUST_TEST_THREADS CARGO_BUILD_JOBS": r"\d{1,4}",
        "GOOS": "linux|darwin|windows|freebsd|js|wasip1|android|ios",
        "GOARCH": "amd64|arm64|386|arm|wasm|riscv64|ppc64le|s390x",
        "RUSTFLAGS RUSTDOCFLAGS": f"{_LINT}(?: {_LINT})*",
        "CARGO_INCREMENTAL": "0|1",
        "CARGO_NET_OFFLINE": "true|false",
        "PIP_DISABLE_PIP_VERSION_CHECK PIP_NO_INPUT PIP_NO_COLOR": _SWITCH,
    }.items()
    for name in names_.split()
}
"""Names, with the values that choose among what their programs do anyway."""

_FOLDER = re.compile(r"\.|(?:\./)?[\w-][\w.-]*(?:/[\w-][\w.-]*)*/?", re.ASCII)
_DJANGO = re.compile(
    r"(?:\w+\.)*(?:test_settings|settings(?:[._](?:test|tests|testing|ci|local|dev|development))?)", re.ASCII
)
_WRAPPED = re.compile(r"(?:timeout \d+[smh]? )?(?:(?:uv|poetry|pdm) run )?")
_TESTED = re.compile(r"(?:\.?venv/bin/)?(?:pytest|py\.test|python[\d.]* -m (?:pytest|unittest))(?: |$)", re.ASCII)
_OF_PYTHON = names("PYTHONPATH DJANGO_SETTINGS_MODULE")
_MOST_WORDS = 8


def is_known_setting(name: str, value: str | None) -> bool:
    """Whether a variable of this value leads no program to code, files or hosts that it would not find without it."""
    known = _VALUES.get(name)
    return known is not None and value is not None and known.fullmatch(value) is not None


def judge_setting(
    name: str, value: str | None, words: Sequence[Value], span: tuple[int, int], cwd: str
) -> Iterator[Effect]:
    """What it does to set the variable for the one program that the words name; no words where it is not known.

    `value` is None where it is not known, and `cwd` is "" where nobody knows it.
    """
    program = words[0].constant if words else None
    if is_harmless_to_set(name) or is_known_setting(name, value) or (program in PLAIN and is_of_no_meaning(name)):
        return
    folders = _own_folders(name, value, cwd) if name in _OF_PYTHON and _tests(words) else None
    if folders is None:
        yield apply("sets-environment", name, *span)
        return
    yield apply("project-run", name, *span)
    for folder in folders:
        yield from read(Value(folder, *span), PLACE)


def _tests(words: Sequence[Value]) -> bool:
    """Whether the words run tests of a python project, which may load all of its modules."""
    text = " ".join(word.constant or "?" for word in words[:_MOST_WORDS])
    wrapped = _WRAPPED.match(text)
    return _TESTED.match(text, wrapped.end() if wrapped else 0) is not None


def _own_folders(name: str, value: str | None, cwd: str) -> list[str] | None:
    """The folders from which python takes modules by the variable; None where one is no plain folder below."""
    if value is None:
        return None
    if name != "PYTHONPATH":
        return [] if _DJANGO.fullmatch(value) else None
    folders: list[str] = []
    for folder in value.split(":"):
        below = folder.removeprefix(f"{cwd.rstrip('/')}/") if cwd else folder
        # An empty name is the folder that python runs in.
        if folder not in {"", cwd} and not _FOLDER.fullmatch(below):
            return None
        folders.append(folder or ".")
    return folders
