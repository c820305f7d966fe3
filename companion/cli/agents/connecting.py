"""`companion connect`: settings, backup and virtual key change together or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from companion.cli.agents.agent import Agent, Hook, NeedsModel, Wanted
from companion.cli.agents.changes import Change, apply
from companion.cli.agents.errors import Impossible, Unfit
from companion.cli.agents.files import compare, place, take_back
from companion.cli.agents.ground import (
    Choice,
    Ground,
    Report,
    Surroundings,
    find_ground,
    is_virtual,
    read_link,
    start,
    takes,
)
from companion.cli.agents.hooks import OwnFile, hook_command, version_of
from companion.cli.agents.record import Backup, Placed, Record, sha256
from companion.cli.agents.settings import (
    PRIVATE,
    SettingsFile,
    check_writable,
    diff,
    look,
    make_folders,
    missing_folders,
    put_in_place,
    remove_empty,
)
from companion.client import Client, NotRunning, Refused, calls
from companion.contract.types import NewKey, Status

STAND_IN = "cmp-… made by companion connect"
"""Shown in place of a key that does not exist yet."""


_SPOKEN = {
    "api.anthropic.com": {"messages"},
    "api.openai.com": {"chat/completions", "responses"},
}
"""What the providers' own addresses serve. Of any other address nothing is known."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """The settings to write, for any key."""

    agent: Agent
    file: SettingsFile
    base: str
    wanted: Wanted

    def settle(self, key: str) -> tuple[list[Change], bytes]:
        """The entries and the whole file. Raises Impossible."""
        try:
            changes = self.agent.changes(self.agent.SYNTAX.parse(self.base), replace(self.wanted, key=key))
            return changes, self.file.encoded(apply(self.agent.SYNTAX, self.base, changes))
        except Unfit as error:
            path = self.file.path
            raise Impossible(f"{path}: {error}; the file is left as it is", f"mend {path}, then try again") from error
        except NeedsModel:
            raise Impossible(
                f"{self.agent.TITLE} asks for a model by name, and neither the tiers nor its settings name one",
                f"companion connect {self.agent.NAME} --model NAME",
            ) from None

    def remarks(self, environ: Mapping[str, str]) -> list[str]:
        return self.agent.remarks(self.agent.SYNTAX.parse(self.base), self.wanted, environ)


def connect(agent: Agent, around: Surroundings, client: Client, choice: Choice, now: datetime) -> Report:
    """Sets the agent up for the running daemon. Doing it twice changes nothing and makes no second key.

    Raises Impossible, and then neither the settings nor the set of live keys has changed; NotRunning; Refused.
    """
    status = client.do(calls.status())
    backup = Backup(around.places, agent.NAME)
    record = backup.read()
    file = look(agent.settings(around.environ, around.home, choice.folder))
    if record is not None and Path(record.path) != file.path:
        raise Impossible(f"{agent.TITLE} is connected already, in {record.path}", f"companion disconnect {agent.NAME}")
    check_writable(file)
    ground = find_ground(agent, backup, record, file)
    at = record.connected_at if record else f"{now:%Y-%m-%dT%H:%M:%S}.000Z"
    hook = _hook(agent, around, client, file) if choice.hooks else Hook()
    wanted = Wanted(status.gateway, "", status.tiers, at, choice.model, hook)
    own = compare(agent.files(around.home, wanted))
    plan = _Plan(agent, file, start(agent, ground.content, file.path), wanted)
    present = _live_key(agent, file, status)
    content = plan.settle(present or STAND_IN)[1]
    report = Report(
        agent=agent.NAME,
        settings=str(file.path),
        changed=content != file.content or own.changed,
        diff=diff(file.path, file.content, content),
        linked_from=str(file.given) if file.linked else "",
        gateway=status.gateway,
        key_id=record.key_id if record and present and sha256(present.encode()) == record.key_sha256 else "",
        dry_run=choice.dry_run,
        remarks=[
            *strangers(agent, status),
            *plan.remarks(around.environ),
            *(f"{path} is not companion's, so it stays: this layer of hooks is missing" for path in own.strange),
        ],
        files=[one.path for one in own.wanted],
    )
    if choice.dry_run or not report.changed:
        return report
    made = None if present else _new_key(agent, client)
    changes, content = plan.settle(made.secret if made else present)
    fresh = Record(
        agent=agent.NAME,
        given=str(file.given),
        path=str(file.path),
        folder=str(choice.folder) if choice.folder else "",
        existed=record.existed if record else file.content is not None,
        mode=record.mode if record else file.mode,
        mtime_ns=record.mtime_ns if record else file.mtime_ns,
        sha256_before=record.sha256_before if record else sha256(file.content),
        sha256_written=sha256(content),
        gateway=status.gateway,
        connected_at=at,
        key_id=made.id if made else report.key_id,
        key_sha256=sha256((made.secret if made else present).encode()),
        marks=[change.mark for change in changes],
        folders=record.folders if record else [str(folder) for folder in missing_folders(file.path.parent)],
        rebased=ground.moved or bool(record and record.rebased),
    )
    placed = place(own.wanted)
    fresh = replace(fresh, files=[*placed, *_others(record, own.wanted)])
    try:
        _commit(backup, record, fresh, file, content, ground)
    except BaseException:
        if record is None:
            take_back(placed)
        if made is not None:
            _revoke(client, made.id)
        raise
    if record is not None and record.key_id not in {"", fresh.key_id}:
        _revoke(client, record.key_id)
    shown = diff(file.path, file.content, content)
    return replace(report, diff=shown, key_id=fresh.key_id, key_made=made is not None)


