"""No limit is ever passed, nobody starves, and whoever gives up leaves nothing behind. In virtual time."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.gatekeeper.limits import LimitReached, Limits
from companion.model.budget import ALL, EACH
from companion.model.limit import Limit
from companion.model.scope import Dimension
from tests.support.virtual_time import now, run


def subject(key="A", client="cline", model="m"):
    given = {Dimension.GLOBAL: ALL, Dimension.KEY: key, Dimension.CLIENT: client, Dimension.MODEL: model}
    return dict.fromkeys(Dimension, "") | given


def everything(requests=None, tokens=None, parallel=None) -> Limit:
    return Limit(Dimension.GLOBAL, ALL, requests, tokens, parallel)


def made(*limits: Limit, wait: float = 30) -> Limits:
    return Limits(limits, wait, now)


def is_empty(limits: Limits) -> bool:
    """Whether nothing is left of any call, once all that passed is long ago."""
    limits._gates.replace([], now() + 10**9)
    forgotten = all(not names.own and names.rest is None for names in limits._gates._by.values())
    return forgotten and limits.waiting == 0


@dataclass
class Call:
    """A call as it is planned, and what came of it."""

    at: float
    key: str = "A"
    client: str = "cline"
    model: str = "m"
    tokens: int = 0
    takes: float = 0
    used: int | None = None
    cancelled_after: float | None = None
    entered: float | None = None
    left: float | None = None
    refused: LimitReached | None = None
    order: int = -1

    @property
    def subject(self):
        return subject(self.key, self.client, self.model)


@dataclass
class Stage:
    """Plays calls against limits."""

    limits: Limits
    calls: list[Call]
    entries: list[Call] = field(default_factory=list)

    async def one(self, call: Call) -> None:
        await asyncio.sleep(call.at)
        try:
            async with self.limits.enter(call.subject, call.tokens) as passed:
                call.entered, call.order = now(), len(self.entries)
                self.entries.append(call)
                try:
                    await asyncio.sleep(call.takes)
                    if call.used is not None:
                        passed.settle(call.used)
                finally:
                    call.left = now()
        except LimitReached as reached:
            call.refused = reached
            assert now() == pytest.approx(call.at + self.limits._wait_seconds)

    async def play(self) -> list[Call]:
        """The calls in the order in which they came in."""
        tasks = [asyncio.create_task(self.one(call)) for call in self.calls]
        for call, task in zip(self.calls, tasks, strict=True):
            if call.cancelled_after is not None:
                asyncio.get_running_loop().call_later(call.at + call.cancelled_after, task.cancel)
        probe = asyncio.create_task(self.look_now_and_then())
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        if probe.done():
            await probe
        probe.cancel()
        assert all(end is None or isinstance(end, asyncio.CancelledError) for end in ends), ends
        assert self.limits.waiting == 0
        assert all(
            gate.users == gate.inside == 0
            for names in self.limits._gates._by.values()
            for gate in [*names.own.values(), *([names.rest] if names.rest else [])]
        )
        return self.entries

    async def look_now_and_then(self) -> None:
        """Nobody waits for a look that never comes: one more lets nobody in."""
        for _ in range(40):
            await asyncio.sleep(1.7 + 1e-4)
            waiting = self.limits.waiting
            self.limits._serve()
            assert self.limits.waiting == waiting


def play(limits: list[Limit], calls: list[Call], wait: float = 30) -> list[Call]:
    async def main() -> list[Call]:
        stage = Stage(made(*limits, wait=wait), calls)
        entries = await stage.play()
        assert is_empty(stage.limits)
        return entries

    return run(main())


MOMENTS = st.integers(0, 80).map(lambda tenths: tenths / 2)
CALLS = st.lists(
    st.builds(
        Call,
        at=MOMENTS,
        key=st.sampled_from("ABC"),
        client=st.sampled_from(["cline", "claude"]),
        model=st.sampled_from(["m", "n"]),
        tokens=st.integers(0, 50),
        takes=st.integers(0, 30).map(float),
        cancelled_after=st.none() | st.none() | MOMENTS,
    ),
    max_size=30,
)


def apart(calls: list[Call]) -> list[Call]:
    """The same calls, so that no two things happen at the same moment."""
    return [replace(one, at=one.at + n / 1009, takes=one.takes + n / 5003) for n, one in enumerate(calls)]


AMOUNTS = st.none() | st.integers(1, 120)
LIMITS = st.lists(
    st.builds(
        Limit,
        st.sampled_from([Dimension.KEY, Dimension.CLIENT, Dimension.MODEL]),
        st.sampled_from([EACH, "A", "cline", "m"]),
        AMOUNTS,
        st.none() | st.integers(50, 300),
        st.none() | st.integers(1, 4),
    )
    | st.builds(everything, AMOUNTS, st.none() | st.integers(50, 300), st.none() | st.integers(1, 4)),
    max_size=4,
)


def limited(limits: list[Limit]):
    """Each limit in force, amount by amount, with the calls that it is about."""
    for dimension in Dimension:
        ours = [limit for limit in limits if limit.dimension is dimension]
        for amount in ("requests_per_minute", "tokens_per_minute", "parallel"):

            def least(name, ours=ours, amount=amount):
                return min(
                    (found for one in ours if one.name == name and (found := getattr(one, amount))), default=None
                )

            each = least(EACH)
            named = {limit.name: least(limit.name) or each for limit in ours}

            def most(call, dimension=dimension, named=named, each=each):
                return named.get(call.subject[dimension], each)

            yield dimension, amount, most


@settings(deadline=None, max_examples=150)
@given(LIMITS, CALLS)
def test_law_no_limit_is_ever_passed(limits, calls):
    entries = play(limits, calls)
    for dimension, amount, most in limited(limits):
        for name in {call.subject[dimension] for call in entries}:
            ours = [call for call in entries if call.subject[dimension] == name]
            limit = most(ours[0])
            if limit is None:
                continue
            if amount == "parallel":
                for call in ours:
                    inside = [one for one in ours if one.order <= call.order and one.left >= call.entered]
                    ended = [one for one in inside if one.left == call.entered and one is not call]
                    assert len(inside) - len(ended) <= limit
                continue
            burst = max(1, limit // 10) if amount == "requests_per_minute" else limit
            for first, last in itertools.combinations_with_replacement(range(len(ours)), 2):
                span = ours[first : last + 1]
                passed = len(span) if amount == "requests_per_minute" else sum(call.tokens for call in span)
                assert passed <= burst + (ours[last].entered - ours[first].entered) * limit / 60 + 1e-3


@settings(deadline=None, max_examples=150)
@given(LIMITS, CALLS)
def test_law_every_call_passes_is_refused_in_time_or_was_cancelled(limits, calls):
    entries = play(limits, calls)
    for call in calls:
        assert (call.entered is None) or call.refused is None
        if call.entered is None and call.refused is None:
            assert call.cancelled_after is not None
        if call.entered is not None:
            assert 0 <= call.entered - call.at <= 30 + 1e-6
    free = [call for call in calls if all(most(call) is None for *_, most in limited(limits))]
    assert all(call.entered == pytest.approx(call.at) for call in free if call.cancelled_after != 0)
    assert len(entries) == sum(call.entered is not None for call in calls)


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from([everything(parallel=1), everything(parallel=2), everything(12), everything(60, 60)]),
    CALLS,
)
def test_law_keys_take_turns_and_nobody_waits_longer_than_a_round(limit, calls):
    """While a call waits as the n-th of its key, no other key has more than n turns."""
    calls = apart(calls)
    entries = play([limit], calls, wait=10**6)
    for call in entries:
        own = [one for one in calls if one.key == call.key and one.at <= call.at]
        place = sum(one.entered is None or one.entered >= call.at for one in own)
        meanwhile = [one for one in entries if call.at < one.entered < call.entered and one.key != call.key]
        assert all(turns <= place for turns in Counter(one.key for one in meanwhile).values())


@settings(deadline=None, max_examples=100)
@given(st.sampled_from([everything(parallel=1), everything(12), everything(60, 60)]), CALLS)
def test_law_of_one_key_who_came_first_goes_first(limit, calls):
    entries = play([limit], apart(calls), wait=10**6)
    for key in "ABC":
        came = [call.at for call in entries if call.key == key]
        assert came == sorted(came)


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
