"""Programs that run others: wrappers, other users' rights, shells and interpreters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from companion.model.facts import Effect
from companion.policy.shell.dangers import POSIX_SHELLS
from companion.policy.shell.invocation import Feed, Finding, Inner, Invocation, Lists, Text, read, write
from companion.policy.shell.listed import on_disk
from companion.policy.shell.options import Arguments, split
from companion.policy.shell.settings import is_known_setting
from companion.policy.shell.tools import names
from companion.policy.shell.variables import PLAIN, is_of_no_meaning, is_private
from companion.policy.shell.words import Value


@dataclass(frozen=True, slots=True)
class _Wrapper:
    """A program that runs the command in its operands and adds nothing of its own."""

    options: str = ""
    leading: int = 0
    """How many operands come before the command."""


_WRAPPERS: dict[str, _Wrapper] = {
    "time": _Wrapper("p"),
    "nice": _Wrapper("n= # adjustment="),
    "ionice": _Wrapper("c= n= t"),
    "nohup": _Wrapper(),
    "setsid": _Wrapper("w f c"),
    "stdbuf": _Wrapper("i= o= e= input= output= error="),
    "timeout": _Wrapper("s= k= v signal= kill-after= preserve-status foreground verbose", leading=1),
    "gtimeout": _Wrapper("s= k= v signal= kill-after= preserve-status foreground verbose", leading=1),
    "builtin": _Wrapper(),
    "exec": _Wrapper(),
    "busybox": _Wrapper(),
    "toybox": _Wrapper(),
    "caffeinate": _Wrapper("d i m s u t= w="),
    "arch": _Wrapper("arch= e= c h 3 2 6 4 a r m x _ 8"),
}

# --replace and --max-lines take a value only when it is attached; the word behind them is the command.
_XARGS = (
    "0 r t x n= P= L= l~ s= d= I= J= a< R= S= null no-run-if-empty verbose max-args= max-procs= max-lines~ delimiter= "
    "max-chars= exit arg-file< replace~"
)
_PRIVILEGED = "A b E e H i K k n P S s u= g= h= p= C= D= R= T= U= r= t= c= l m w="


def _wrapper(invocation: Invocation) -> Iterator[Finding]:
    known = _WRAPPERS[invocation.name]
    arguments = split(invocation.args, known.options, first=True)
    if arguments.unknown is not None:
        yield invocation.refuse(arguments.unknown)
    words = arguments.operands[known.leading :]
    if words:
        yield Inner(words, invocation.feed)
    else:
        yield (
            invocation.runs()
            if invocation.name in {"exec", "time", "caffeinate", "arch"}
            else invocation.rule("unknown-program")
        )


def _command(invocation: Invocation) -> Iterator[Finding]:
    arguments = split(invocation.args, "v V p", first=True)
    if arguments.unknown is not None:
        yield invocation.refuse(arguments.unknown)
    elif arguments.has("v", "V") or not arguments.operands:
        yield invocation.runs()
    if arguments.operands and not arguments.has("v", "V"):
        yield Inner(arguments.operands, invocation.feed)


def _env(invocation: Invocation) -> Iterator[Finding]:
    arguments = split(invocation.args, "i u= 0 ignore-environment unset= null C= chdir=", first=True)
    if arguments.has("C", "chdir"):
        yield invocation.rule("unknown-option", "env -C")
    if arguments.unknown is not None:
        yield invocation.refuse(arguments.unknown)
    rest = arguments.operands
    names_set: list[tuple[str, Value]] = []
    while rest and (found := re.match(r"(\w+)=", rest[0].text or "")):
        value = None if rest[0].constant is None else rest[0].constant[found.end() :]
        if not (is_private(found.group(1)) or is_known_setting(found.group(1), value)):
            names_set.append((found.group(1), rest[0]))
        rest = rest[1:]
    program = rest[0].constant if rest else None
    for name, word in names_set:
        if program not in PLAIN or not is_of_no_meaning(name):
            yield invocation.rule("sets-environment", name, word)
    if rest:
        yield Inner(rest, invocation.feed)
    else:
        yield invocation.rule("reads-environment", "all of them")


def _script_file(invocation: Invocation) -> Iterator[Finding]:
    """`script FILE COMMAND` writes down what the command prints; without one it opens a shell."""
    arguments = split(invocation.args, "q a e f k F r c= t~ quiet append command= flush", first=True)
    command = arguments.given.get("c") or arguments.given.get("command")
    if arguments.unknown is not None or arguments.has("r") or not (command or len(arguments.operands) > 1):
        yield invocation.rule("unknown-program")
        return
    if arguments.operands and arguments.operands[0].constant != "/dev/null":
        yield from write(arguments.operands[0])
    if command is not None:
        yield Text(command)
    else:
        yield Inner(arguments.operands[1:], invocation.feed)


def _rtk(invocation: Invocation) -> Iterator[Finding]:
    """Runs a command and shortens what it prints; a few words are its own."""
    if invocation.words[:1] in {("--version",), ("--help",), ("-h",), ("gain",)}:
        yield invocation.runs()
    elif invocation.args:
        yield Inner(invocation.args, invocation.feed)
    else:
        yield invocation.rule("unknown-program")


def _xargs(invocation: Invocation) -> Iterator[Finding]:
    arguments = split(invocation.args, _XARGS, first=True)
    if arguments.unknown is not None:
        yield invocation.refuse(arguments.unknown)
    words = arguments.operands
    for path in arguments.reads:
        yield from read(path)
    if not words:
        # By itself it waits for an input that does not come.
        alone = "--" in invocation.words or not (invocation.feed or arguments.reads)
        yield invocation.rule("unknown-word", "xargs") if alone else invocation.runs()
        return
    place = arguments.given.get("I") or arguments.given.get("J")
    more = _handed_on(invocation, words[0].constant or "", whole=not arguments.reads and _are_lines(arguments))
    if place is None:
        words = (*words, more)
    else:
        mark = place.constant or ""
        # With something around it, it names another file than the one that is listed.
        put_in = Value(None, more.start, more.end, many=True)
        words = tuple(
            more if word.text == mark else put_in if word.text is None or mark in word.text else word for word in words
        )
    yield Inner(words)


# Whatever option a file's name may be taken for, these read nothing else, write nothing and run nothing.
_HARMLESS = names(
    "cat tac head tail wc ls stat md5sum sha1sum sha256sum sha512sum nl cut basename dirname du echo grep "
    "egrep fgrep bat realpath readlink"
)


def _are_lines(arguments: Arguments) -> bool:
    """Whether no character of a name ends it."""
    ends = [arguments.given[name] for name in ("d", "delimiter") if name in arguments.given]
    return all(end.constant in {"\\n", "\n", "\\0"} for end in ends)


def _handed_on(invocation: Invocation, name: str, *, whole: bool) -> Value:
    """The words that xargs adds: names that another program lists, or whatever stands on its input."""
    feed = invocation.feed
    if not whole or (feed and feed.listed is None):
        text = feed.text.constant if feed.text is not None and whole else None
        if text is not None and len(text.split()) == 1 and not re.search(r"['\"\\]", text):
            return Value(text.strip(), invocation.start, invocation.end)
        return Value(None, invocation.start, invocation.end, many=True)
    # Without a pipe there is nothing on an agent's input.
    known = feed.listed if feed.listed is not None else Lists((), dashed=False)
    safe = not known.dashed or name in _HARMLESS
    return Value(None, invocation.start, invocation.end, many=True, listed=on_disk(known.reads), is_path=safe)


def find_exec(args: tuple[Value, ...], at: int, found: tuple[Effect, ...]) -> tuple[list[Finding], int]:
    """The command behind find's -exec, from `args[at]` on, and where find's own words go on.

    Each match is a word that is not known, but one of those whose reads are `found`.
    """
    words: list[Value] = []
    while at < len(args):
        arg = args[at]
        at += 1
        if arg.constant == ";" or (arg.constant == "+" and words and words[-1].text is None):
            break
        if arg.text == "{}":
            words.append(Value(None, arg.start, arg.end, listed=found, is_path=True))
        else:
            known = arg.text is not None and "{}" not in arg.text
            words.append(arg if known else Value(None, arg.start, arg.end))
    return ([Inner(tuple(words))] if words else []), at


def judge_privileged(invocation: Invocation) -> Iterator[Finding]:
    """Programs that take other rights, and the command they would run with them."""
    yield invocation.rule("privilege")
    arguments = split(invocation.args, _PRIVILEGED, first=True)
    if invocation.name in {"su", "runuser"}:
        given = split(invocation.args, _PRIVILEGED).given.get("c")
        if given is not None:
            yield Text(given)
    elif arguments.operands:
        leading = 1 if invocation.name == "chroot" else 0
        yield Inner(arguments.operands[leading:], invocation.feed)


def _may_be_option(word: Value) -> bool:
    return not word.is_path if word.text is None else word.text[:1] in {"-", "+", "", "*", "?", "["}


def judge_shell(invocation: Invocation) -> Iterator[Finding]:
    """A shell with a text, a script, or whatever stands on its input."""
    args = invocation.args
    if invocation.words[:1] == ("-n",) and len(args) > 1 and not any(map(_may_be_option, args[1:])):
        # It looks for mistakes in the script and runs nothing.
        yield invocation.runs()
        yield from read(args[1])
        return
    at = 0
    reads_text = unknown = False
    while at < len(args) and re.match(r"[-+]\w|--\w", args[at].text or ""):
        word = args[at].constant or ""
        at += 1
        if re.fullmatch(r"-[ceulxs]+", word):
            reads_text = reads_text or "c" in word
        elif word in {"-o", "+o"} and at < len(args) and args[at].constant in {"pipefail", "errexit", "nounset"}:
            at += 1
        else:
            reads_text = reads_text or bool(re.fullmatch(r"-\w*c\w*", word)) or word == "-Command"
            unknown = True
    if unknown or invocation.name not in POSIX_SHELLS:
        yield invocation.rule("shell-text")
    rest = args[at:]
    if reads_text and rest:
        yield from _script(invocation, rest[0], rest[1:])
    elif rest and rest[0].constant != "-":
        piped = any(arg.substituted for arg in rest)
        yield invocation.rule("pipe-to-shell" if piped else "runs-script", at=rest[0])
    elif invocation.feed:
        if invocation.feed.text is not None and invocation.feed.text.constant is not None:
            yield invocation.runs()
            yield Text(invocation.feed.text)
        else:
            yield invocation.rule("pipe-to-shell")
    else:
        yield invocation.rule("shell-text")


def _script(invocation: Invocation, text: Value, words: tuple[Value, ...] = ()) -> Iterator[Finding]:
    if text.constant is None:
        yield invocation.rule("shell-text", at=text)
    else:
        yield invocation.runs()
        yield Text(text, words)


def _eval(invocation: Invocation) -> Iterator[Finding]:
    yield invocation.rule("eval")
    words = [arg.constant for arg in invocation.args]
    known = [word for word in words if word is not None]
    if known and len(known) == len(words):
        yield Text(replace(invocation.args[0], text=" ".join(known), end=invocation.args[-1].end))


def _other_runner(invocation: Invocation) -> Iterator[Finding]:
    """Runners whose options are not known: what they run is named where a word starts a known program."""
    yield invocation.rule("unknown-program")
    for at, arg in enumerate(invocation.args):
        if arg.constant and not arg.constant.startswith("-"):
            yield Inner(invocation.args[at:], Feed())
            return
    if invocation.feed and invocation.name in {"parallel", "script"}:
        yield invocation.rule("pipe-to-shell")


WRAPPERS: dict[str, Callable[[Invocation], Iterator[Finding]]] = {
    **dict.fromkeys(_WRAPPERS, _wrapper),
    **dict.fromkeys(("watch", "parallel", "flock", "strace", "ltrace", "entr", "proot"), _other_runner),
    "command": _command,
    "script": _script_file,
    "rtk": _rtk,
    "env": _env,
    "xargs": _xargs,
    "eval": _eval,
}
