"""`companion check secrets`: the secrets in files, without a daemon; made to stand in a pre-commit hook."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from companion.cli.check_batch import judged
from companion.cli.local_scan import LocalScan, open_local_scan, workspace_of
from companion.cli.shared import Exit, busy, console, end, json_option, plural, print_json
from companion.cli.texts import STDIN_NAME, NoRepository, Piece, Read, Unread, read_paths, read_staged
from companion.model.facts import Confidence, Finding
from companion.places import find_places
from companion.scan.secrets.placing import WHOLE
from companion.scan.secrets.search import ScanFailed

_BESIDE = 60
"""Characters of a line that are shown on either side of a secret."""
_MASK = "•" * 8
_TELL_AFTER = 1.0
_MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A secret in a file."""

    file: str
    line: int
    column: int
    """From 1, in characters."""
    type: str
    rule: str
    engine: str
    confidence: str
    placeholder: str
    fingerprint: str
    shown: str
    """Its line, or what is around it of a long one, every secret in it masked."""


@click.command("secrets")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--staged", is_flag=True, help="What the next commit would add or change.")
@click.option(
    "--batch", is_flag=True, help='Read JSON lines {"text": ...} on standard input, and answer each by a line.'
)
@click.option(
    "--workspace",
    type=click.Path(exists=True, file_okay=False, resolve_path=True),
    help="The folder whose .env files are known and whose acceptances hold. Without it: the repository's top.",
)
@json_option
def check_secrets(paths: tuple[str, ...], *, staged: bool, batch: bool, workspace: str | None, as_json: bool) -> None:
    """Look for secrets in files, in what is staged, or in texts on standard input.

    PATHS are files, folders, or - for standard input. A file that is named is always read, of a folder what git would
    commit of it; without PATHS that is this folder. What a person has accepted is left out.

    Exits with 1 when a secret is found or something could not be read, else with 0. With --batch every line of
    standard input gets a line of its own, and 1 says that one of them could not be judged.

    \b
    companion check secrets --staged                in .git/hooks/pre-commit
    companion check secrets src config.yaml
    """  # noqa: D301 - click looks for the character itself
    if batch + staged + bool(paths) > 1:
        end("--batch, --staged and PATHS exclude each other", "companion check secrets --help", Exit.USAGE)
    if paths.count("-") > 1:
        end("standard input can be read once", "companion check secrets -", Exit.USAGE)
    with busy("loading the rules"):
        local = open_local_scan(find_places(), workspace or workspace_of(Path.cwd()))
    try:
        for remark in local.remarks:
            click.echo(f"{click.style('remark:', fg='yellow')} {remark}", err=True)
        if batch:
            _answer_batch(local)
        else:
            _check_files(local, paths or (".",), staged=staged, as_json=as_json)
    finally:
        local.close()


def _answer_batch(local: LocalScan) -> None:
    whole = True
    for line, good in judged(sys.stdin.buffer, local.find):
        sys.stdout.write(f"{line}\n")
        # Whoever asks may wait for this answer before the next question.
        sys.stdout.flush()
        whole = whole and good
    sys.exit(Exit.DONE if whole else Exit.FAILED)


def _check_files(local: LocalScan, paths: Iterable[str], *, staged: bool, as_json: bool) -> None:
    texts = read_staged(Path.cwd()) if staged else read_paths(list(paths))
    found: list[Found] = []
    unread: list[Unread] = []
    files = 0
    try:
        with _progress() as tell:
            for one in texts:
                files += isinstance(one, Piece) and one.line == 1
                tell(f"{plural(files, 'file')}, {plural(len(found), 'secret')}")
                found += _examine(local, one, unread)
    except NoRepository as error:
        end(f"nothing can be staged here: {error}", "companion check secrets PATH", Exit.USAGE)
    failed = [one for one in unread if one.failed]
    if as_json:
        print_json({"files": files, "findings": found, "unread": unread})
    else:
        _show(local, found, failed, files)
    sys.exit(Exit.FAILED if found or failed else Exit.DONE)


