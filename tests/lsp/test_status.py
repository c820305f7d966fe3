from __future__ import annotations

import os
import subprocess

import pytest

from companion import __version__
from companion_lsp.editor import Options, read_options
from companion_lsp.setup import build_server
from tests.lsp.conftest import SERVER, Person
from tests.lsp.fake_control import FakeDaemon, until


async def status(person: Person) -> dict[str, object]:
    answer = await person.client.protocol.send_request_async("companion/status", {})
    return dict(answer._asdict())


async def test_status_with_and_without_a_daemon(daemon: FakeDaemon, person: Person) -> None:
    before = await status(person)
    assert (before["running"], before["next"]) == (False, "companion up")
    await until(lambda: person.logged("no daemon is running"))

    await daemon.start()
    await until(lambda: person.logged("companion 9.9 is running"))
    now = await status(person)
    assert (now["running"], now["spent_today_pd"], now["version"]) == (True, 1_250_000_000_000, "9.9")

    await daemon.stop()
    assert (await status(person))["running"] is False
    await daemon.start()
    await until(lambda: daemon.listeners)
    daemon.open()
    await person.question()
    assert person.client.messages == []


@pytest.mark.parametrize("announced", [{"companion": {"status": True}}])
async def test_a_client_that_wants_changes_is_told_instead_of_the_log(daemon: FakeDaemon, person: Person) -> None:
    await until(lambda: [change.running for change in person.changes] == [False])
    await daemon.start()
    await until(lambda: person.changes[-1].running)
    await until(lambda: daemon.listeners)
    daemon.open()
    await until(lambda: getattr(person.changes[-1], "event", "") == "approval.opened")
    assert person.client.log_messages == []


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (None, Options()),
        ([], Options()),
        ({"companion": 3}, Options()),
        ({"companion": {"approval": "yes", "status": 1}}, Options()),
        ({"companion": {"approval": True}, "other": 1}, Options(approval=True)),
        ({"companion": {"status": True, "new": 1}}, Options(status=True)),
    ],
)
def test_options(given: object, read: Options) -> None:
    assert read_options(given) == read


def test_a_request_without_parameters_is_understood() -> None:
    read = build_server().protocol.structure_message({"jsonrpc": "2.0", "id": 1, "method": "companion/status"})
    assert (read.id, read.params) == (1, None)


def said(option: str) -> str:
    return subprocess.run([SERVER, option], capture_output=True, text=True, check=True).stdout


def test_version_and_help() -> None:
    assert said("--version").strip() == f"companion-lsp {__version__}"
    assert "language server protocol" in said("--help")


def test_it_ends_when_the_editor_goes_away(home: object) -> None:
    environ = {**os.environ, "COMPANION_HOME": str(home)}
    ended = subprocess.run([SERVER], input=b"", capture_output=True, timeout=20, env=environ, check=True)
    assert ended.stderr == b""
