"""`companion disconnect`: the settings as they were, and no live key left behind."""

from __future__ import annotations

from pathlib import Path

from companion.cli.agents.agent import Agent
from companion.cli.agents.errors import Impossible
from companion.cli.agents.files import take_back
from companion.cli.agents.ground import Ground, Report, Surroundings, find_ground
from companion.cli.agents.record import Backup, Record
from companion.cli.agents.settings import (
    SettingsFile,
    check_writable,
    diff,
    look,
    make_folders,
    put_in_place,
    remove,
    remove_empty,
)
from companion.client import Client, NotRunning, Refused, calls


def disconnect(agent: Agent, around: Surroundings, client: Client | None) -> Report:
    """Puts the settings back as they were and revokes the key. `client` is None when no daemon runs.

    What the user changed since stays; only companion's entries go. Raises Impossible, and then nothing has changed.
    """
    backup = Backup(around.places, agent.NAME)
    record = backup.read()
    if record is None:
        file = look(agent.settings(around.environ, around.home, None))
        return Report(agent.NAME, str(file.path), changed=False, remarks=[f"{agent.TITLE} is not connected."])
    file = look(Path(record.path))
    stored = backup.base(record)
    try:
        ground = find_ground(agent, backup, record, file)
    except Impossible as error:
        raise Impossible(
            f"{error}. So companion's entries cannot be taken out",
            f"mend it and type: companion disconnect {agent.NAME}. As it was before: {backup.folder}",
        ) from error
    if ground.content != file.content:
        check_writable(file)
        _put_back(record, file, ground)
    kept = take_back(record.files)
    revoked, remarks = _revoke(record, client)
    remarks += [f"{path} was changed since companion made it, so it stays." for path in kept]
    if ground.moved:
        remarks.insert(0, "The settings were changed since they were connected: only companion's entries were undone.")
    backup.forget()
    return Report(
        agent=agent.NAME,
        settings=str(file.path),
        changed=ground.content != file.content,
        diff=diff(file.path, file.content, ground.content),
        gateway=record.gateway,
        key_id=record.key_id,
        key_revoked=revoked,
        exact=ground.content == stored,
        gone=ground.content is None,
        remarks=remarks,
        files=[one.path for one in record.files if one.path not in kept],
    )


def _put_back(record: Record, file: SettingsFile, ground: Ground) -> None:
    if ground.content is None:
        remove(file.path)
        remove_empty([Path(folder) for folder in record.folders])
        return
    first = not ground.moved and not record.rebased
    make_folders(file.path.parent)
    put_in_place(file.path, ground.content, record.mode, file.content, record.mtime_ns if first else None)


def _revoke(record: Record, client: Client | None) -> tuple[bool, list[str]]:
    if not record.key_id:
        return False, ["The key in these settings was not made by companion connect, so it stays live."]
    stays = f"The virtual key stays live until you type: companion keys revoke {record.key_id}"
    if client is None:
        return False, [f"No daemon runs. {stays}"]
    try:
        client.do(calls.revoke_key(record.key_id))
    except (NotRunning, Refused) as error:
        return False, [f"{error}. {stays}"]
    return True, []
