"""Who waits at which limit, for how long, and what is left of those who gave up. In virtual time."""

from __future__ import annotations

import asyncio

import pytest

from companion.gatekeeper.limits import LimitReached, Limits
from companion.model.budget import EACH
from companion.model.limit import Limit
from companion.model.scope import Dimension
from tests.support.limited import Call, Stage, everything, is_empty, made, play, subject
from tests.support.virtual_time import now, run


def test_a_key_with_one_call_waits_one_round_of_the_others():
    flood = [Call(0, "A", takes=1) for _ in range(20)] + [Call(0, "B", takes=1) for _ in range(20)]
    late = Call(5.5, "C", takes=1)
    play([everything(parallel=1)], [*flood, late], wait=100)
    assert late.entered == 8, "one of A and one of B went before"


def test_a_big_call_is_not_starved_by_small_ones():
    small = [Call(at / 2, "B", tokens=10) for at in range(100)]
    big = Call(10, "A", tokens=600)
    play([everything(tokens=600)], [*small, big], wait=1_000)
    assert big.entered is not None
    assert big.entered <= 10 + 60 + 1
    assert all(call.entered is not None for call in small)


def test_who_is_above_his_own_limit_holds_up_nobody_else():
    flood = [Call(0, "A") for _ in range(30)]
    others = [Call(at, "B") for at in range(10)]
    play([Limit(Dimension.KEY, EACH, 60), everything(600)], [*flood, *others])
    assert [call.entered for call in others] == list(map(float, range(10)))


def test_who_waits_for_one_model_does_not_hold_up_the_same_keys_calls_to_another():
    slow = [Call(0, model="opus", takes=25) for _ in range(2)]
    quick = Call(1, model="haiku")
    play([Limit(Dimension.MODEL, "opus", parallel=1), everything(parallel=10)], [*slow, quick])
    assert (quick.entered, slow[1].entered) == (1, 25)


def test_whoever_waits_for_two_limits_bars_only_those_that_are_closed():
    """The client's one slot is taken until 100; the tokens that are missing are there at 30."""
    holder = Call(0, "A", "x", tokens=60, takes=100)
    both = Call(1, "A", "x", tokens=30)
    behind = Call(2, "B", "y", tokens=15)
    play([Limit(Dimension.CLIENT, "x", parallel=1), everything(tokens=60)], [holder, both, behind], wait=500)
    assert behind.entered == pytest.approx(30)
    assert both.entered == 100


def test_room_that_was_given_back_is_used_at_once():
    first = Call(0, "A", tokens=60, takes=5, used=0)
    second = Call(1, "B", tokens=60)
    play([everything(tokens=60)], [first, second], wait=500)
    assert second.entered == 5


def test_what_is_settled_counts_before_the_call_has_ended():
    async def main() -> None:
        limits = made(everything(tokens=60))
        behind = Call(0, "B", tokens=60, takes=1)
        async with limits.enter(subject("A"), 60) as passed:
            playing = asyncio.create_task(Stage(limits, [behind]).one(behind))
            await asyncio.sleep(5)
            passed.settle(0)
            await asyncio.sleep(5)
        await playing
        assert behind.entered == 5

    run(main())


def test_what_was_used_beyond_the_estimate_is_waited_for():
    first = Call(0, "A", tokens=10, takes=5, used=120)
    second = Call(6, "B", tokens=1)
    play([everything(tokens=60)], [first, second], wait=500)
    assert second.entered == pytest.approx(60 + 1, abs=0.01)


def test_the_last_word_on_what_was_used_counts():
    async def main() -> None:
        limits = made(everything(tokens=60))
        async with limits.enter(subject(), 10) as passed:
            passed.settle(40)
            passed.settle(60)
            passed.settle(20)
        async with limits.enter(subject(), 40):
            assert now() == 0
        with pytest.raises(LimitReached):
            async with limits.enter(subject(), 31):
                pass

    run(main())


@pytest.mark.parametrize(
    ("limit", "code", "reached", "after"),
    [
        (everything(parallel=1), "limit-parallel", "1 call at a time", 5),
        (Limit(Dimension.CLIENT, EACH, 1), "limit-requests", "1 request a minute for client cline", 55),
        (Limit(Dimension.USER, EACH, None, 60), "limit-tokens", "60 tokens a minute for user unknown", 55),
    ],
)
def test_the_refusal_says_which_limit_and_when_to_come_again(limit, code, reached, after):
    first, second = Call(0, tokens=60, takes=20), Call(0, "B", tokens=60)
    play([limit], [first, second], wait=5)
    assert (second.refused.code, second.refused.retry_after_seconds) == (code, after)
    message = f"the limit of {reached} is reached, and no turn came within 5 s; try again in {after} s"
    assert str(second.refused) == message


