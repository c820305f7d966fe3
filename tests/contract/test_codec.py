from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.contract import types
from companion.contract.codec import WireError, decode, encode, to_plain

KINDS = [
    types.Answer, types.Approval, types.Event, types.ExchangeLine, types.SpendReport, types.Status, types.SecretFinding,
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_every_wire_type_comes_back_as_it_went(kind, data):
    value = data.draw(st.from_type(kind))
    assert decode(encode(value), kind) == value


def test_a_newer_daemons_fields_are_passed_over_and_missing_ones_said():
    plain = to_plain(types.Answer(True, "cli")) | {"new": 1}
    assert decode(encode(plain), types.Answer) == types.Answer(True, "cli")
    with pytest.raises(WireError, match="by"):
        decode(b'{"approve": true}', types.Answer)


@given(st.binary(max_size=30))
def test_junk_is_a_wire_error_and_nothing_else(raw):
    with pytest.raises(WireError):
        decode(raw, types.Status)
