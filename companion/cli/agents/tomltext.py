"""Changes single entries of a TOML text; comments, order and layout stay."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Comment, InlineTable, Table

from companion.cli.agents.errors import Unfit, Unparseable
from companion.cli.agents.syntax import MISSING, KeyPath, canonical, lookup

_POSITION = re.compile(r" \(at line (\d+), column (\d+)\)$")
_LONE_NEWLINE = re.compile(r"(?<!\r)\n")


class Toml:
    """Every result is read back with the standard library's parser: what is not exactly as meant is Unfit."""

    def parse(self, text: str) -> dict[str, Any]:
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            where = _POSITION.search(str(error))
            line, column = (int(where[1]), int(where[2])) if where else (0, 0)
            raise Unparseable(_POSITION.sub("", str(error)), line, column) from error
        except RecursionError as error:
            raise Unparseable("nested too deeply") from error

    def put(self, text: str, path: KeyPath, value: Any) -> str:
        def change(document: Any) -> None:
            table = document
            for key in path[:-1]:
                if key not in table:
                    table[key] = tomlkit.table(is_super_table=True)
                table = table[key]
            inline = isinstance(table, InlineTable)
            if isinstance(value, list) and _put_list(table, path[-1], value):
                return
            table[path[-1]] = _table(value, inline=inline) if isinstance(value, dict) else value

        return self._changed(text, path, value, change)

    def drop(self, text: str, path: KeyPath) -> str:
        def change(document: Any) -> None:
            table = document
            for key in path[:-1]:
                table = table[key]
            comments = list(_behind(table[path[-1]]))
            del table[path[-1]]
            for comment in comments:
                document.add(comment)

        if lookup(self.parse(text), path) is MISSING:
            return text
        return self._changed(text, path, MISSING, change)

    def restore(self, text: str, path: KeyPath, source: str) -> str:
        before = lookup(self.parse(source), path)
        if before is MISSING:
            return self.drop(text, path)

        def change(document: Any) -> None:
            item: Any = tomlkit.parse(source)
            for key in path[:-1]:
                document, item = document[key], item[key]
            document[path[-1]] = item[path[-1]]

        return self._changed(text, path, before, change)

    def same(self, one: str, other: str) -> bool:
        # Comments count: they are what a person wrote.
        return one == other

    def _changed(self, text: str, path: KeyPath, value: Any, change: Callable[[Any], None]) -> str:
        name = ".".join(path)
        wanted = _with(self.parse(text), path, value)
        try:
            document = tomlkit.parse(text)
            change(document)
            result = tomlkit.dumps(document)
            if "\r\n" in text and not _LONE_NEWLINE.search(text):
                result = _LONE_NEWLINE.sub("\r\n", result)
            found = tomllib.loads(result)
        except (TOMLKitError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Unfit(f"{name} cannot be set where it stands ({error})") from error
        if canonical(_pruned(found)) != canonical(_pruned(wanted)):
            raise Unfit(f"{name} cannot be set in this layout: write {path[0]} as a table with a header of its own")
        return result


def _put_list(table: Any, name: str, value: list[Any]) -> bool:
    """Whether the list is now as it should be. Entries that stay are left as they are written."""
    present = table.get(name)
    if present is None:
        if not value or not all(isinstance(entry, dict) for entry in value) or isinstance(table, InlineTable):
            return False
        table[name] = tomlkit.aot()
        present = table[name]
    written = present.unwrap()
    if value[: len(written)] == written:
        for entry in value[len(written) :]:
            present.append(_entry(entry) if isinstance(present, AoT) else entry)
        return True
    if [entry for entry in written if entry in value] == value:
        for at in reversed([at for at, entry in enumerate(written) if entry not in value]):
            del present[at]
        return True
    return False


def _behind(item: Any) -> Iterator[Comment]:
    """Comments behind a table's last entry: they stand in it as far as TOML goes, and are about what follows."""
    while isinstance(item, AoT) and len(item):
        item = item[-1]
    body = item.value.body if isinstance(item, Table) else []
    entries = [at for at, (key, _) in enumerate(body) if key is not None]
    if entries and isinstance(below := body[entries[-1]][1], Table | AoT):
        yield from _behind(below)
    for _, entry in body[entries[-1] + 1 if entries else 0 :]:
        if isinstance(entry, Comment):
            yield entry


def _entry(value: dict[str, Any]) -> Table:
    """A table of a list of tables, the lists in it laid out in the same way."""
    made = tomlkit.table()
    for key, entry in value.items():
        if isinstance(entry, list) and entry and all(isinstance(one, dict) for one in entry):
            below = tomlkit.aot()
            for one in entry:
                below.append(_entry(one))
            made[key] = below
        else:
            made[key] = entry
    return made


def _table(value: dict[str, Any], *, inline: bool) -> Table | InlineTable:
    made: Table | InlineTable = tomlkit.inline_table() if inline else tomlkit.table()
    for key, entry in value.items():
        made[key] = _table(entry, inline=True) if isinstance(entry, dict) else entry
    return made


def _with(document: dict[str, Any], path: KeyPath, value: Any) -> dict[str, Any]:
    """The document with the entry set, or without it for MISSING."""
    inner: Any = document
    for key in path[:-1]:
        inner = inner.setdefault(key, {})
        if not isinstance(inner, dict):
            raise Unfit(f"{'.'.join(path)} has no place: {key} is no table")
    if value is MISSING:
        inner.pop(path[-1], None)
    else:
        inner[path[-1]] = value
    return document


def _pruned(value: Any) -> Any:
    """Without empty tables, which come and go with the headers of what is in them."""
    if not isinstance(value, dict):
        return value
    pruned = {key: _pruned(entry) for key, entry in value.items()}
    return {key: entry for key, entry in pruned.items() if entry != {}}
