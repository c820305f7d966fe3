"""Doctor's look at the second layer: is the hook in place, and does the agent run it?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from companion.cli.agents.agent import Agent
from companion.cli.agents.cline import PLUGIN_PATIENCE
from companion.cli.agents.findings import Finding, State, fail, ok, warn
from companion.cli.agents.ground import Surroundings
from companion.cli.agents.hooks import codex_hooks, hook_command, listed
from companion.cli.agents.record import Record, sha256
from companion.cli.shared import local_time, plural
from companion.contract.types import ClientSeen, Status

_HTTP = "/hooks/v1/claude/json"
_GRACE = timedelta(seconds=60)
"""An agent runs a call as soon as it has it; a sub-agent may come to it later."""


def check_hooks(
    agent: Agent, around: Surroundings, record: Record | None, document: dict[str, Any], status: Status | None
) -> Iterator[Finding]:
    """Nothing for an agent that companion did not connect."""
    if record is None:
        return
    placed = list(_check_place(agent, around, record, document))
    yield from placed
    if status is not None and all(finding.state is State.OK for finding in placed):
        yield from _check_silence(agent, status)


def _check_place(agent: Agent, around: Surroundings, record: Record, document: dict[str, Any]) -> Iterator[Finding]:
    again = f"companion connect {agent.NAME}"
    if agent.NAME == "cline":
        yield from _check_files(agent, record, again)
        return
    command = hook_command(agent.NAME, around.places)
    if not any(_is_ours(handler, command) for handler in _handlers(document)):
        yield warn(agent.NAME, "its hook is not in place: what it runs is judged on the wire alone", again)
    elif agent.NAME == "codex":
        yield _check_trust(agent, around, record, command, again)
    else:
        yield ok(agent.NAME, "its hook asks companion before each tool")


def _check_silence(agent: Agent, status: Status) -> Iterator[Finding]:
    """A hook that is in place and does not ask: the agent left it out, or was started without it."""
    for seen in status.clients:
        if seen.client == agent.NAME and _is_silent(seen):
            since = local_time(seen.unhooked_since)
            said = (
                f"{plural(seen.unhooked, 'tool call')} let through since {since}, and its hook asked about none of them"
            )
            following = (
                f"{PLUGIN_PATIENCE}, then start Cline anew" if agent.NAME == "cline" else f"start {agent.TITLE} anew"
            )
            yield warn(agent.NAME, said, following)


def _is_silent(seen: ClientSeen) -> bool:
    return bool(seen.unhooked) and datetime.now(UTC) - datetime.fromisoformat(seen.unhooked_since) > _GRACE


def _handlers(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for group in listed(document, "hooks", "PreToolUse"):
        yield from (handler for handler in listed(group, "hooks") if isinstance(handler, dict))


def _is_ours(handler: dict[str, Any], command: str) -> bool:
    return handler.get("command") == command or str(handler.get("url", "")).endswith(_HTTP)


def _check_trust(agent: Agent, around: Surroundings, record: Record, command: str, again: str) -> Finding:
    """Codex leaves a hook that it does not trust out without a word, so it is asked."""
    told = codex_hooks(agent.PROGRAM, Path(record.path).parent, around.environ)
    if told is None:
        return warn(
            agent.NAME, "its hook is in place; whether Codex trusts it could not be asked", "install Codex, or set PATH"
        )
    ours = [hook for hook in told if hook.get("command") == command]
    if any(hook.get("trustStatus") == "trusted" and hook.get("enabled", True) for hook in ours):
        return ok(agent.NAME, "its hook asks companion before each tool, and Codex says that it trusts it")
    state = ours[0].get("trustStatus", "unknown") if ours else "not found by Codex"
    return fail(agent.NAME, f"its hook is not run: {state}", f"{again}, or /hooks in Codex")


def _check_files(agent: Agent, record: Record, again: str) -> Iterator[Finding]:
    if not record.files:
        yield warn(agent.NAME, "its plugin is not in place: what it runs is judged on the wire alone", again)
    for file in record.files:
        path = Path(file.path)
        try:
            same = sha256(path.read_bytes()) == file.sha256
        except OSError:
            same = False
        if same:
            yield ok(agent.NAME, f"{path} asks companion before each tool")
        else:
            yield fail(agent.NAME, f"{path} is not as companion made it", again)
