"""Text of ignored files in a prompt, through the real daemon: it does not leave, and everything else does."""

from __future__ import annotations

import json

import pytest

from companion.client import calls
from tests.support.ignored import prose, put
from tests.support.scenes import DIALECTS, GITHUB


@pytest.mark.parametrize("name", DIALECTS)
def test_an_excerpt_leaves_as_the_name_of_its_rule(scene, name):
    put(scene.workspace / "internal.txt", prose("internal"))
    put(scene.workspace / "open.txt", prose("open"))
    excerpt = prose("internal")[100:700]
    scene.ask(name, f"my token {GITHUB}, then\n{excerpt}\nand {prose('open')}")
    raw = scene.upstream.requests[0][2].decode()
    said = json.dumps(raw)
    assert "ignored file left out (.clineignore, line 1: internal.txt)" in raw
    assert not any(line in said for line in excerpt.splitlines()[1:-1])
    assert all(line in said for line in prose("open").splitlines())
    assert GITHUB not in said
    line = scene.companion.lines("model")[-1]
    assert (line.outcome, line.redactions) == ("amend", 2)
    assert {remark.code for remark in line.remarks} == {"secrets-redacted", "ignored-text-redacted"}


def test_nothing_of_it_is_written_down(scene):
    put(scene.workspace / "internal.txt", prose("written"))
    scene.ask(DIALECTS[0], prose("written"))
    assert "ignored-text-redacted" in {remark.code for remark in scene.companion.lines("model")[-1].remarks}
    words = prose("written").splitlines()[3][:30].encode()
    state = [path for path in scene.companion.places.state.rglob("*") if path.is_file()]
    assert any(path.suffix == ".prints" for path in state)
    assert not any(words in path.read_bytes() for path in state)


def test_status_says_what_is_recognised(scene):
    put(scene.workspace / "internal.txt", prose("told"))
    scene.ask(DIALECTS[0], "hello")
    found = {one.workspace: one for one in scene.companion.ask(calls.status()).indexes}
    line = found[str(scene.workspace)]
    assert (line.state, line.files, line.bytes) == ("ready", 1, len(prose("told")))
    assert "internal" not in json.dumps(line.left_out)
    assert "recognised" in scene.companion.run("status").stdout
