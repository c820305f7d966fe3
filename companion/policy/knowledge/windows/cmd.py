"""What a text for cmd.exe does."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

from companion.model.facts import EffectKind
from companion.policy.knowledge.finding import Fact, Found, Script, Words
from companion.policy.knowledge.names import names
from companion.policy.knowledge.windows.lexer import Command, cut_cmd
from companion.policy.knowledge.windows.paths import read_path, write_path
from companion.policy.knowledge.windows.powershell import judge_call as judge_powershell_call

_DEEPEST = 3
_WORDS_ONLY = names(
    "echo rem ver vol whoami hostname cls title pause exit date time tasklist systeminfo getmac netstat ipconfig where "
    "driverquery sort timeout nslookup arp route tracert ping find findstr more tree fc comp path prompt chcp cd "
    "chdir cd.. "
    "pushd popd quser query goto"
)
_CONTENT = names("type more")
_DELETES = names("del erase rd rmdir")
_WRITES = names("copy move ren rename md mkdir xcopy robocopy mklink attrib replace compact expand makecab")
_CODES: dict[str, tuple[EffectKind, str]] = {
    **dict.fromkeys(
        names("format diskpart chkdsk vssadmin wbadmin cipher fsutil convert label subst defrag"),
        (EffectKind.CHANGE, "disk"),
    ),
    **dict.fromkeys(names("shutdown logoff"), (EffectKind.CHANGE, "power")),
    **dict.fromkeys(("taskkill", "tskill"), (EffectKind.PROCESS, "kill")),
    **dict.fromkeys(
        names(
            "reg regedit sc schtasks at bcdedit bootrec netsh takeown icacls cacls assoc ftype setx wevtutil "
            "powercfg dism sfc "
            "gpupdate regini wusa pnputil auditpol secedit"
        ),
        (EffectKind.CHANGE, "service"),
    ),
    **dict.fromkeys(names("net net1 runas dsadd dsmod dsrm"), (EffectKind.PRIVILEGE, "privilege")),
    **dict.fromkeys(
        names(
            "start call wscript cscript mshta rundll32 regsvr32 msiexec wmic forfiles conhost installutil msbuild "
            "regasm regsvcs odbcconf "
            "pcalua hh control explorer ssh bash wsl"
        ),
        (EffectKind.UNKNOWN, "runs-other"),
    ),
    **dict.fromkeys(names("curl bitsadmin certutil ftp tftp telnet certreq"), (EffectKind.NETWORK, "network")),
    **dict.fromkeys(("cmdkey", "vaultcmd"), (EffectKind.LEAK, "leaks-secret")),
    **dict.fromkeys(("for", "if"), (EffectKind.UNKNOWN, "shell-text")),
}
_TELLING = {
    "reg": frozenset({"query"}), "sc": frozenset({"query", "queryex", "qc"}), "schtasks": frozenset({"/query"}),
    "net": frozenset({"view", "statistics", "help", "time"}), "vssadmin": frozenset({"list"}),
    "wevtutil": frozenset({"el", "gl"}),
    "bcdedit": frozenset({"/enum"}), "powercfg": frozenset({"/list", "/l", "/query"}), "wbadmin": frozenset({"get"}),
    "fsutil": frozenset({"volume", "fsinfo"}), "netsh": frozenset(),
}  # fmt: skip
_IPCONFIG = re.compile(r"[/-](?:all|displaydns|\?)", re.IGNORECASE)


def judge_cmd(text: str, at: int = -1, depth: int = 0) -> Iterator[Found]:
    """The findings of a text; all of them are about argument `at`."""
    line = cut_cmd(text)
    if line.unclear:
        yield Fact(EffectKind.UNKNOWN, f"this text for cmd, because of {line.unclear!r}", "shell-text", at)
    if not line.commands and not line.unclear:
        yield Fact(EffectKind.RUN, "cmd", at=at)
    for command in line.commands:
        for finding in _command(command, depth):
            yield replace(finding, at=at)


def _command(command: Command, depth: int) -> Iterator[Fact | Script]:
    for target in command.writes:
        if target is None:
            yield Fact(EffectKind.UNKNOWN, "this redirection", "redirect")
        elif target.lower() != "nul":
            yield from write_path(target, -1)
    for source in command.reads:
        yield from read_path(source or "", -1)
    if not command.words:
        return
    first, *words = command.words
    if first is None:
        yield Fact(EffectKind.UNKNOWN, "this word", "unknown-program")
        return
    # `del/s` is `del /s`, and `cd..` is `cd ..`.
    name, slash, more = first.lower().partition("/")
    words = [slash + more, *words] if slash and name else words
    name = name.removesuffix(".exe").removesuffix(".com")
    if "\\" in first or ":" in first:
        yield Fact(EffectKind.UNKNOWN, first, "runs-a-file")
    else:
        yield from _named(name, words, depth)
    if any(word is None for word in words):
        yield Fact(EffectKind.UNKNOWN, "this word", "unknown-word")


def _named(name: str, words: list[str | None], depth: int) -> Iterator[Fact | Script]:
    operands = [word for word in words if word is not None and not word.startswith("/")]
    switches = [word.lower() for word in words if word is not None and word.startswith(("/", "-"))]
    if name in _TELLING and words and (words[0] or "").lower() in _TELLING[name]:
        yield Fact(EffectKind.RUN, name)
    elif name in _DELETES:
        deep = any(switch.startswith(("/s", "/q", "/f")) for switch in switches)
        yield Fact(EffectKind.CHANGE, name, "rm-recursive" if deep else "rm")
        for operand in operands:
            yield from write_path(operand, -1, deletes=True)
    elif name in _WRITES:
        yield Fact(EffectKind.CHANGE, name, "file-change")
        for operand in operands:
            yield from write_path(operand, -1)
    elif name in _CODES:
        kind, code = _CODES[name]
        yield Fact(kind, name, code)
    elif name == "set":
        changes = bool(words)
        yield Fact(EffectKind.UNKNOWN, name, "sets-environment" if changes else "reads-environment")
    elif name in {"cmd", "powershell", "pwsh"} and depth < _DEEPEST:
        call = judge_cmd_call if name == "cmd" else judge_powershell_call
        for found in call(words, depth + 1):
            if isinstance(found, Fact | Script):
                yield found
    elif name == "dir":
        yield Fact(EffectKind.RUN, name)
        for operand in operands or ["."]:
            yield from read_path(operand, -1, names=True)
    elif name in _CONTENT or name in {"findstr", "find", "fc", "comp", "sort"}:
        yield from _reader(name, operands, switches)
    elif (
        (name in {"date", "time"} and "/t" not in switches)
        or (name == "route" and operands[:1] != ["print"])
        or (name == "ipconfig" and not all(map(_IPCONFIG.fullmatch, switches)))
    ):
        yield Fact(EffectKind.CHANGE, name, "service")
    elif name in {"nslookup", "ping", "tracert"}:
        yield Fact(EffectKind.NETWORK, operands[0] if operands else name, "network")
    elif name in _WORDS_ONLY:
        yield Fact(EffectKind.RUN, name)
    elif re.fullmatch(r"[\w.+-]+", name) and not name.endswith((".bat", ".cmd", ".ps1", ".vbs", ".js")):
        plain = all(word is not None for word in words)
        yield (
            Script(shlex.join([name, *(word or "" for word in words)]))
            if plain
            else Fact(EffectKind.UNKNOWN, name, "unknown-program")
        )
    else:
        yield Fact(EffectKind.UNKNOWN, name, "runs-script")


def _reader(name: str, operands: list[str], switches: list[str]) -> Iterator[Fact]:
    if any(switch.startswith(("/f:", "/g:", "/o", "/d:")) for switch in switches):
        yield Fact(EffectKind.UNKNOWN, name, "unknown-option")
        return
    yield Fact(EffectKind.RUN, name)
    words = 1 if name in {"findstr", "find"} and not any(switch.startswith("/c:") for switch in switches) else 0
    for operand in operands[words:]:
        yield from read_path(operand, -1)


def judge_cmd_call(words: Words, depth: int = 0) -> Iterator[Found]:
    """The findings of cmd.exe with these arguments."""
    for at, word in enumerate(words):
        if word is None:
            break
        option = word.lower()
        if option == "/?":
            yield Fact(EffectKind.RUN, "cmd")
            return
        if option.startswith(("/c", "/k", "/r")):
            rest = [option[2:] and word[2:], *words[at + 1 :]]
            if any(each is None for each in rest):
                break
            text = " ".join(each for each in rest if each)
            yield from judge_cmd(_unquoted(text), at if at == len(words) - 1 else at + 1, depth)
            return
        if not re.fullmatch(r"/(?:s|q|d|a|u|e:o(?:n|ff)|f:o(?:n|ff)|v:o(?:n|ff)|t:\w+)", option):
            break
    yield Fact(EffectKind.UNKNOWN, "cmd", "shell-text")


def _unquoted(text: str) -> str:
    """Cmd takes away the quotes around all of its text."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