def test_whoever_is_behind_is_told_of_what_is_before_him():
    first, *rest = [Call(0, "A", tokens=60), Call(1, "A", tokens=60), Call(1.5, "B", tokens=0), Call(2, "A", tokens=60)]
    play([everything(tokens=60)], [first, *rest], wait=5)
    assert first.entered == 0
    assert [str(call.refused).rpartition("try again in ")[2] for call in rest] == ["54 s", "54 s", "53 s"]
    assert {call.refused.code for call in rest} == {"limit-tokens"}


def test_without_a_wait_a_call_is_refused_at_once():
    first, second = Call(0, takes=3), Call(1)
    play([everything(parallel=1)], [first, second], wait=0)
    assert "calls do not wait" in str(second.refused)


def test_who_is_cancelled_as_he_is_let_in_gives_everything_back():
    async def main() -> None:
        limits = made(everything(parallel=1, tokens=60, requests=10))
        holding = limits.enter(subject(), 0)
        await holding.__aenter__()
        entered = []

        async def enter() -> None:
            async with limits.enter(subject("B"), 60):
                entered.append(now())

        task = asyncio.create_task(enter())
        await asyncio.sleep(10)
        await holding.__aexit__(None, None, None)
        assert limits.waiting == 0, "he was let in"
        task.cancel()
        await asyncio.wait([task])
        assert (task.cancelled(), entered) == (True, [])
        async with limits.enter(subject("C"), 60):
            assert now() == 10
        assert is_empty(limits)

    run(main())


def test_who_is_cancelled_is_passed_over_before_he_knows_it():
    async def main() -> None:
        limits = made(everything(parallel=1))
        holding = limits.enter(subject(), 0)
        await holding.__aenter__()
        stage = Stage(limits, [Call(0, "B"), Call(1, "C")])
        first, second = (asyncio.create_task(stage.one(call)) for call in stage.calls)
        await asyncio.sleep(10)
        first.cancel()
        await holding.__aexit__(None, None, None)
        await asyncio.wait([first, second])
        assert (first.cancelled(), stage.calls[1].entered) == (True, 10)
        assert is_empty(limits)

    run(main())


def test_no_timer_outlives_its_call():
    async def main() -> None:
        await Stage(made(everything(60, parallel=1)), [Call(0, takes=1), Call(0, takes=1)]).play()
        await asyncio.sleep(0)
        assert [one for one in asyncio.get_running_loop()._scheduled if not one.cancelled()] == []

    run(main())


def test_who_is_cancelled_makes_room_for_those_behind():
    big, small = Call(0, "A", tokens=60, cancelled_after=5), Call(1, "B", tokens=10)
    play([everything(tokens=60)], [Call(0, "C", tokens=50), big, small])
    assert small.entered == 5


def test_an_error_inside_leaves_nothing_behind():
    async def main() -> None:
        limits = made(everything(parallel=1))
        for _ in range(3):
            with pytest.raises(ValueError, match="boom"):
                async with limits.enter(subject(), 5):
                    raise ValueError("boom")
        assert is_empty(limits)

    run(main())


def test_other_limits_let_in_who_waits_and_hold_up_who_comes():
    async def main() -> None:
        limits = made(everything(parallel=1))
        stage = Stage(limits, [Call(0, takes=50), Call(1, takes=50), Call(20, takes=1), Call(60, takes=1)])
        loop = asyncio.get_running_loop()
        loop.call_later(10, limits.replace, [everything(parallel=2)], 5)
        loop.call_later(55, limits.replace, [], 5)
        await stage.play()
        first, second, third, fourth = stage.calls
        assert (first.entered, second.entered, third.entered, fourth.entered) == (0, 10, None, 60)
        assert third.refused
        assert is_empty(limits)

    run(main())


def test_limits_that_nobody_set_keep_nothing():
    async def main() -> None:
        limits = made()
        async with limits.enter(subject(), 10**9):
            assert is_empty(limits)

    run(main())


async def test_in_real_time_too():
    limits = Limits([everything(requests=6_000, parallel=1)])
    inside = 0

    async def one(key: str) -> None:
        nonlocal inside
        async with limits.enter(subject(key), 1):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(one("AB"[number % 2]) for number in range(50)))
    assert limits.waiting == 0
