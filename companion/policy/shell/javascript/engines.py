"""node, bun and deno: which words of theirs are code, which a script, and what of it is understood."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from companion.model.facts import Effect
from companion.policy.shell.builds import is_there
from companion.policy.shell.effects import NAMES
from companion.policy.shell.invocation import Finding, Invocation, read
from companion.policy.shell.pycode import other_code
from companion.policy.shell.tools import names
from companion.policy.shell.words import Value

ENGINES = {"node": "node", "nodejs": "node", "bun": "bun", "deno": "deno"}

_FLAGS = re.compile(
    r"--(?:no-warnings|no-deprecation|trace-warnings|trace-deprecation|trace-uncaught|throw-deprecation"
    r"|stack-trace-limit=\d+|max-old-space-size=\d+|input-type=(?:module|commonjs)|unhandled-rejections=\w+)"
)
_CODE = {
    "node": frozenset({"-e", "-p", "-pe", "--eval", "--print"}),
    "bun": frozenset({"-e", "-p", "--eval", "--print"}),
    "deno": frozenset({"eval"}),
}
_OWN_SCRIPT = re.compile(r"(?:\./)?(?:[\w@-][\w.@+-]*/)*[\w@-][\w.@+-]*\.(?:js|mjs|cjs|ts|mts|cts|tsx|jsx)")
_READABLE = re.compile(r".*\.[mc]?js")
_FILE = re.compile(r"(?:\.{0,2}/)?[\w./@+-]+\.(?:[mc]?[jt]s|[jt]sx)")
_LONGEST = 20_000
_PRELOADS = ("bunfig.toml", ".env", ".env.local", ".env.development", ".env.development.local")
"""Files by which bun runs others first, or is told to."""
_ABOUT_CODE = frozenset({"runs-code", "unknown-path"})


def judge_engine(invocation: Invocation) -> list[Finding] | None:
    """The findings of code that is read, or of a script; None for every other call."""
    engine = ENGINES.get(invocation.name)
    args = invocation.args
    if engine is None or any(arg.substituted or arg.many or arg.glob for arg in args):
        return None
    at = 0
    while engine == "node" and at < len(args) and _FLAGS.fullmatch(args[at].constant or ""):
        at += 1
    word = args[at].constant if at < len(args) else None
    rest = args[at + 1 :]
    feed = invocation.feed.text
    if engine == "node" and feed is not None and (at == len(args) or (word == "-" and not rest)):
        return list(_judge_code(invocation, feed)) if feed.constant is not None else None
    if word is None:
        return None
    if word in _CODE[engine]:
        return _code(invocation, rest[0], rest[1:], engine) if rest else None
    name, equals, text = word.partition("=")
    if equals and engine == "node" and name in {"--eval", "--print"}:
        return _code(invocation, Value(text, args[at].start, args[at].end), rest, engine)
    if word == "run" and engine in {"bun", "deno"} and rest:
        word, rest, at = rest[0].constant, rest[1:], at + 1
    if word is None or not _FILE.fullmatch(word):
        return _of_deno(invocation) if engine == "deno" else None
    return list(_script(invocation, word, args[at], rest, engine))


_FETCHES = names("install i add remove uninstall outdated update upgrade publish cache vendor init")


def _of_deno(invocation: Invocation) -> list[Finding] | None:
    """A subcommand that is neither code nor a script."""
    first = invocation.words[0]
    if re.fullmatch("[a-z]+", first) is None or len(invocation.words) == 1 or first == "eval":
        return None
    code = "package-manager" if first in _FETCHES else "build"
    return [invocation.rule(code, " ".join(["deno", *invocation.words[:2]]))]


def _code(invocation: Invocation, code: Value, rest: tuple[Value, ...], engine: str) -> list[Finding] | None:
    # Options count behind the code too.
    if (
        code.constant is None
        or code.constant.startswith("-")
        or not _are_words(rest)
        or _is_preloaded(invocation, engine)
    ):
        return None
    return [*_judge_code(invocation, code, engine=engine), *_handed(rest)]


def _script(invocation: Invocation, path: str, at: Value, rest: tuple[Value, ...], engine: str) -> Iterator[Finding]:
    own = _OWN_SCRIPT.fullmatch(path) is not None and ".." not in path
    text = invocation.look(posixpath.normpath(path)) if own and invocation.look is not None else None
    found: list[Finding] = []
    if text is not None and len(text) <= _LONGEST:
        code = Value(text, at.start, at.end)
        folder = posixpath.dirname(posixpath.normpath(path))
        readable = _READABLE.fullmatch(path) is not None and not _is_preloaded(invocation, engine)
        found = list(_judge_code(invocation, code, folder=folder, engine=engine) if readable else other_code(code))
        clear = readable and not any(map(_is_code, found))
    else:
        clear = False
    yield invocation.rule("project-script" if clear else "runs-script", path, at)
    yield from (finding for finding in found if not _is_code(finding))
    yield from _handed(rest)


def _judge_code(invocation: Invocation, code: Value, *, folder: str = "", engine: str = "node") -> Iterator[Finding]:
    # Imported when the first such code is met: commands start without it.
    from companion.policy.shell.javascript.code import judge_javascript  # noqa: PLC0415

    return judge_javascript(invocation, code, folder=folder, engine=engine)


def _is_preloaded(invocation: Invocation, engine: str) -> bool:
    """Whether bun may run other code before this."""
    look = invocation.look
    return engine == "bun" and (look is None or any(is_there(look, file) for file in _PRELOADS))


def _are_words(rest: tuple[Value, ...]) -> bool:
    """Whether what stands behind the code is the program's own, and no option."""
    return not rest or (rest[0].text is not None and not rest[0].text.startswith("-"))


def _handed(rest: tuple[Value, ...]) -> Iterator[Finding]:
    """A program's words are read by it, if they are files at all."""
    for operand in rest:
        text = operand.constant
        if text and re.search(r"[/.]", text) and " " not in text and "://" not in text:
            yield from read(operand, "" if not text.endswith("/") else NAMES)


def _is_code(finding: Finding) -> bool:
    return isinstance(finding, Effect) and finding.code in _ABOUT_CODE
