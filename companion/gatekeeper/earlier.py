"""What the calls before one in the same answer change on the disk, if they are carried out."""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from functools import lru_cache

from companion.gatekeeper.ports import PathJudge
from companion.model.action import Action, FileAccess, ModelCall, Operation, ShellCommand, ToolCall
from companion.model.exchange import MOST_AFTER, Origin
from companion.model.facts import Effect, EffectKind
from companion.model.policy import Policy
from companion.policy.order import Changes, changes_in, words_in
from companion.policy.shell.read import read_command

_MOST = MOST_AFTER - 1
"""Calls that are looked at; behind more of them anything may have changed."""

_UNDERSTOOD = frozenset({EffectKind.READ, EffectKind.WRITE, EffectKind.DELETE, EffectKind.RUN, EffectKind.NETWORK})
_HARMLESS = frozenset({"git-local", "git-fetch", "project-run", "project-script", "generated-delete"})
_WRITES = frozenset({Operation.WRITE, Operation.DELETE})


def changes_of(actions: Sequence[Action], origin: Origin, policy: Policy, judge: PathJudge, home: str) -> Changes:
    """Files and folders are absolute and resolved as the disk has them now. Blocking."""
    files: set[str] = set()
    folders: set[str] = set()
    words: set[str] = set()
    tracked, anything = False, len(actions) > _MOST
    for action in actions[-_MOST:]:
        match action:
            case FileAccess(path=path, operation=operation) if operation in _WRITES:
                files.add(judge.judge(path, origin.workspace, policy).resolved)
            case ShellCommand(command=command, cwd=cwd):
                effects = _effects(command, cwd or origin.workspace, home)
                facts = {
                    effect.target: judge.judge(effect.target, origin.workspace, policy, cwd=cwd)
                    for effect in effects[:_MOST_EFFECTS]
                    if effect.kind in {EffectKind.WRITE, EffectKind.DELETE} and effect.target
                }
                changes = changes_in(effects, {target for target, known in facts.items() if known.is_dir})
                files |= {known.resolved for known in facts.values()}
                folders |= {
                    f"{known.resolved}/"
                    for target, known in facts.items()
                    if f"{target}/" in changes.folders or (target == "." and "" in changes.folders)
                }
                tracked = tracked or changes.tracked
                anything = anything or len(effects) > _MOST_EFFECTS
                if not all(map(_is_understood, effects)):
                    words |= words_in(command)
            case ToolCall(arguments=arguments):
                words |= words_in(arguments)
            case FileAccess() | ModelCall():
                pass
    return Changes(frozenset(files), frozenset(folders), frozenset(words), tracked, anything)


_MOST_EFFECTS = 64


@lru_cache(maxsize=32)
def _effects(command: str, cwd: str, home: str) -> tuple[Effect, ...]:
    """Of one call each later one asks."""
    return read_command(command, cwd, home)


def _is_understood(effect: Effect) -> bool:
    return effect.kind in _UNDERSTOOD or effect.code in _HARMLESS


def resolved(path: str, folder: str) -> str:
    """A file that a command is judged by, as Changes name it. Blocking."""
    return os.path.realpath(os.path.join(folder, path))  # noqa: PTH118 - a string, as the disk has it
