"""What a shell knows at one point of a command: the folders it may stand in, and the parameters the command set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from companion.policy.shell.parameters import array_key, pack
from companion.policy.shell.words import Value

_MOST_FOLDERS = 4
_DEEPEST_STACK = 8
_LONGEST = 8192
"""Characters of a parameter's value that are kept."""


@dataclass(frozen=True, slots=True)
class State:
    """`folders` are the working folders that are possible here, None when anything is.

    A folder is absolute, or relative to the folder the command starts in, which itself is "".
    """

    folders: tuple[str, ...] | None = ("",)
    variables: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    """Parameters that the command set; None where the value is not known."""
    inherited: frozenset[str] = frozenset()
    """Those of them that may still be what the environment says, since they were set on one way only."""
    named: Mapping[str, Value] = field(default_factory=dict[str, Value])
    """Parameters that name one of some files in the folder the shell now stands in: a loop's, which runs over them."""
    before: tuple[str, ...] | None = None
    """The folders that are possible for `cd -`, None when anything is."""
    stack: tuple[tuple[str, ...], ...] = ()
    """Where each `popd` leads as far as that is known, the next one first."""

    def set(self, name: str, text: str | None) -> State:
        if text is not None and len(text) > _LONGEST:
            # `x=$x$x` doubles it each time.
            text = None
        variables = {**self.variables, name: text}
        if array_key(name) in variables:
            variables[array_key(name)] = None
        named = {one: value for one, value in self.named.items() if one != name}
        return replace(self, variables=variables, inherited=self.inherited - {name}, named=named)

    def set_named(self, name: str, value: Value) -> State:
        """After the parameter was set to what `value` lists."""
        changed = self.set(name, None)
        return replace(changed, named={**changed.named, name: value})

    def set_array(self, name: str, elements: list[str] | None) -> State:
        """After `name=(…)`. The name alone is the first element to one shell and all of them to another."""
        packed = None if elements is None else pack(elements)
        return self.set(name, None).set(array_key(name), packed)

    def enter(self, folder: str | None) -> State:
        """After `cd folder`; None is a folder that is not known. As a shell does, `..` takes back the last name."""
        # Some shells keep every folder that they leave on the stack.
        here = replace(self, named={}, before=self.folders, stack=())
        if folder is None:
            return replace(here, folders=None)
        if self.folders is None and not folder.startswith("/"):
            return here
        return replace(here, folders=_distinct(_walk(join(old, folder)) for old in self.folders or ("",)))

    def go_back(self) -> State:
        """After `cd -`."""
        return replace(self, folders=self.before, named={}, before=self.folders, stack=())

    def push(self, folder: str | None) -> State:
        """After `pushd folder`."""
        stack = () if self.folders is None else (self.folders, *self.stack)[:_DEEPEST_STACK]
        return replace(self.enter(folder), stack=stack)

    def pop(self) -> State:
        """After `popd`."""
        return replace(self.go_back(), folders=self.stack[0] if self.stack else None, stack=self.stack[1:])

    def lose(self) -> State:
        """After the shell went anywhere, any number of times."""
        return replace(self.enter(None), before=None, stack=())

    def merge(self, other: State) -> State:
        """What holds when either may be the case."""
        if self == other:
            return self
        folders = _either(self.folders, other.folders)
        missing = object()
        variables = {
            name: self.variables.get(name)
            if self.variables.get(name, missing) == other.variables.get(name, missing)
            else None
            for name in (*self.variables, *other.variables)
        }
        inherited = self.inherited | other.inherited | (self.variables.keys() ^ other.variables.keys())
        named = {name: value for name, value in self.named.items() if other.named.get(name) == value}
        stack = self.stack if self.stack == other.stack else ()
        return State(folders, variables, inherited, named, _either(self.before, other.before), stack)

    def is_own(self, name: str) -> bool:
        """Whether the command itself set the parameter, whatever way it took."""
        return name in self.variables and name not in self.inherited

    def widen(self, later: State) -> State:
        """What holds before every round of a loop, when `later` may hold after one."""
        merged = self.merge(later)
        before = self.before if merged.before == self.before else None
        return replace(merged, folders=self.folders if merged.folders == self.folders else None, before=before)

    def locate(self, path: str) -> tuple[str, ...] | None:
        """A path as seen from the start, once for each possible folder; None when it may be anywhere."""
        if path.startswith("/"):
            return (path,)
        return None if self.folders is None else tuple(join(folder, path) for folder in self.folders)


@dataclass(frozen=True, slots=True)
class After:
    """The state behind a statement, by how it ended."""

    success: State
    failure: State

    @property
    def either(self) -> State:
        """What holds when nobody looked how it ended."""
        return self.success.merge(self.failure)


def join(folder: str, path: str) -> str:
    """`path` as named from `folder`. `..` stays: behind a symbolic link only the disk knows where it leads."""
    if not folder or path.startswith("/"):
        return path
    if path in {"", ".", "./"}:
        return folder + path[1:]
    return f"{folder.rstrip('/')}/{path}"


def _walk(path: str) -> str:
    names: list[str] = []
    for name in path.split("/"):
        if name == ".." and names and names[-1] != "..":
            names.pop()
        elif name not in {"", "."} and not (name == ".." and path.startswith("/")):
            names.append(name)
    return ("/" if path.startswith("/") else "") + "/".join(names)


def _either(some: tuple[str, ...] | None, others: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if some is None or others is None:
        return None
    folders = _distinct((*some, *others))
    return folders if len(folders) <= _MOST_FOLDERS else None


def _distinct(folders: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(folders))
