"""Rules that a workspace brings along in forms of their own: Cline's old way with .clineignore, Claude Code's settings.

Of `.clineignore` as the old extension read it, in the workspace's own folder and with `!include FILE` in it, the holes
are closed: an include that leads out of the workspace, or cannot be read, excludes everything instead of nothing;
includes inside includes count; paths outside of the workspace are nobody's to allow.
"""
# ruff: noqa: PTH100, PTH118, PTH120, PTH123 - as in ignore_files

from __future__ import annotations

import os
from dataclasses import dataclass, field

from companion.policy.ignore.agents import CLAUDE_SETTINGS, NoSettings, read_denied
from companion.policy.ignore.rules import IgnoreFile
from companion.scan.folders import TopRules
from companion.scan.rule_files import LARGEST
from companion.scan.worktree import relative_to, shown

CLINEIGNORE = ".clineignore"
_INCLUDE = b"!include "
_MOST_FILES = 64


@dataclass(slots=True)
class Expanded:
    """A file with what it includes, as runs of lines in the order in which they count."""

    runs: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])
    """(path, lines), with empty lines before them, so that each keeps its number."""
    files: list[str] = field(default_factory=list[str])
    """Every file that had a say, or would have one if it were there; the first is the file itself."""
    reason: str = ""
    """Why the rules cannot be known; "" when they are."""
    missing: list[str] = field(default_factory=list[str])
    """Files that are not there, which the old extension passed over in silence."""


def legacy_clineignore(workspace: str, *, fold_case: bool) -> TopRules:
    """What the workspace's .clineignore says, with its includes."""
    found = expand(os.path.join(workspace, CLINEIGNORE), workspace)
    if found.reason:
        files = [IgnoreFile.closed(CLINEIGNORE, "", found.reason)]
    else:
        files = [IgnoreFile.read(shown(path, workspace), "", run, fold_case=fold_case) for path, run in found.runs]
    return TopRules(tuple(files), workspace, tuple(found.files))


def claude_rules(workspace: str, *, home: str, fold_case: bool) -> TopRules:
    """What Claude Code's settings of the workspace and of the user keep from its Read tool."""
    settings = [(os.path.join(workspace, name), workspace) for name in CLAUDE_SETTINGS]
    settings.append((os.path.join(home, CLAUDE_SETTINGS[0]), home))
    files = []
    for path, folder in settings:
        source = shown(path, workspace)
        try:
            with open(path, "rb") as file:
                content = file.read(LARGEST + 1)
            if len(content) > LARGEST:
                files.append(IgnoreFile.closed(source, "", f"larger than {LARGEST} bytes, so its rules are unknown"))
                continue
            rules = read_denied(content, folder=folder, home=home, fold_case=fold_case)
            files.append(IgnoreFile(source, "", rules, fold_case))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except NoSettings as error:
            files.append(IgnoreFile.closed(source, "", str(error)))
        except OSError as error:
            why = f"cannot be read ({type(error).__name__}), so its rules are unknown"
            files.append(IgnoreFile.closed(source, "", why))
    return TopRules(tuple(files), os.path.abspath(os.sep), tuple(path for path, _ in settings))


def expand(path: str, workspace: str) -> Expanded:
    """The file at `path` with each `!include` replaced by what that file holds. Paths absolute, links followed."""
    out = Expanded()
    _take(path, workspace, out)
    return out


def _take(path: str, workspace: str, out: Expanded) -> None:
    if path in out.files:
        return
    out.files.append(path)
    if len(out.files) > _MOST_FILES:
        out.reason = f"it includes more than {_MOST_FILES} files, so its rules are unknown"
        return
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        out.missing.append(path)
        return
    except OSError as error:
        out.reason = f"{path} cannot be read ({type(error).__name__}), so the rules are unknown"
        return
    if len(content) > LARGEST:
        out.reason = f"{path} is larger than {LARGEST} bytes, so the rules are unknown"
        return
    run: list[bytes] = []
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.startswith(_INCLUDE):
            run.append(line)
            continue
        out.runs.append((path, b"\n".join(run)))
        named = os.fsdecode(line[len(_INCLUDE) :].strip())
        found = os.path.realpath(os.path.join(os.path.dirname(path), named)) if "\0" not in named else ""
        if not found or relative_to(found, workspace) is None:
            out.reason = f"it includes {named}, which lies outside of the workspace, so its rules are unknown"
            return
        _take(found, workspace, out)
        run = [b""] * number
    out.runs.append((path, b"\n".join(run)))
