"""Python code given as text: what its syntax tree shows that it reads, writes, deletes and runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from companion.model.facts import Effect
from companion.policy.shell.effects import NAMES
from companion.policy.shell.invocation import Finding, Invocation, Text, delete, read, write
from companion.policy.shell.pynames import READS, WRITES, Names
from companion.policy.shell.tools import names
from companion.policy.shell.words import Value

_LONGEST = 20_000
_MOST_FINDINGS = 500

_PURE_MODULES = names(
    "sys json math re string datetime time collections itertools functools statistics decimal fractions random "
    "textwrap base64 hashlib binascii struct unicodedata difflib enum pprint platform calendar urllib.parse "
    "html csv tomllib ast locale uuid ipaddress zlib copy numbers bisect heapq array hmac cmath"
)
_BUILT_IN = frozenset({"sys", "time", "itertools"})
"""Modules that no file of the same name can stand in for."""
_LOADED = sorted(
    ({name.partition(".")[0] for name in _PURE_MODULES} - _BUILT_IN)
    | names(
        "pathlib contextlib copyreg dataclasses dis errno fnmatch glob importlib inspect keyword linecache ntpath "
        "opcode operator reprlib token tokenize types typing urllib warnings weakref subprocess socket threading"
    )
)
"""Those for which one can, with those that they load in their turn."""
_PURE_CALLS = names(
    "print len range sorted list dict set tuple str int float bool sum min max abs round enumerate zip map "
    "filter repr ord chr hex oct bin any all reversed type isinstance issubclass hash id divmod pow format "
    "ascii bytes bytearray iter next frozenset slice complex callable input"
)
_POWERS = names("exec eval compile globals locals vars getattr setattr delattr breakpoint exit quit help")
_CHANGES = names("write_text write_bytes mkdir touch rename chmod open main truncate fromfile tofile")
_REACHES = names(
    "modules settrace setprofile environ meta_path path_hooks path addaudithook argv breakpointhook excepthook "
    "unraisablehook displayhook call_tracing remote_exec path_importer_cache os sys io bltns builtins "
    "subprocess codecs operator copyreg types warnings encodings importlib weakref socket threading inspect "
    "shutil tempfile signal linecache tokenize reprlib contextlib keyword pickle ctypes posixpath ntpath "
    "scanner decoder encoder gettext Formatter get_field attrgetter methodcaller update_wrapper wraps "
    "global_enum"
)
"""What leads from a harmless module to everything else: other modules that it holds, and attributes by their name."""
_FORMATS = names("format format_map")
_OPENED = names("mode encoding errors newline buffering")
_OPENED_AT = 6
_DELETES = names("remove unlink rmdir rmtree removedirs")
_RUNS = names("system popen run call check_call check_output Popen getoutput getstatusoutput")


def judge_python(invocation: Invocation, code: Value) -> Iterator[Finding]:
    """The findings of a program text; "runs-code" beside them unless all of it only computes, reads and prints."""
    text = code.constant
    if text is None or len(text) > _LONGEST:
        yield invocation.rule("runs-code", at=code)
        return
    try:
        findings, pure = _examine(ast.parse(text), code, invocation)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        findings, pure = [], False
    # Of one file many calls may speak.
    yield from dict.fromkeys(findings)
    yield invocation.runs() if pure else invocation.rule("runs-code", at=code)


def _examine(tree: ast.AST, code: Value, invocation: Invocation) -> tuple[list[Finding], bool]:
    """What the program does as far as it shows, and whether that is all."""
    findings: list[Finding] = []
    names_ = Names(tree)

    def imports_known(node: ast.AST, modules: list[str]) -> bool:
        known = all(module in _BUILT_IN or module in _PURE_MODULES for module in modules) or names_.imports_paths(node)
        return known and (_BUILT_IN.issuperset(modules) or _finds_its_own(invocation))

    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    pure = True
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            found, known = _call(node, code, invocation, names_)
            findings += found
            pure = pure and known and len(findings) < _MOST_FINDINGS
            if len(findings) > _MOST_FINDINGS:
                return findings, False
        elif isinstance(node, ast.Import):
            pure = pure and imports_known(node, [name.name for name in node.names])
        elif isinstance(node, ast.ImportFrom):
            pure = pure and not node.level and imports_known(node, [node.module or ""])
            pure = pure and all(name.name not in _REACHES | {"*"} and name.name[0] != "_" for name in node.names)
        elif isinstance(node, ast.Attribute):
            pure = pure and not node.attr.startswith("_") and node.attr not in _REACHES
            # The text may name attributes of what is put into it.
            pure = pure and (node.attr not in _FORMATS or (id(node) in called and _has_no_fields(node.value)))
        elif isinstance(node, ast.Name):
            pure = pure and not node.id.startswith("__") and node.id not in _POWERS
            pure = pure and (node.id != "open" or id(node) in called)
            pure = pure and names_.is_kept(node)
        elif isinstance(node, ast.MatchClass):
            # Its keywords are attributes too.
            pure = False
        elif isinstance(node, ast.Delete | ast.AsyncFunctionDef | ast.ClassDef | ast.With | ast.Global):
            pure = pure and isinstance(node, ast.With)
    return findings, pure


def _call(node: ast.Call, code: Value, invocation: Invocation, names_: Names) -> tuple[list[Finding], bool]:
    """What one call does, and whether it is known to do no more than that."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    first = node.args[0] if node.args else None
    path = _text(first)
    at = Value(path, code.start, code.end)
    if name == "open" and isinstance(node.func, ast.Name):
        return _open(node, [Value(text, code.start, code.end) for text in names_.texts(first) or (None,)])
    if names_.is_path(node.func):
        return [], names_.paths(node) is not None and names_.stays(node)
    if isinstance(node.func, ast.Attribute) and (paths := names_.paths(node.func.value)) is not None:
        return [one for text in paths for one in _of_path(name, Value(text, code.start, code.end))], True
    if name in READS and isinstance(node.func, ast.Attribute):
        owner = node.func.value
        inner = _text(owner.args[0]) if isinstance(owner, ast.Call) and owner.args else None
        return list(read(Value(inner, code.start, code.end))) if inner else [], False
    if name in _DELETES and path:
        return [
            invocation.rule("rm-recursive") if name == "rmtree" else invocation.rule("rm"),
            *delete(at, deep=name == "rmtree"),
        ], False
    if name in _RUNS:
        words = [_text(item) for item in first.elts] if isinstance(first, ast.List | ast.Tuple) else [path]
        known = [word for word in words if word is not None]
        return (
            [Text(Value(" ".join(known), code.start, code.end))] if known and len(known) == len(words) else []
        ), False
    if isinstance(node.func, ast.Name):
        return [], name in _PURE_CALLS
    # A method, or a function of a module: modules are checked where they are imported.
    return [], isinstance(node.func, ast.Attribute) and name not in _CHANGES


