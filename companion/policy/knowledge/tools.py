"""What a tool with subcommands does, by its table."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.model.facts import Access, CloudCall, EffectKind
from companion.policy.knowledge.argv import Parsed, Parser
from companion.policy.knowledge.finding import Fact, Found, Inner, Words
from companion.policy.knowledge.tables import Node, Row, Tool

_SECRET_SETTING = re.compile(r":_\w+|^_auth|auth-?token|_password\b|^password$|secret_?key$", re.IGNORECASE)
_LONGEST_SETTING = 200
_ENVIRONMENT = re.compile(r"\benv\b|\$ENV|\binput_filename\b")
READS = frozenset({"content", "names", "tree"})
CODES = {"content": "", "names": "names", "tree": "tree"}
_FILE_KINDS = {"<": (EffectKind.READ, ""), "@": (EffectKind.READ, "tree"), ">": (EffectKind.WRITE, "")}
_ACCESS = {
    "read": Access.READ,
    "secret": Access.SECRET,
    "write": Access.WRITE,
    "delete": Access.DELETE,
    "permissions": Access.PERMISSIONS,
}
_REMOTE = {Access.READ: "", Access.UNKNOWN: "unknown-command"}
_LOCAL = {
    "write": (EffectKind.CHANGE, "tool-write"),
    "delete": (EffectKind.CHANGE, "tool-delete"),
    "permissions": (EffectKind.CHANGE, "tool-permissions"),
    "login": (EffectKind.CHANGE, "login"),
    "run": (EffectKind.UNKNOWN, "runs-other"),
    "build": (EffectKind.UNKNOWN, "build"),
    "install": (EffectKind.INSTALL, "install"),
    "publish": (EffectKind.CHANGE, "publish"),
    "process": (EffectKind.PROCESS, "kill"),
    "service": (EffectKind.CHANGE, "service"),
    "project": (EffectKind.CHANGE, "project-change"),
}


def resolve(tool: Tool, words: Words) -> tuple[Parser, Node, list[str]]:
    """The command that the words name, with the parser behind the command's last word."""
    parser = Parser(words, tool.root.options, go=tool.go)
    node, path = tool.root, list[str]()
    # Some commands look like options: `brew --prefix`.
    if words and (words[0] or "").startswith("-") and words[0] in node.children:
        path.append(words[0] or "")
        node = node.children[path[0]]
        parser.skip(1)
        parser.marks = node.options
    while node.children:
        at = parser.operand()
        if at is None:
            break
        below = node.children.get(words[at] or "")
        if below is None:
            break
        parser.parsed.operands.pop()
        node = below
        parser.marks = node.options
        path.append(words[at] or "")
    return parser, node, path


def judge_tool(tool: Tool, words: Words) -> Iterator[Found]:
    """Everything that the table says of these words."""
    parser, node, path = resolve(tool, words)
    if node.rows and node.rows[-1].operands == "run":
        yield from _runner(tool, words, parser, node.rows[-1], path)
        return
    parsed = parser.run()
    row = node.row(len(parsed.operands))
    name = " ".join([tool.name, *path])
    parsed.leaks = parsed.leaks if parsed.leaks is not None else _telling(words, parsed)
    yield from class_of(tool, row.what if row else "", parsed, path)
    if parsed.unknown is not None:
        yield refused(words, parsed.unknown)
    if row is None and not parsed.shows and parsed.operands:
        yield Fact(EffectKind.UNKNOWN, f"{name} {words[parsed.operands[0]]}", "unknown-command", parsed.operands[0])
    if row is not None:
        yield from _operands(row, parsed)
    yield from files(parsed)


def _telling(words: Words, parsed: Parsed) -> int | None:
    """The word by which a command would read a secret: a setting's name, or a filter that shows the environment."""
    for at in parsed.operands:
        if _SECRET_SETTING.search((words[at] or "")[:_LONGEST_SETTING]):
            return at
    return next((at for value, at in parsed.values("q", "jq") if _ENVIRONMENT.search(value or "")), None)


_HANDS_ON = frozenset({"npx", "bunx", "pnpx", "uvx"})
_RUNNERS = frozenset({"npm", "pnpm", "yarn", "bun", "go", "uv", "poetry"})
_HANDING_ON = frozenset({"dlx", "exec", "x", "create", "init", "innit", "explore"})


