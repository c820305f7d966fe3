from __future__ import annotations

import select
import socket

import pytest

from companion.upstream.http1.readable import readable


@pytest.mark.parametrize("kind", ["poll", "select"])
def test_what_the_peer_did_is_known_at_once(kind, monkeypatch):
    if kind == "select":
        monkeypatch.delattr(select, "poll", raising=False)
    for done in (lambda peer: peer.send(b"x"), lambda peer: peer.shutdown(socket.SHUT_WR), socket.socket.close):
        ours, peer = socket.socketpair()
        with ours, peer:
            asked = readable(ours.fileno())
            assert not asked()
            done(peer)
            assert asked()
            assert asked()
