"""`companion-lsp` as a program: options, and nothing but the protocol on standard output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from companion import __version__
from companion_lsp import server, setup
from tests.lsp.conftest import SERVER


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", ["companion-lsp", *arguments])
    with pytest.raises(SystemExit) as ended:
        server.main()
    return ended.value.code


def test_version_and_help(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"companion-lsp {__version__}\n"
    assert run(monkeypatch, "--help") == 0
    assert "an editor starts it" in " ".join(capsys.readouterr().out.split())


def test_another_way_than_standard_input_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--tcp") == 2
    assert "--tcp" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--stdio"]])
def test_it_serves_over_standard_input_and_output(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    started = []

    class Built:
        def start_io(self) -> None:
            started.append(True)

    monkeypatch.setattr(setup, "build_server", Built)
    monkeypatch.setattr(sys, "argv", ["companion-lsp", *arguments])
    server.main()
    assert started == [True]


def frame(message: dict[str, object]) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def test_standard_output_holds_the_protocol_and_nothing_else(home: Path) -> None:
    asked = [
        frame({"id": 1, "method": "initialize", "params": {"capabilities": {}}}),
        frame({"id": 2, "method": "nobody/knows", "params": {}}),
        frame({"method": "textDocument/didOpen", "params": {"malformed": True}}),
        frame({"id": 3, "method": "shutdown"}),
        frame({"method": "exit"}),
    ]
    environ = {**os.environ, "COMPANION_HOME": str(home)}
    done = subprocess.run(
        [SERVER, "--stdio"], input=b"".join(asked), capture_output=True, timeout=30, env=environ, check=False
    )
    assert done.returncode == 0
    assert b"ERROR companion_lsp.setup" in done.stderr
    left, answered = done.stdout, []
    while left:
        head, _, rest = left.partition(b"\r\n\r\n")
        length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        answered.append(json.loads(rest[:length]))
        left = rest[length:]
    assert {one["id"]: "error" in one for one in answered} == {1: False, 2: True, 3: False}
