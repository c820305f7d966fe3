"""Compilers of C, C++ and Rust: they read what they are told to, and write one file.

A compiler has options that run programs, load plugins, read lists of options, and write beside the one output; so
whatever is not known to do none of it is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from companion.policy.shell.effects import NAMES
from companion.policy.shell.invocation import Finding, Invocation, read, write
from companion.policy.shell.words import Value

COMPILERS = frozenset({"cc", "c99", "c11", "c++", "gcc", "g++", "clang", "clang++", "rustc"})

_C_FLAGS = re.compile(
    r"-(?:[cSEvwPs]|g(?:[0-3]|gdb\d?|dwarf(?:-\d)?)?|O(?:[0-3sgz]|fast)?|pthread|pie|no-pie|static|shared|rdynamic|pipe"
    r"|pedantic|pedantic-errors|ansi|nostdlib|nostdinc|nodefaultlibs|static-libgcc|static-libstdc\+\+|MMD|MD|MP|M|MM"
    r"|W[a-z][a-z0-9+-]*(?:=[\w+-]+)?|std=[\w+:]+|stdlib=[\w+]+|D\w+(?:=[^\n]*)?|U\w+|l[\w.+-]+"
    r"|m(?!llvm|linker)[a-z0-9][\w-]*(?:=[\w.+-]+)?"
    r"|fno-[a-z-]+|f(?:PIC|pic|PIE|pie|sanitize=[\w,-]+|openmp|exceptions|rtti|stack-protector(?:-strong|-all)?|lto"
    r"|visibility=\w+|omit-frame-pointer|strict-aliasing|data-sections|function-sections|common|permissive|wrapv"
    r"|diagnostics-color(?:=\w+)?|color-diagnostics|coroutines|concepts|max-errors=\d+|error-limit=\d+|syntax-only"
    r"|short-enums|signed-char|unsigned-char|freestanding|hosted|analyzer|unroll-loops|fast-math|strict-overflow))"
)
_C_ATTACHED = re.compile(r"-([ILo])(.+)", re.DOTALL)
_C_FOLDERS = frozenset({"-I", "-L", "-isystem", "-iquote"})
_C_WORDS = frozenset({"-D", "-U", "-l", "-MT", "-MQ"})
_C_LANGUAGES = frozenset({"c", "c++", "none"})
_C_INPUT = re.compile(r"[^@-].*\.(?:c|cc|cpp|cxx|C|c\+\+|m|mm|h|hh|hpp|i|ii|s|S|o|a|so(?:\.\d+)*|dylib)", re.DOTALL)
_SOURCE = re.compile(r"([^/]+)\.(?:c|cc|cpp|cxx|C|c\+\+|m|mm|i|ii|s|S)$")

_RUST_FLAGS = re.compile(
    r"-[Ovg]|--(?:test|verbose)|--(?:edition|crate-type|crate-name|cap-lints)=[\w,-]+|--cfg=[\w\"=-]+"
    r"|-C(?:opt-level|debuginfo|panic|lto|codegen-units|target-cpu|overflow-checks|strip)=[\w-]+|-[AWD][a-z_:-]+"
)
_RUST_WORDS = frozenset({"--edition", "--crate-type", "--crate-name", "--cap-lints", "-A", "-W", "-D"})
_RUST_C = re.compile(r"(?:opt-level|debuginfo|panic|lto|codegen-units|target-cpu|overflow-checks|strip)=[\w-]+")


@dataclass(slots=True)
class _Call:
    inputs: list[Value] = field(default_factory=list[Value])
    outputs: list[Value] = field(default_factory=list[Value])
    beside: list[Value] = field(default_factory=list[Value])
    """Outputs that stand beside the one."""
    folders: list[Value] = field(default_factory=list[Value])
    flags: set[str] = field(default_factory=set[str])


def judge_compiler(invocation: Invocation) -> list[Finding] | None:
    """What a compiler reads and writes; None where a word is not known."""
    if invocation.name not in COMPILERS:
        return None
    call = _rust(invocation) if invocation.name == "rustc" else _c(invocation)
    if call is None or not call.inputs:
        return None
    outputs = call.outputs or [
        Value(path, invocation.start, invocation.end)
        for path in (_rust_output(call) if invocation.name == "rustc" else _c_outputs(call))
    ]
    here = read(Value(".", invocation.start, invocation.end))
    return [invocation.rule("project-run"), *here, *_files(call, [*outputs, *call.beside])]


def _files(call: _Call, outputs: list[Value]) -> Iterator[Finding]:
    for path in call.inputs:
        if path.text != "-":
            yield from read(path)
    for folder in call.folders:
        yield from read(folder, NAMES)
    for path in outputs:
        yield from write(path)


def _c(invocation: Invocation) -> _Call | None:
    call = _Call()
    words = iter(invocation.args)
    for word in words:
        text = word.text
        if text is None or word.many or (word.glob and text[:1] in "*?[-"):
            return None
        if text == "-" or _C_INPUT.fullmatch(text):
            call.inputs.append(word)
        elif word.glob:
            return None
        elif _C_FLAGS.fullmatch(text):
            call.flags.add(text)
        elif found := _C_ATTACHED.fullmatch(text):
            (call.outputs if found[1] == "o" else call.folders).append(Value(found[2], word.start, word.end))
        else:
            value = next(words, None)
            if value is None or value.constant is None or not _takes(call, text, value):
                return None
    return call


def _takes(call: _Call, option: str, value: Value) -> bool:
    """Whether the option is known, with the word behind it."""
    said = value.constant or ""
    if option == "-o":
        call.outputs.append(value)
    elif option == "-MF":
        call.beside.append(value)
    elif option in _C_FOLDERS:
        call.folders.append(value)
    elif option == "-include":
        call.inputs.append(value)
    elif option == "-x":
        return said in _C_LANGUAGES
    else:
        return option in _C_WORDS and re.fullmatch(r"[\w.+=-]+", said) is not None
    return True


def _c_outputs(call: _Call) -> Iterator[str]:
    """What is written where no option names it."""
    if call.flags & {"-E", "-M", "-MM", "-fsyntax-only"}:
        return
    ending = "o" if "-c" in call.flags else "s" if "-S" in call.flags else ""
    if not ending:
        yield "a.out"
        return
    for path in call.inputs:
        if found := _SOURCE.search(path.text or ""):
            yield f"{found[1]}.{ending}"


def _rust(invocation: Invocation) -> _Call | None:
    call = _Call()
    words = iter(invocation.args)
    for word in words:
        text = word.constant
        if text is None:
            return None
        if re.fullmatch(r"[^@-].*\.rs", text):
            call.inputs.append(word)
        elif _RUST_FLAGS.fullmatch(text):
            call.flags.add(text)
        else:
            value = next(words, None)
            said = value.constant if value is not None else None
            if value is None or said is None:
                return None
            if text == "-o":
                call.outputs.append(value)
            elif not (text in _RUST_WORDS and re.fullmatch(r"[\w:,-]+", said)) and not (
                text == "-C" and _RUST_C.fullmatch(said)
            ):
                return None
    return call


def _rust_output(call: _Call) -> Iterator[str]:
    for path in call.inputs:
        yield (path.text or "").rpartition("/")[2].removesuffix(".rs")
