"""What a call of one of Node's functions does, as far as its arguments are spelled out."""

from __future__ import annotations

from dataclasses import dataclass

from companion.policy.shell.javascript import known
from companion.policy.shell.javascript.names import arguments_of, quoted
from companion.policy.shell.javascript.tree import Piece
from companion.policy.shell.javascript.values import Values


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that a program does, and to what: None where that is not known.

    `what` is `read`, `names`, `write`, `delete`, `delete-tree`, `text`, `words` or `environment`.
    """

    what: str
    target: str | None = None
    words: tuple[str, ...] = ()


class Calls:
    """Judges calls of known functions; `told` is what they do."""

    def __init__(self, values: Values, *, node: bool) -> None:
        self._values = values
        self._node = node
        self.told: list[Told] = []

    def judge(self, name: str, call: Piece) -> bool:
        """Tells what the call does; whether it does no more than that."""
        given = arguments_of(call)
        if any(one.kind == "spread_element" for one in given):
            return False
        module, _, function = name.partition(".")
        if module == "fs":
            return self._files(function, given)
        if module == "child_process":
            return self._runs(function, given)
        if name in known.TIMERS:
            # To node a text there is a mistake.
            return bool(given) and (self._node or self._values.is_function(given[0]))
        if name in {"process.stdin.on", "process.stdin.once"}:
            event = quoted(given[0]) if given else None
            return event in known.STDIN_EVENTS and len(given) == 2 and _is_written_out(given[1])
        if name in {"process.stdin.setEncoding", "process.stdin.resume", "process.stdin.pause"}:
            return all(quoted(one) is not None for one in given)
        return name in known.CALLED

    def _files(self, function: str, given: list[Piece]) -> bool:
        path = self._values.text(given[0]) if given else None
        if path is not None and not _is_path(path):
            path = None
        rest = given[1:]
        if function in known.READ_FILES:
            if given and given[0].kind == "number" and given[0].text == "0":
                path = "/dev/stdin"
            self.told.append(Told("read", path))
            return path is not None and self._are_options(rest)
        if function in known.READ_NAMES:
            self.told.append(Told("names", path))
            return path is not None and self._are_options(rest)
        if function in known.WRITTEN:
            self.told.append(Told("write", path))
            return path is not None and self._are_options(rest if "mkdir" in function else rest[1:])
        if function in known.COPIED:
            goal = self._values.text(rest[0]) if rest else None
            self.told += [Told("read", path), Told("write", goal)]
            return path is not None and goal is not None and _is_path(goal) and self._are_options(rest[1:])
        if function in known.DELETED | known.DELETED_DEEP:
            deep = function in known.DELETED_DEEP and len(rest) > 0
            self.told.append(Told("delete-tree" if deep else "delete", path))
        return False

    def _are_options(self, given: list[Piece]) -> bool:
        """Whether what stands behind a path changes nothing of what is done, and a function there is written out."""
        for one in given:
            if one.kind == "string" or _is_written_out(one):
                continue
            if one.kind != "object" or not _has_keys(one, known.OPTIONS):
                return False
        return True

    def _runs(self, function: str, given: list[Piece]) -> bool:
        program = self._values.text(given[0]) if given else None
        rest = given[1:]
        waits = function in known.RUN_WAITING
        if function in known.RUN_TEXT:
            if program is not None:
                self.told.append(Told("text", program))
            return program is not None and waits and _are_run_options(rest)
        if function not in known.RUN_WORDS or program is None:
            return False
        words: list[str | None] = []
        if rest and rest[0].kind == "array":
            words = [self._values.text(one) for one in rest[0].named]
            rest = rest[1:]
        clear = [word for word in words if word is not None]
        self.told.append(Told("words", program, tuple(clear)))
        return waits and len(clear) == len(words) and _are_run_options(rest)


def _is_path(text: str) -> bool:
    """Whether it names the same file here as it does to node, which knows no ~."""
    return "\\" not in text and text[:1] not in {"", "~"}


def _is_written_out(piece: Piece) -> bool:
    return piece.kind in {"arrow_function", "function_expression"}


def _has_keys(piece: Piece, allowed: frozenset[str]) -> bool:
    """Whether an object has these keys only, each with a plain constant."""
    for kid in piece.named:
        key, value = kid.get("key"), kid.get("value")
        if kid.kind != "pair" or key is None or value is None or key.text not in allowed:
            return False
        plain = value.kind in {"string", "true", "false", "null", "number"}
        if not plain and not (value.kind == "array" and all(one.kind == "string" for one in value.named)):
            return False
    return True


def _are_run_options(given: list[Piece]) -> bool:
    return not given or (len(given) == 1 and given[0].kind == "object" and _has_keys(given[0], known.RUN_OPTIONS))
