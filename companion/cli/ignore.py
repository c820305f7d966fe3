"""`companion ignore`: what a pattern would match, and what an agent could still read that looks sensitive."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import islice

import click

from companion.cli.check_path import Checker
from companion.cli.shared import Exit, busy, console, end, json_option, plural, print_json
from companion.policy.ignore.patterns import encode, parse_lines
from companion.policy.ignore.rules import IgnoreFile, Rules, decide
from companion.policy.ignore.sensitive import Sensitive, propose, sensitive
from companion.scan.listing import allowed_files

_FOLDER = click.Path(exists=True, file_okay=False)
_MOST_SHOWN = 50
_MOST_LOOKED_AT = 2_000_000


@click.group("ignore")
def ignore() -> None:
    """Try patterns, and find what no rule covers yet. Needs no daemon and changes nothing."""


@ignore.command("test")
@click.argument("pattern")
@click.option("--root", type=_FOLDER, help="The workspace. Default: this folder.")
@click.option("--all", "show_all", is_flag=True, help=f"Show more than {_MOST_SHOWN} paths.")
@json_option
def test(pattern: str, root: str | None, *, show_all: bool, as_json: bool) -> None:
    """Show what PATTERN would match as a line of the .companionignore in the workspace's folder.

    Files that other rules cover already are left out. Quote the pattern, so that the shell leaves it alone.

    Exits with 1 when it matches nothing.
    """
    lines = parse_lines(encode(pattern))
    if len(lines) != 1 or "\n" in pattern:
        end(
            "this is no pattern: it is empty, a comment or more than one line",
            "companion ignore test '*.pem'",
            Exit.USAGE,
        )
    only = lines[0]
    checker = Checker.of(os.path.abspath(root or "."))  # noqa: PTH100 - spelt as the user spells it
    # A negated line says what it would open again, which is what its pattern matches.
    rules = Rules((IgnoreFile.read("", "", encode(pattern.removeprefix("!"))),))
    with busy("looking through the workspace"):
        found = sorted(path for path in _files(checker) if decide(rules, path, is_dir=False))
    if as_json:
        print_json({"pattern": only.text, "complaint": only.complaint, "paths": found})
    else:
        if only.complaint:
            console().print(f"[yellow]{_escaped(only.complaint)}[/]")
        if only.negated and not only.complaint:
            console().print("[yellow]a pattern with ! opens again what a line above it in the same file closed:[/]")
        _list(found, show_all=show_all)
        console().print(f"{plural(len(found), 'file')} that an agent may read now would match {_escaped(only.text)}")
    sys.exit(Exit.DONE if found else Exit.FAILED)


@ignore.command("audit")
@click.option("--root", type=_FOLDER, help="The workspace. Default: this folder.")
@click.option("--all", "show_all", is_flag=True, help=f"Show more than {_MOST_SHOWN} paths.")
@json_option
def audit(root: str | None, *, show_all: bool, as_json: bool) -> None:
    """List what an agent could read that looks sensitive by its name, and propose lines for .companionignore.

    Lines of ignore files that do not do what they seem to are listed too.

    Exits with 1 when there is anything to look at.
    """
    checker = Checker.of(os.path.abspath(root or "."))  # noqa: PTH100 - spelt as the user spells it
    with busy("looking through the workspace"):
        found = sorted(
            ((path, why) for path in _files(checker) if (why := sensitive(path))), key=lambda one: (one[1].line, one[0])
        )
        doubts = list(_doubts(checker))
    lines = propose(found)
    if as_json:
        print_json(
            {
                "readable": [{"path": path, "why": why.why, "propose": why.line} for path, why in found],
                "propose": lines,
                "complaints": [
                    {"file": file, "line": number, "pattern": text, "complaint": said}
                    for file, number, text, said in doubts
                ],
            }
        )
    else:
        _tell(found, lines, doubts, show_all=show_all)
    sys.exit(Exit.FAILED if found or doubts else Exit.DONE)


def _tell(
    found: list[tuple[str, Sensitive]], lines: list[str], doubts: list[tuple[str, int, str, str]], *, show_all: bool
) -> None:
    out = console()
    for path, why in found[: None if show_all else _MOST_SHOWN]:
        out.print(f"[yellow]readable[/]  {_escaped(path)}  [dim]{_escaped(why.why)}[/]")
    if len(found) > _MOST_SHOWN and not show_all:
        out.print(f"… and {plural(len(found) - _MOST_SHOWN, 'file')} more: pass --all")
    for file, number, text, said in doubts:
        out.print(f"[yellow]line[/]      {_escaped(f'{file}:{number}: {text}')}  [dim]{_escaped(said)}[/]")
    if not found and not doubts:
        out.print(
            "nothing that an agent may read here looks sensitive by its name, and no line of an ignore file is odd"
        )
    if lines:
        out.print("\nlines for .companionignore, which deny:")
        for line in lines:
            out.print(f"  [bold]{_escaped(line)}[/]")
        out.print("next: companion ignore test 'LINE' shows what a line matches; add those that fit")


def _files(checker: Checker) -> Iterator[str]:
    return islice(allowed_files(checker.paths, checker.workspace, checker.policy), _MOST_LOOKED_AT)


def _doubts(checker: Checker) -> Iterator[tuple[str, int, str, str]]:
    """(file, line, pattern, what is wrong) of every line that does not do what it seems to."""
    for file in checker.paths.rule_files(checker.workspace, checker.policy):
        for number, text, said in file.complaints:
            yield file.source, number, text, said


def _list(paths: list[str], *, show_all: bool) -> None:
    out = console()
    for path in paths[: None if show_all else _MOST_SHOWN]:
        out.print(_escaped(path))
    if len(paths) > _MOST_SHOWN and not show_all:
        out.print(f"… and {plural(len(paths) - _MOST_SHOWN, 'file')} more: pass --all")


def _escaped(text: str) -> str:
    """As rich prints it whole; a name that is no text shows what it can."""
    from rich.markup import escape  # noqa: PLC0415 - as in console()

    return escape(text.encode("utf-8", "backslashreplace").decode())
