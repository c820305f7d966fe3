"""What names in a python program stand for: texts that are spelled out, and paths made of them.

A name counts where it is bound once in the whole program, whatever scope that is in: it then is what it was bound to,
or nothing at all.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from itertools import product

_MOST = 32
READS = frozenset({"read_text", "read_bytes"})
WRITES = frozenset({"write_text", "write_bytes"})
LOOKS = frozenset({"exists", "is_file", "is_dir"})
"""Methods of a path that tell no more of it than that it is there."""
_METHODS = READS | WRITES | LOOKS
_SHOWS = frozenset({"print", "str"})


class Names:
    """The names of one program."""

    def __init__(self, tree: ast.AST) -> None:
        self._parents: dict[int, ast.AST] = {}
        self._bound: Counter[str] = Counter()
        self._texts: dict[str, tuple[str, ...]] = {}
        self._paths: dict[str, tuple[str, ...]] = {}
        self._loads: dict[str, list[ast.Name]] = {}
        self._classes: set[str] = set()
        nodes = list(ast.walk(tree))
        for node in nodes:
            self._bound.update(_binds(node))
            self._classes.update(_imports_paths(node))
            for child in ast.iter_child_nodes(node):
                self._parents[id(child)] = node
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self._loads.setdefault(node.id, []).append(node)
        # One name may be put together of others.
        for node in nodes:
            self._take(node)

    def is_bound_once(self, name: str) -> bool:
        """Whether only one place of the program gives the name something to stand for."""
        return self._bound[name] == 1

    def texts(self, node: ast.AST | None) -> tuple[str, ...] | None:
        """All texts that the expression may come to; None where one is not known."""
        match node:
            case ast.Constant(value=str(text)):
                return (text,)
            case ast.Name(id=name):
                return self._texts.get(name)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._joined([left, right])
            case ast.JoinedStr(values=values):
                return self._joined(values)
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return self.texts(value)
            case _:
                return None

    def paths(self, node: ast.AST) -> tuple[str, ...] | None:
        """All paths that `Path(…)`, or the name of one, may stand for."""
        match node:
            case ast.Name(id=name):
                return self._paths.get(name)
            case ast.Call(func=func, args=[first], keywords=[]) if self.is_path(func):
                return self.texts(first)
            case _:
                return None

    def is_path(self, node: ast.AST) -> bool:
        """Whether it is the class of paths."""
        match node:
            case ast.Name(id="Path" as name) | ast.Attribute(value=ast.Name(id="pathlib" as name), attr="Path"):
                return name in self._classes and self.is_bound_once(name)
            case _:
                return False

    def imports_paths(self, node: ast.AST) -> bool:
        """Whether it is an import of nothing but paths, of which then each use is judged."""
        return all(map(self.is_bound_once, found)) if (found := _imports_paths(node)) else False

    def is_kept(self, node: ast.Name) -> bool:
        """Whether the name is another than that of the class of paths, or no more comes of it here than one path."""
        if node.id not in self._classes or not isinstance(node.ctx, ast.Load):
            return True
        outer = self._parents.get(id(node)) if node.id == "pathlib" else node
        call = self._parents.get(id(outer))
        return outer is not None and self.is_path(outer) and isinstance(call, ast.Call) and call.func is outer

    def stays(self, node: ast.AST) -> bool:
        """Whether nothing comes of a path but what is told of its methods: it is never handed on."""
        parent = self._parents.get(id(node))
        match parent:
            case ast.Attribute(attr=method):
                call = self._parents.get(id(parent))
                return method in _METHODS and isinstance(call, ast.Call) and call.func is parent
            case ast.Assign(targets=[ast.Name(id=name)]):
                return self.is_bound_once(name) and all(map(self._stays_named, self._loads.get(name, ())))
            case _:
                return self._is_shown(node, parent)

    def _stays_named(self, node: ast.Name) -> bool:
        return not isinstance(self._parents.get(id(node)), ast.Assign) and self.stays(node)

    def _is_shown(self, node: ast.AST, parent: ast.AST | None) -> bool:
        match parent:
            case ast.FormattedValue(format_spec=None):
                return True
            case ast.Call(func=ast.Name(id=name), args=args):
                return name in _SHOWS and not self._bound[name] and node in args
            case _:
                return False

    def _joined(self, parts: list[ast.expr]) -> tuple[str, ...] | None:
        found: list[tuple[str, ...]] = []
        size = 1
        for part in parts:
            texts = self.texts(part)
            size *= len(texts or ())
            if texts is None or size > _MOST:
                return None
            found.append(texts)
        return tuple("".join(one) for one in product(*found))

    def _take(self, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if self.is_bound_once(name):
                texts, paths = self.texts(value), self.paths(value)
                if texts is not None:
                    self._texts[name] = texts
                elif paths is not None and isinstance(value, ast.Call):
                    self._paths[name] = paths
            case ast.For() | ast.AsyncFor() | ast.comprehension():
                target, texts = node.target, self._elements(node.iter)
                if isinstance(target, ast.Name) and self.is_bound_once(target.id) and texts is not None:
                    self._texts[target.id] = texts
            case _:
                pass

    def _elements(self, node: ast.expr) -> tuple[str, ...] | None:
        if not isinstance(node, ast.List | ast.Tuple) or len(node.elts) > _MOST:
            return None
        found: list[str] = []
        for element in node.elts:
            texts = self.texts(element)
            if texts is None:
                return None
            found += texts
        return tuple(dict.fromkeys(found))


def _binds(node: ast.AST) -> Iterator[str]:
    """The names that a node gives something to stand for, in whatever scope."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.alias(name=name, asname=asname):
            yield asname or name.partition(".")[0]
        case ast.keyword():
            pass
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names
        case _:
            # Functions, classes, their arguments and types, handlers and patterns name what they bind.
            for field in ("name", "arg", "rest"):
                if isinstance(named := getattr(node, field, None), str):
                    yield named


def _imports_paths(node: ast.AST) -> tuple[str, ...]:
    """The name under which a node imports the class of paths, or the module that is nothing to us but for it."""
    match node:
        case ast.ImportFrom(module="pathlib", level=0, names=[ast.alias(name="Path", asname=None)]):
            return ("Path",)
        case ast.Import(names=[ast.alias(name="pathlib", asname=None)]):
            return ("pathlib",)
        case _:
            return ()