def _examine(local: LocalScan, one: Read, unread: list[Unread]) -> list[Found]:
    if isinstance(one, Unread):
        unread.append(one)
        return []
    try:
        findings = local.find(one.text, one.path)
    except ScanFailed as error:
        unread.append(Unread(one.name, str(error), failed=True))
        return []
    if any(finding.rule == WHOLE for finding in findings):
        # Where a prompt would go without such a text, a file is the person's to look at.
        unread.append(Unread(one.name, "it takes too much work to search", failed=True))
        return []
    return list(found_in(one, findings))


def found_in(piece: Piece, findings: tuple[Finding, ...]) -> Iterator[Found]:
    """The findings of a text, told by lines."""
    text, line, at = piece.text, piece.line, 0
    for one in findings:
        line += text.count("\n", at, one.start)
        at = one.start
        start = text.rfind("\n", 0, at) + 1
        yield Found(
            piece.name,
            line,
            at - start + 1,
            one.type,
            one.rule,
            one.engine,
            one.confidence,
            one.placeholder,
            one.fingerprint,
            _masked(text, start, one, findings),
        )


def _masked(text: str, start: int, one: Finding, findings: tuple[Finding, ...]) -> str:
    """The line from `start` on, or what of it is near the finding, without any secret that reaches into it."""
    newline = text.find("\n", one.start)
    stop = len(text) if newline < 0 else newline
    low, high = max(start, one.start - _BESIDE), min(stop, max(one.end, one.start + 1) + _BESIDE)
    parts, at = ["…" if low > start else ""], low
    for other in findings:
        if other.end <= low or other.start >= high:
            continue
        parts += [text[at : max(at, other.start)], _MASK]
        at = max(at, other.end)
    parts += [text[at:high], "…" if high < stop else ""]
    return "".join(parts).strip()


@contextmanager
def _progress() -> Iterator[Any]:
    """Tells in a terminal how far it is, once it takes longer than a moment."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    began = time.monotonic()
    status = console(stderr=True).status("")
    running = False

    def tell(words: str) -> None:
        nonlocal running
        if time.monotonic() - began > _TELL_AFTER:
            status.update(words)
            if not running:
                running = True
                status.start()

    try:
        yield tell
    finally:
        status.stop()


def _show(local: LocalScan, found: list[Found], failed: list[Unread], files: int) -> None:
    from rich.text import Text  # noqa: PLC0415 - as in console()

    out = console()
    for one in found[:_MOST_SHOWN]:
        colour = "red" if one.confidence == Confidence.HIGH else "yellow"
        out.print(
            Text.assemble(
                (f"{_plain(one.file)}:{one.line}:{one.column}", "bold"),
                "  ",
                (one.confidence, colour),
                f"  {one.rule} ",
                (f"({one.engine})", "dim"),
            )
        )
        out.print(Text(f"    {_plain(one.shown)}"), overflow="fold" if out.is_terminal else "ignore")
    if len(found) > _MOST_SHOWN:
        out.print(f"… and {plural(len(found) - _MOST_SHOWN, 'more secret')}: --json shows all")
    for each in failed:
        click.echo(f"{click.style('not examined:', fg='red')} {_plain(each.name)}: {each.why}", err=True)
    if not found:
        if not failed:
            out.print(f"no secret in {plural(files, 'file')}")
        return
    where = len({one.file for one in found})
    out.print(f"\n[bold]{plural(len(found), 'secret')}[/] in {where} of {plural(files, 'file')}")
    first = f"{found[0].file}:{found[0].line}" if found[0].file != STDIN_NAME else found[0].fingerprint
    out.print("next: take them out, and give new ones to whoever has seen these.", highlight=False)
    known = "" if local.lasting else "companion up, then "
    out.print(Text(f"      What is no secret, accept: {known}companion accept value {_plain(first)} --for 30d"))


def _plain(text: str) -> str:
    """As a terminal may have it: what it would take for a command is written out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
