"""Rewrites of a command that mean the same to a shell: quotes, escapes, wrappers, encodings, heredocs.

What a gate stops in one spelling it has to stop in every other. `bash -n` looks at the rewrites' syntax; none is run.
"""

from __future__ import annotations

import base64
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator

_WORD = re.compile(r"[A-Za-z][\w.-]*(?=[ \t]|$)")


def _first(command: str, change: Callable[[str], str]) -> str | None:
    found = _WORD.match(command)
    return change(found.group()) + command[found.end() :] if found else None


def _plain(command: str) -> list[str] | None:
    """The words of a command without any syntax of a shell."""
    return command.split() if re.fullmatch(r"[\w./=:,@%+ -]+", command) and not re.match(r"\w+=", command) else None


def _hex(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def _in_variable(command: str) -> str | None:
    words = _plain(command)
    return f"a={words[0]}; $a {' '.join(words[1:])}" if words else None


def _by_field_separator(command: str) -> str | None:
    words = _plain(command)
    return "${IFS}".join(words) if words and len(words) > 1 else None


def _handed_on(command: str) -> str | None:
    words = _plain(command)
    return f"echo {' '.join(words[1:])} | xargs {words[0]}" if words and len(words) > 1 else None


def _braced(command: str) -> str | None:
    words = _plain(command)
    return "{" + ",".join(words) + "}" if words and len(words) > 1 and not any("," in word for word in words) else None


def _encoded(command: str) -> str:
    return base64.b64encode(command.encode()).decode()


_MUTATORS: dict[str, Callable[[str], str | None]] = {
    "single quotes": lambda c: _first(c, lambda w: f"'{w}'"),
    "double quotes": lambda c: _first(c, lambda w: f'"{w}"'),
    "empty quotes": lambda c: _first(c, lambda w: f"{w[0]}''{w[1:]}"),
    "split quotes": lambda c: _first(c, lambda w: f'"{w[0]}""{w[1:]}"'),
    "backslashes": lambda c: _first(c, lambda w: "".join(f"\\{letter}" for letter in w)),
    "ansi-c": lambda c: _first(c, lambda w: f"$'{_hex(w)}'"),
    "locale quotes": lambda c: _first(c, lambda w: f'$"{w}"'),
    "line continuation": lambda c: _first(c, lambda w: f"{w[0]}\\\n{w[1:]}"),
    "absolute": lambda c: _first(c, lambda w: f"/usr/bin/{w}"),
    "variable": _in_variable,
    "field separator": _by_field_separator,
    "xargs": _handed_on,
    "braces": _braced,
    "command": lambda c: _first(c, lambda w: f"command {w}"),
    "env": lambda c: _first(c, lambda w: f"env {w}"),
    "env -i": lambda c: _first(c, lambda w: f"env -i {w}"),
    "nohup": lambda c: _first(c, lambda w: f"nohup {w}"),
    "timeout": lambda c: _first(c, lambda w: f"timeout 9 {w}"),
    "nice": lambda c: _first(c, lambda w: f"nice -n 5 {w}"),
    "setsid": lambda c: _first(c, lambda w: f"setsid {w}"),
    "stdbuf": lambda c: _first(c, lambda w: f"stdbuf -oL {w}"),
    "time": lambda c: _first(c, lambda w: f"time {w}"),
    "exec": lambda c: _first(c, lambda w: f"exec {w}"),
    "busybox": lambda c: _first(c, lambda w: f"busybox env {w}"),
    "sudo": lambda c: _first(c, lambda w: f"sudo {w}"),
    "background": lambda c: f"{c} &",
    "after true": lambda c: f"true && {c}",
    "after false": lambda c: f"false || {c}",
    "second": lambda c: f"echo a; {c}",
    "before": lambda c: f"{c}\necho a",
    "negated": lambda c: f"! {c}",
    "subshell": lambda c: f"({c}\n)",
    "group": lambda c: f"{{ {c}\n}}",
    "if": lambda c: f"if true; then {c}\nfi",
    "for": lambda c: f"for i in 1; do {c}\ndone",
    "while": lambda c: f"while true; do {c}\nbreak; done",
    "case": lambda c: f"case a in a) {c}\n;; esac",
    "function": lambda c: f"f() {{ {c}\n}}; f",
    "substitution": lambda c: f": $({c}\n)",
    "in a string": lambda c: f'echo "$({c}\n)"',
    "process substitution": lambda c: f"cat <({c}\n)",
    "arithmetic": lambda c: f"echo $(( $({c}\n) + 1 ))",
    "sh -c": lambda c: f"sh -c {shlex.quote(c)}",
    "bash -lc": lambda c: f"bash -lc {shlex.quote(c)}",
    "env bash -c": lambda c: f"env bash -c {shlex.quote(c)}",
    "twice": lambda c: f"sh -c {shlex.quote('sh -c ' + shlex.quote(c))}",
    "eval": lambda c: f"eval {shlex.quote(c)}",
    "trap": lambda c: f"trap {shlex.quote(c)} EXIT",
    "heredoc": lambda c: f"bash <<'END'\n{c}\nEND",
    "herestring": lambda c: f"bash <<< {shlex.quote(c)}",
    "piped": lambda c: f"printf %s {shlex.quote(c)} | sh",
    "base64": lambda c: f"echo {_encoded(c)} | base64 -d | sh",
    "base64 -c": lambda c: f'bash -c "$(echo {_encoded(c)} | base64 --decode)"',
    "xxd": lambda c: f"echo {c.encode().hex()} | xxd -r -p | bash",
    "printf": lambda c: f'bash -c "$(printf {shlex.quote(_hex(c))})"',
    "python": lambda c: f"python3 -c {shlex.quote(f'import os; os.system({c!r})')}",
    "node": lambda c: f"node -e {shlex.quote(f'require(`child_process`).execSync({c!r})')}",
    "find": lambda c: f"find . -maxdepth 0 -exec sh -c {shlex.quote(c)} \\;",
    "script text": lambda c: f'a={shlex.quote(c)}; eval "$a"',
}


def mutants(command: str) -> Iterator[tuple[str, str]]:
    """Each rewrite with the name of its way. Commands that a heredoc or a comment ends are left out where they "
    "break."""
    if "<<" in command or command.rstrip().endswith("\\"):
        return
    for name, mutate in _MUTATORS.items():
        if (changed := mutate(command)) is not None:
            yield name, changed


def is_syntax(command: str) -> bool:
    """Whether bash takes it for a script; `-n` reads and runs nothing."""
    done = subprocess.run(["bash", "-n"], input=command.encode(), capture_output=True, timeout=10, check=False)
    return done.returncode == 0
