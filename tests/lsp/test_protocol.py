"""companion's own requests pass through pygls as plain JSON, and the protocol's own stay as they are."""

from __future__ import annotations

from typing import Any

import pytest
from lsprotocol import types

from companion_lsp.protocol import APPROVAL, STATUS, STATUS_CHANGED, PlainRequest, PlainResponse
from companion_lsp.setup import build_server

own = pytest.mark.parametrize("method", [STATUS, APPROVAL])


@pytest.fixture
def protocol() -> Any:
    return build_server().protocol


@own
@pytest.mark.parametrize("params", [None, {}, {"approve": True, "nested": {"a": [1]}}, [1, "x"]])
def test_a_request_of_our_own_has_plain_parameters_or_none(protocol: Any, method: str, params: Any) -> None:
    plain = {"jsonrpc": "2.0", "id": 7, "method": method}
    read = protocol.structure_message(plain if params is None else plain | {"params": params})
    assert isinstance(read, PlainRequest)
    assert (read.id, read.method, read.params) == (7, method, params)


@own
@pytest.mark.parametrize("result", [None, {"approve": False, "reason": "no"}, "junk"])
def test_its_result_is_whatever_the_client_says(protocol: Any, method: str, result: Any) -> None:
    protocol._result_types["7"] = protocol.get_result_type(method)
    read = protocol.structure_message({"jsonrpc": "2.0", "id": "7", "result": result})
    assert isinstance(read, PlainResponse)
    assert read.result == result


def test_a_request_of_the_protocol_is_checked_as_ever(protocol: Any) -> None:
    assert protocol.get_message_type(types.SHUTDOWN) is types.ShutdownRequest
    assert protocol.get_result_type(types.SHUTDOWN) is types.ShutdownResponse
    assert protocol.get_message_type("companion/unknown") is None


def test_our_methods_stand_apart_from_the_protocols_own() -> None:
    names = [STATUS, STATUS_CHANGED, APPROVAL]
    assert len(set(names)) == 3
    assert all(name.startswith("companion/") for name in names)