def _hands_on(tool: Tool, what: str, path: list[str]) -> bool:
    """Whether what stands behind the command's operands are words of another program."""
    # A word that they do not know is a script's name.
    handing = tool.name in _RUNNERS and (what == "build" or not path or path[0] in _HANDING_ON)
    # Ansible's own hosts and books are no program.
    return (what == "run" and not tool.name.startswith("ansible")) or tool.name in _HANDS_ON or handing


def class_of(tool: Tool, what: str, parsed: Parsed, path: list[str]) -> Iterator[Fact]:
    """The fact of a command's class."""
    name = " ".join([tool.name, *path])
    if parsed.shows and parsed.has("version") and (path or parsed.operands):
        # What stands behind `--version` nobody has said that the tool leaves alone.
        what = what or "run"
    elif parsed.shows and _hands_on(tool, what, path) and (parsed.operands or len(parsed.given) > 1):
        # Behind the first operand the option is the other program's, and before it perhaps another one.
        what = what if what != "read" else "run"
    elif parsed.shows:
        what = "read"
    elif what == "read" and parsed.leaks is not None:
        what = "secret"
    access = _ACCESS.get(what)
    if what == "":
        if not parsed.operands:
            yield Fact(EffectKind.UNKNOWN, name, "unknown-command")
    elif tool.service and access is not None:
        yield cloud(call_of(tool, parsed, " ".join(path), access), parsed.leaks if what == "secret" else None)
    elif what == "read":
        yield Fact(EffectKind.RUN, name)
    elif what == "secret":
        yield Fact(EffectKind.LEAK, name, "leaks-secret", -1 if parsed.leaks is None else parsed.leaks)
    else:
        kind, code = _LOCAL[what]
        yield Fact(kind, name, code)


def call_of(tool: Tool, parsed: Parsed, operation: str, access: Access) -> CloudCall:
    return CloudCall(
        tool.service,
        operation,
        access,
        account=parsed.value(*tool.account),
        region=parsed.value(*tool.region),
        endpoint=parsed.value(*tool.endpoint),
    )


def cloud(call: CloudCall, at: int | None = None) -> Fact:
    """The fact of one call."""
    kind = EffectKind.LEAK if call.access is Access.SECRET else EffectKind.CLOUD
    code = "leaks-secret" if call.access is Access.SECRET else _REMOTE.get(call.access, f"cloud-{call.access}")
    return Fact(kind, f"{call.service} {call.operation}".strip(), code, -1 if at is None else at, call)


def refused(words: Words, at: int) -> Fact:
    """The fact of a word that is no known option, or may turn out to be one."""
    word = words[at]
    if word is None:
        return Fact(EffectKind.UNKNOWN, "this word", "unknown-word", at)
    return Fact(EffectKind.UNKNOWN, word, "unknown-option", at)


def files(parsed: Parsed) -> Iterator[Fact]:
    """The facts of the files that options name."""
    for mark, path, at in parsed.files:
        kind, code = _FILE_KINDS[mark]
        if path != "-":
            yield Fact(kind, path or "", code, at)


def _operands(row: Row, parsed: Parsed) -> Iterator[Found]:
    operands = parsed.operands
    if row.most is not None and len(operands) > row.most and not parsed.shows:
        yield Fact(EffectKind.UNKNOWN, "this operand", "unknown-option", operands[row.most])
    if row.operands in READS:
        for at in operands:
            yield Fact(EffectKind.READ, "", CODES[row.operands], at)
    elif row.operands == "write":
        for at in operands:
            yield Fact(EffectKind.WRITE, "", "", at)


def _runner(tool: Tool, words: Words, parser: Parser, row: Row, path: list[str]) -> Iterator[Found]:
    """A command whose operands are another program: its own options end at the first of them."""
    first = parser.operand()
    for _ in range(row.most or 0):
        first = parser.operand() if first is not None else None
    parsed = parser.parsed
    parsed.shows = parsed.shows and not parsed.has("version")
    if parsed.shows or first is None:
        yield from class_of(tool, "read" if parsed.shows else row.what, parsed, path)
    if parsed.unknown is not None:
        yield refused(words, parsed.unknown)
    yield from files(parsed)
    if first is not None and not parsed.shows:
        if row.what != "read":
            yield from class_of(tool, row.what, parsed, path)
        else:
            yield Inner(first)
