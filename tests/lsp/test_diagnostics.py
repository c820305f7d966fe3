from __future__ import annotations

import asyncio

from lsprotocol import types

from companion.contract.types import Problem, SecretFinding
from companion_lsp.diagnostics import to_diagnostics
from tests.lsp.conftest import Person
from tests.lsp.fake_control import FakeDaemon, until

URI = "file:///home/ada/shop/deploy.env"


async def test_a_secret_is_shown_updated_and_cleared(daemon: FakeDaemon, person: Person) -> None:
    await daemon.start()
    person.open(URI, "# 😀\nTOKEN = '😀 key-1234'\n")
    await until(lambda: person.shown(URI))
    (shown,) = person.shown(URI)
    assert shown.range == types.Range(types.Position(1, 12), types.Position(1, 20))
    assert (shown.severity, shown.source, shown.code) == (types.DiagnosticSeverity.Warning, "companion", "acme-key")
    assert shown.message == "secret (ACME): companion will replace it in prompts with SECRET_ACME_0A1B2C3D"
    assert daemon.scans[-1]["workspace"] == "/home/ada/shop"

    person.change(URI, "\fA = key-1234\nB = low-5678", 2)
    await until(lambda: len(person.shown(URI)) == 2)
    assert [one.severity for one in person.shown(URI)] == [
        types.DiagnosticSeverity.Warning,
        types.DiagnosticSeverity.Information,
    ]
    assert person.shown(URI)[1].range.start == types.Position(1, 4)
    assert not any("1234" in one.message or "5678" in one.message for one in person.shown(URI))

    person.change(URI, "nothing here", 3)
    await until(lambda: not person.shown(URI))

    person.change(URI, "key-1234", 4)
    await until(lambda: person.shown(URI))
    person.close(URI)
    await until(lambda: not person.shown(URI))


async def test_many_keystrokes_are_few_scans(daemon: FakeDaemon, person: Person) -> None:
    await daemon.start()
    await until(lambda: person.logged("is running"))
    person.open(URI, "")
    await until(lambda: URI in person.client.diagnostics)
    scans = len(daemon.scans)
    for version in range(2, 30):
        person.change(URI, "key-1234"[: version - 2], version)
    await until(lambda: person.shown(URI))
    assert len(daemon.scans) <= scans + 3


async def test_a_slow_scan_is_given_up_for_a_newer_text(daemon: FakeDaemon, person: Person) -> None:
    await daemon.start()
    daemon.hold_scans = asyncio.Event()
    person.open(URI, "key-1111 key-2222")
    await until(lambda: daemon.scans)
    daemon.hold_scans = None
    person.change(URI, "key-3333", 2)
    await until(lambda: len(person.shown(URI)) == 1)
    assert person.shown(URI)[0].range.end == types.Position(0, 8)


async def test_what_cannot_be_scanned_says_so(daemon: FakeDaemon, person: Person) -> None:
    await daemon.start()
    person.open(URI, "key-1234" + "x" * 2_000_000)
    await until(lambda: person.shown(URI))
    assert (person.shown(URI)[0].code, person.shown(URI)[0].severity) == (
        "document-too-large",
        types.DiagnosticSeverity.Information,
    )
    assert daemon.scans == []

    daemon.refuse_scans = Problem("scan-failed", "the scan ran out of time", "companion doctor")
    person.change(URI, "\ud800 key-1234", 2)
    await until(lambda: [one.code for one in person.shown(URI)] == ["not-scanned"])
    assert person.shown(URI)[0].message.endswith("the scan ran out of time. Next: companion doctor")


async def test_without_a_daemon_findings_stay_until_the_text_changes(daemon: FakeDaemon, person: Person) -> None:
    other = URI + ".bak"
    await daemon.start()
    person.open(URI, "key-1234")
    person.open(other, "key-1234")
    await until(lambda: person.shown(URI) and person.shown(other))
    await daemon.stop()
    person.change(URI, "moved key-1234", 2)
    await until(lambda: not person.shown(URI))
    assert person.shown(other)
    await daemon.start()
    await until(lambda: person.shown(URI))
    assert person.shown(URI)[0].range.start == types.Position(0, 6)


def test_of_very_many_the_first_are_shown() -> None:
    finding = SecretFinding("ACME", "acme-key", "fake", 0, 3, "high")
    shown = to_diagnostics("key", [finding] * 507, types.PositionEncodingKind.Utf16)
    assert len(shown) == 501
    assert shown[-1].message == "7 more secrets in this document are not shown."
    assert shown[0].message == "secret (ACME): companion will replace it in prompts"
