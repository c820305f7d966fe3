"""The daemon is found where its places say, and where it is not, the command that starts it is named."""

from __future__ import annotations

import json

import pytest

from companion.client import discover
from companion.client.discover import Endpoint, NotRunning, find_agent, find_operator, read_discovery
from companion.places import find_places

FINDERS = {"agent": find_agent, "operator": find_operator}
both = pytest.mark.parametrize("scope", FINDERS)


@pytest.fixture
def places(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path / "h"))
    found = find_places()
    found.run.mkdir(parents=True)
    return found


@both
def test_a_socket_is_found(places, scope):
    path = places.run / f"{scope}.sock"
    path.touch()
    assert FINDERS[scope](places) == Endpoint(scope, socket=path)
    assert FINDERS[scope]() == Endpoint(scope, socket=path), "by default, in the places of this environment"


@both
def test_without_a_socket_the_next_step_is_named(places, scope):
    with pytest.raises(NotRunning, match=f"{scope}.sock does not exist") as caught:
        FINDERS[scope](places)
    assert caught.value.next == "companion up"


@both
def test_where_there_are_no_unix_sockets_the_note_has_port_and_token(places, scope, monkeypatch):
    monkeypatch.setattr(discover, "HAS_UNIX_SOCKETS", False)
    with pytest.raises(NotRunning, match=f"names no {scope} endpoint"):
        FINDERS[scope](places)
    control = {name: {"url": f"http://127.0.0.1/{name}", "token": f"token of {name}"} for name in FINDERS}
    places.discovery.write_text(json.dumps({"control": control}))
    assert FINDERS[scope](places) == Endpoint(scope, None, f"http://127.0.0.1/{scope}", f"token of {scope}")


@pytest.mark.parametrize("content", [None, b"", b"{", b"[1]", b'"x"', b"\xff\xfe"])
def test_a_note_that_cannot_be_read_says_nothing(places, content):
    if content is not None:
        places.discovery.write_bytes(content)
    assert read_discovery(places) == {}


def test_a_note_is_read_whole(places):
    note = {"pid": 1, "gateway": "http://g", "later": "something new"}
    places.discovery.write_text(json.dumps(note))
    assert read_discovery(places) == note