def _of_path(method: str, at: Value) -> tuple[Effect, ...]:
    if method in WRITES:
        return write(at)
    return read(at, "" if method in READS else NAMES)


def _finds_its_own(invocation: Invocation) -> bool:
    """Python looks for modules in the folder that it runs in before it looks for its own, and those load others."""
    look = invocation.look
    return look is not None and all(
        look(path) is None for name in _LOADED for path in (f"{name}.py", f"{name}/__init__.py")
    )


def _open(node: ast.Call, at: list[Value]) -> tuple[list[Finding], bool]:
    """What `open` does to the files that its first word may name, and whether no more than that."""
    words = {keyword.arg: keyword.value for keyword in node.keywords}
    given = node.args[1] if len(node.args) > 1 else words.get("mode")
    mode = "r" if given is None else _text(given)
    # Behind them stands a function that opens what it likes.
    known = (
        words.keys() <= _OPENED
        and len(node.args) <= _OPENED_AT
        and all(one.text is not None for one in at)
        and mode is not None
    )
    writes = mode is None or not set(mode).isdisjoint("wax+")
    # Where the file is not known, to read it is asked about, as a write is.
    return [one for path in at for one in (write(path) if writes and path.text is not None else read(path))], known


def _has_no_fields(node: ast.expr) -> bool:
    """Whether a text that is filled in takes nothing but its arguments as they are."""
    text = _text(node)
    return text is not None and re.fullmatch(r"(?:[^{}]|\{\{|\}\}|\{\w*(?:![rsa])?(?::[^{}]*)?\})*", text) is not None


def _text(node: ast.AST | None) -> str | None:
    """A string constant, also one that is added together."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left), _text(node.right)
        return left + right if left is not None and right is not None else None
    return None


_READS = re.compile(
    r"(?:readFile(?:Sync)?|createReadStream|open|File\.(?:read|open)|IO\.read|file_get_contents|slurp|readFile|fopen|"
    r"Bun\.file|readTextFile(?:Sync)?|require|import)\s*\(?\s*(['\"`])([^'\"`]+)\1"
)
_QUOTED = re.compile(r"(['\"`])([^'\"`\n]{1,200})\1")
_OPENS = re.compile(r"<\s*([\w./-]*\.[\w./-]+)|\bopen\b[^;]*?,\s*['\"]([^'\"]+)")


def mentioned_files(code: Value) -> Iterator[Finding]:
    """Reads of the files that code of another language opens by name, as far as its text shows."""
    text = code.constant or ""
    paths = [found.group(2) for found in _READS.finditer(text[:_LONGEST])]
    paths += [
        found.group(2) for found in _QUOTED.finditer(text[:_LONGEST]) if re.search(r"^[~./]|/|\.\w+$", found.group(2))
    ]
    paths += [found.group(1) or found.group(2) for found in _OPENS.finditer(text[:_LONGEST])]
    for written in dict.fromkeys(paths):
        path = written.lstrip("< ")
        if "://" not in path and not path.startswith("@") and re.fullmatch(r"[\w.~/@+ -]+", path):
            yield from read(Value(path, code.start, code.end))


_SHELL_CALL = re.compile(
    r"\b(?:system|exec|execSync|spawnSync|spawn|shell_exec|passthru|popen|qx)\s*[({ ]\s*(['\"`])((?:(?!\1)[^\\]"
    r"|\\.)+)\1"
    r"|`([^`]+)`|%x[({]([^)}]+)[)}]"
)


def other_code(code: Value) -> Iterator[Finding]:
    """Best effort: what code that is not understood names is told, and that it is code is asked about anyway."""
    yield from mentioned_files(code)
    for found in _SHELL_CALL.finditer((code.constant or "")[:_LONGEST]):
        text = next(group for group in found.groups()[1:] if group is not None)
        yield Text(Value(text.replace("\\", ""), code.start, code.end))
