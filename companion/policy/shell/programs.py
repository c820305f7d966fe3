"""What one program with its arguments does. A program or an option that is not known is said to be unknown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from companion.model.facts import Effect
from companion.policy.shell.archives import ARCHIVERS
from companion.policy.shell.awk import judge_awk
from companion.policy.shell.dangers import DANGERS, INTERPRETERS, PRIVILEGED, RUNS_ITS_INPUT, SHELLS
from companion.policy.shell.disks import DISKS
from companion.policy.shell.effects import NAMES, TREE
from companion.policy.shell.files import WRITERS
from companion.policy.shell.find import judge_find
from companion.policy.shell.git import judge_git
from companion.policy.shell.installed import judge_activation
from companion.policy.shell.interpreters import judge_interpreter
from companion.policy.shell.invocation import Finding, Invocation, read
from companion.policy.shell.knowledge import (
    DATE,
    GREP,
    JQ,
    READERS,
    VERSIONED,
    Operands,
    Reader,
)
from companion.policy.shell.known import judge_known
from companion.policy.shell.listings import names_files
from companion.policy.shell.options import Arguments, split
from companion.policy.shell.project import judge_environment, judge_project
from companion.policy.shell.reaching import judge_reach
from companion.policy.shell.runners import WRAPPERS, judge_privileged, judge_shell
from companion.policy.shell.sed import judge_sed
from companion.policy.shell.services import INFRASTRUCTURE, SERVICES, judge_service
from companion.policy.shell.singles import judge_hash, judge_local_copy, judge_service_status, without_numbers
from companion.policy.shell.toolbox import FORGES, PACKAGES, SYSTEM
from companion.policy.shell.tools import asks_for_help, judge_tool, names
from companion.policy.shell.viewers import VIEWERS, judge_viewer
from companion.policy.shell.web import WEB
from companion.policy.shell.words import Value

_ANY_HELP = frozenset(WRITERS) | frozenset(WRAPPERS) - {"eval"}
_PRINTS = frozenset({"echo"})
TOOLS = PACKAGES | FORGES | SYSTEM | INFRASTRUCTURE

_URL = re.compile(r"\w+://(?:[^/@]*@)?([^/:?#]+)")
_HOST = re.compile(r"(?:[\w.-]+@)?([\w-]+(?:\.[\w-]+)+)(?::|/|$)")
_CODES = {Operands.CONTENT: "", Operands.NAMES: NAMES, Operands.TREE: TREE}


_NEEDS_WORDS = names(
    "chmod chown chgrp shred ln kill killall pkill unlink rmdir truncate install rsync scp ssh setfacl chattr mknod "
    "mkfifo wipe srm useradd userdel usermod groupadd rename"
)
"""Programs that without a word only say how they are used, whatever stands on their input."""


def judge(invocation: Invocation) -> Iterator[Finding]:
    """The findings of one program. Targets are counted from the folder it runs in."""
    yield from _judge(invocation)
    yield from judge_reach(invocation)
    if listed := names_files(invocation):
        yield listed


def _of_project(invocation: Invocation) -> list[Finding] | None:
    if invocation.name in {"source", "."}:
        return judge_activation(invocation)
    return judge_environment(invocation) or judge_project(invocation)


def _judge(invocation: Invocation) -> Iterator[Finding]:
    name = invocation.name
    if _asks_for_version(invocation) or (not invocation.args and name in _NEEDS_WORDS):
        yield invocation.runs()
    elif name in PRIVILEGED:
        yield from judge_privileged(invocation)
    elif name in SHELLS:
        yield from judge_shell(invocation)
    elif name in INTERPRETERS:
        yield from judge_interpreter(invocation)
    elif (known := _of_project(invocation)) is not None:
        yield from known
    elif name in _ANY_HELP and invocation.words in (("--help",), ("--version",)):
        yield invocation.runs()
    elif special := _SPECIAL.get(name):
        yield from special(invocation)
    elif name in READERS and len(invocation.args) == 1 and asks_for_help(invocation.words) and name not in _PRINTS:
        yield invocation.runs()
    elif (findings := _by_table(invocation)) is not None:
        yield from findings
    elif name in READERS:
        yield from _judge_reader(without_numbers(invocation) if name == "xxd" else invocation, READERS[name])
    elif name in VIEWERS:
        yield from judge_viewer(invocation, VIEWERS[name])
    elif tool := TOOLS.get(name):
        yield from judge_tool(invocation, tool, DANGERS.get(name, "service"))
    elif name in SERVICES:
        yield from judge_service(invocation, DANGERS.get(name, "cloud"))
    elif name in DANGERS and _tells_how(invocation):
        yield invocation.runs()
    else:
        yield from _judge_danger(invocation)


_UNSURE = frozenset(
    {"build", "project-change", "unknown-command", "unknown-option", "unknown-word", "glob-option", "runs-other"}
)


def _by_table(invocation: Invocation) -> list[Finding] | None:
    """What the tables of knowledge say, unless all that they say is that they do not know and another one does."""
    known = judge_known(invocation)
    if known is None:
        return None
    findings = list(known)
    name = invocation.name
    codes = {finding.code for finding in findings if isinstance(finding, Effect)} - {""}
    unsure = bool(codes) and codes <= _UNSURE
    return None if unsure and (name in VIEWERS or name in TOOLS or name in SERVICES or name in READERS) else findings


def _asks_for_version(invocation: Invocation) -> bool:
    words = invocation.words
    return len(words) == 1 and not invocation.feed and words[0] in VERSIONED.get(invocation.name, ())


def _tells_how(invocation: Invocation) -> bool:
    words = [arg.constant for arg in invocation.args]
    # To ssh and its kin the first word is a host, to make a target.
    plain = words in (["--help"], ["--version"]) and DANGERS[invocation.name] not in {"eval", "source"}
    # Behind other words it may come too late, `help` is a name like any other, and `poweroff -h` turns it off.
    others = DANGERS[invocation.name] not in {"network", "eval", "source", "build", "power"} and words == ["-h"]
    return (plain or others) and not invocation.feed


def _judge_danger(invocation: Invocation) -> Iterator[Finding]:
    name = invocation.name
    if invocation.feed and name in RUNS_ITS_INPUT:
        yield invocation.rule("pipe-to-shell")
    code = DANGERS.get(name)
    if code is None and name.startswith("mkfs."):
        code = "disk"
    if name == "ssh" and re.fullmatch(r"-[Vh]|-Q [\w-]+", " ".join(invocation.words)):
        yield invocation.runs()
    elif name == "scp" and (copied := judge_local_copy(invocation)) is not None:
        yield from copied
    elif code == "network":
        yield from _judge_network(invocation)
    elif code is not None:
        yield invocation.rule(code, " ".join([name, *invocation.words[:1]]).strip() if code == "cloud" else "")
    else:
        yield invocation.rule("unknown-program")


def _judge_network(invocation: Invocation) -> Iterator[Finding]:
    addresses = [_URL.match(word) for word in invocation.words] + [_HOST.match(word) for word in invocation.words]
    hosts = [found.group(1) for found in addresses if found]
    yield invocation.rule("network", hosts[0] if hosts else f"whatever {invocation.name} names")
    for arg in invocation.args:
        # curl sends the file behind an @.
        if arg.constant and (sent := re.search(r"(?:^|=)@([^;,]+)", arg.constant)):
            yield from read(Value(sent.group(1), arg.start, arg.end))


def _checked(invocation: Invocation, options: str) -> tuple[Arguments, list[Finding]]:
    arguments = split(invocation.args, options)
    if arguments.unknown is None:
        files = [effect for path in arguments.reads for effect in read(path)]
        return arguments, [invocation.runs(), *files]
    return arguments, [invocation.refuse(arguments.unknown)]


def _paths(operands: tuple[Value, ...], code: str) -> Iterator[Finding]:
    for operand in operands:
        if operand.constant != "-":
            yield from read(operand, code)


def _judge_reader(invocation: Invocation, reader: Reader) -> Iterator[Finding]:
    arguments, findings = _checked(invocation, reader.options)
    yield from findings
    operands = arguments.operands
    if reader.most is not None and (len(operands) > reader.most or any(operand.many for operand in operands)):
        yield invocation.rule("unknown-option", operands[-1].text or "this word", operands[-1])
        return
    if reader.operands is Operands.TEXT:
        # A glob tells a program that prints its words which files there are.
        yield from _paths(tuple(operand for operand in operands if operand.glob), NAMES)
        return
    named = arguments.has("e", "regexp", "f", "file", "files", "type-list")
    skipped = 0 if named and reader.leading else reader.leading
    if invocation.name == "strings" and any((operand.text or "@").startswith("@") for operand in operands):
        yield invocation.rule("unknown-option", "@file")
    yield from _paths(operands[skipped:], _CODES[reader.operands])
    searches_input = invocation.name == "rg" and invocation.feed.piped
    if all(operand.many for operand in operands[skipped:]) and reader.default and not searches_input:
        here = Value(reader.default, invocation.start, invocation.end)
        yield from read(here, _CODES[reader.operands])


_NAMES_SECRETS = re.compile(
    r"(?i)\W*(?:\w*_)?(?:api[_-]?|secret[_-]?|private[_-]?|access[_-]?)?(?:keys?|secrets?|tokens?|passwords?|passwd|credentials?"
    r"|AKIA\S*|BEGIN.*PRIVATE.*)(?:_\w*)?\W*"
)


def _grep(invocation: Invocation) -> Iterator[Finding]:
    arguments, findings = _checked(invocation, GREP)
    yield from findings
    given = arguments.given
    pattern_given = arguments.has("e", "regexp", "f", "file")
    files = arguments.operands[0 if pattern_given else 1 :]
    directories = given.get("d") or given.get("directories")
    recursive = arguments.has("r", "R", "recursive", "dereference-recursive")
    recursive = recursive or (directories is not None and directories.text != "skip")
    patterns = [value for name, value in arguments.order if name in {"e", "regexp"}] or list(arguments.operands[:1])
    if recursive and any(_NAMES_SECRETS.fullmatch(pattern.text or "") for pattern in patterns):
        yield invocation.rule("searches-secrets")
    if recursive and all(file.many for file in files):
        # Where no word is left of them it searches the folder that it runs in.
        files = (*files, Value(".", invocation.start, invocation.end))
    yield from _paths(files, TREE if recursive else "")


def _jq(invocation: Invocation) -> Iterator[Finding]:
    arguments, findings = _checked(invocation, JQ)
    yield from findings
    if not arguments.operands:
        return
    program = arguments.operands[0].constant
    if program is None or re.search(
        r"\b(?:env|import|include|input_filename|get_search_list|modulemeta)\b|\$ENV", program
    ):
        yield invocation.rule("reads-environment", "this jq program", arguments.operands[0])
    yield from _paths(arguments.operands[1:], "")


def _date(invocation: Invocation) -> Iterator[Finding]:
    arguments, findings = _checked(invocation, DATE)
    yield from findings
    for operand in arguments.operands:
        if not (operand.text or "").startswith("+"):
            yield invocation.rule("service", "date", operand)


def _printf(invocation: Invocation) -> Iterator[Finding]:
    args = invocation.args[1:] if invocation.words[:1] == ("--",) else invocation.args
    form = args[0].constant if args else None
    # -v and %n set a variable whose subscript is computed.
    if form is None or form.startswith("-") or re.search(r"%[-+ #0-9.*']*[hlLjzt]*n", form):
        yield invocation.rule("unknown-option", "this format of printf", args[0] if args else None)
        return
    yield invocation.runs()
    yield from _paths(tuple(arg for arg in args if arg.glob), NAMES)


_UNARY = frozenset("-" + letter for letter in "bcdefghknprstuwxzGLNOSh")
_BINARY = frozenset({"=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"})


_NUMERIC = frozenset({"-eq", "-ne", "-lt", "-le", "-gt", "-ge"})
_SUBSCRIPT = re.compile(r"\$\(|[`\[]")


def _test(invocation: Invocation) -> Iterator[Finding]:
    """Only shapes in which no word can turn out to be an operator: `test -v` computes a subscript."""
    args = invocation.args[:-1] if invocation.name == "[" else invocation.args
    known = {"-a", "-o", "(", ")", "!"} | _UNARY | _BINARY
    while args and args[0].constant == "!":
        args = args[1:]
    words = [arg.constant for arg in args]
    if len(words) == 2 and words[0] in _UNARY:
        fine = not args[1].many
    elif len(words) == 3 and words[1] in _BINARY:
        fine = not any(arg.many or arg.glob for arg in args)
    else:
        fine = all(word is not None and (not re.match(r"-[a-zA-Z]+$", word) or word in known) for word in words)
    if not fine:
        yield invocation.rule("unknown-word", "this test")
        return
    yield invocation.runs()
    if _NUMERIC.intersection(words) and any(_SUBSCRIPT.search(word or "") for word in words):
        # Some shells compute the operands of a comparison of numbers, and run what stands in a subscript.
        yield invocation.rule("arithmetic", "this test")
    for before, arg in zip(["", *words], args, strict=False):
        if before in _UNARY - {"-n", "-z", "-t"} and arg.text:
            yield from read(arg, NAMES)
    if len(words) == 3 and words[1] in {"-nt", "-ot", "-ef"}:
        yield from read(args[0], NAMES)
        yield from read(args[2], NAMES)


def _ps(invocation: Invocation) -> Iterator[Finding]:
    """Letters may say "with the environment", so only what is known to leave it out passes."""
    words = list(invocation.words)
    harmless = {"-e", "-A", "-ef", "-f", "aux", "ax", "auxw", "auxww", "-aux", "-ax", "x", "ux"}
    while words and (words[0] in harmless or words[0] in {"-p", "-u"}):
        del words[: 2 if words[0] in {"-p", "-u"} else 1]
    yield invocation.rule("reads-environment", "what ps shows") if words else invocation.runs()


def _leave(invocation: Invocation) -> Iterator[Finding]:
    fine = all(arg.number or re.fullmatch(r"%?\d+", arg.text or "") for arg in invocation.args)
    yield invocation.runs() if fine else invocation.rule("unknown-word", invocation.name)


_SPECIAL: dict[str, Callable[[Invocation], Iterator[Finding]]] = {
    **WRITERS,
    **WRAPPERS,
    **ARCHIVERS,
    **WEB,
    **DISKS,
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk"), judge_awk),
    **dict.fromkeys(("grep", "egrep", "fgrep"), _grep),
    **dict.fromkeys(("test", "["), _test),
    **dict.fromkeys(("exit", "return", "break", "continue", "wait"), _leave),
    "git": judge_git,
    "find": judge_find,
    "sed": judge_sed,
    "jq": _jq,
    "date": _date,
    "printf": _printf,
    "ps": _ps,
    "hash": judge_hash,
    "service": judge_service_status,
}