def _hook(agent: Agent, around: Surroundings, client: Client, file: SettingsFile) -> Hook:
    return Hook(
        hook_command(agent.NAME, around.places),
        client.do(calls.hooks())["token"],
        str(file.path),
        str(agent.folder(file.path)),
        version_of(agent.PROGRAM, around.environ),
    )


def _others(record: Record | None, wanted: Sequence[OwnFile]) -> list[Placed]:
    """Files of a connection before this one that are not placed any more."""
    now = {one.path for one in wanted}
    return [one for one in (record.files if record else []) if one.path not in now]


def strangers(agent: Agent, status: Status) -> list[str]:
    """A sentence for each upstream in use that is known not to speak the agent's dialect; companion translates none."""
    said = []
    for name, url in status.upstreams.items():
        spoken = _SPOKEN.get(urlsplit(url).hostname or "")
        if spoken is not None and agent.DIALECT not in spoken:
            said.append(
                f"The upstream {name} ({url}) does not speak {agent.DIALECT}, which {agent.TITLE} does: its calls will "
                f"fail there. Give companion an upstream that does, or connect another agent (docs/agents.md)."
            )
    return said


def _live_key(agent: Agent, file: SettingsFile, status: Status) -> str:
    """The virtual key that the settings hold, when this daemon takes it; else "". Raises Impossible."""
    key = read_link(agent, file)[1].key
    if not is_virtual(key):
        return ""
    taken = takes(status.gateway, key)
    if taken is None:
        # Not a reason to replace a key that may well be live.
        raise Impossible(f"the gateway {status.gateway} does not answer", "companion doctor")
    return key if taken else ""


def _new_key(agent: Agent, client: Client) -> NewKey:
    """Named after the agent. Raises Refused."""
    taken = {key.name for key in client.do(calls.keys()) if not key.revoked_at}
    names = [agent.NAME, *(f"{agent.NAME}-{number}" for number in range(2, len(taken) + 3))]
    return client.do(calls.new_key(next(name for name in names if name not in taken)))


def _revoke(client: Client, key_id: str) -> None:
    # A ledger that was begun anew does not know the key: it is as dead as it should be.
    with contextlib.suppress(NotRunning, Refused):
        client.do(calls.revoke_key(key_id))


def _commit(
    backup: Backup, record: Record | None, fresh: Record, file: SettingsFile, content: bytes, ground: Ground
) -> None:
    try:
        if record is None:
            backup.keep(file.content)
        if ground.moved and ground.content is not None:
            backup.rebase(ground.content)
        # The manifest comes first: a crash in between leaves settings that disconnect finds unchanged.
        backup.write(fresh)
        make_folders(file.path.parent)
        put_in_place(file.path, content, PRIVATE, file.content)
    except BaseException:
        if record is None:
            remove_empty([Path(folder) for folder in fresh.folders])
            backup.forget()
        else:
            backup.write(record)
        raise
