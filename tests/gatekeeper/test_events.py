from __future__ import annotations

from companion.gatekeeper.events import EventBus, Listeners
from tests.support.rooms import NOON, Heard


async def test_everybody_hears_and_who_does_not_read_loses_the_oldest():
    bus = EventBus(lambda: NOON)
    with bus.subscribe() as slow, bus.subscribe() as quick:
        for number in range(1500):
            bus.notice("exchange.opened", str(number), "", {})
            assert quick.get_nowait().id == str(number)
        assert slow.qsize() == 1000
        assert slow.get_nowait().id == "500"
        bus.close()
        assert quick.get_nowait() is None
    bus.notice("exchange.opened", "x", "", {})
    assert quick.empty(), "who left hears nothing"


async def test_a_listener_that_raises_is_told_of_and_keeps_nobody_from_hearing():
    class Broken:
        def notice(self, *_: object) -> None:
            raise ValueError("deaf")

    heard, failures = Heard(), []
    listeners = Listeners([Broken(), heard], lambda name, error: failures.append((name, str(error))))
    listeners.notice("a", "b", "c", {})
    assert heard.notices == [("a", "b", "c", {})]
    assert failures == [("listener Broken", "deaf")]
