from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from companion_tui.aim import SEEN_AFTER, SEEN_AFTER_ANSWER, Aim
from tests.tui.fakes import approval

FIRST, SECOND = approval("apr-1"), approval("apr-2", "rm -rf build")

steps = st.lists(
    st.tuples(
        st.sampled_from(["first", "second", "none", "restart", "press"]),
        st.floats(min_value=0, max_value=1.5, allow_nan=False),
    ),
    max_size=30,
)


@given(steps)
@settings(max_examples=200)
def test_a_key_answers_only_what_was_in_view_long_enough_without_another_key(walk: list[tuple[str, float]]):
    aim, now = Aim(), 0.0
    in_view, quiet_since = None, 0.0
    for step, seconds in walk:
        now += seconds
        if step == "press":
            answered = aim.press(now)
            assert answered is None or (answered is in_view and now - quiet_since >= SEEN_AFTER)
            if answered is None:
                quiet_since = now
        elif step == "restart":
            aim.restart(now)
            quiet_since = now
        else:
            shown = {"first": FIRST, "second": SECOND, "none": None}[step]
            aim.at(shown, now)
            if shown is not in_view:
                in_view, quiet_since = shown, now


def test_a_fresh_list_with_the_same_approval_does_not_start_the_wait_anew():
    aim = Aim()
    aim.at(FIRST, 0.0)
    aim.at(approval("apr-1"), 0.3)
    assert aim.press(0.5) == FIRST


def test_another_action_under_the_same_id_does():
    aim = Aim()
    aim.at(FIRST, 0.0)
    aim.at(approval("apr-1", digest="another"), 0.3)
    assert aim.press(0.5) is None


def test_a_key_held_down_never_answers():
    aim = Aim()
    aim.at(FIRST, 0.0, SEEN_AFTER_ANSWER)
    assert not any(aim.press(0.66 + 0.03 * repeat) for repeat in range(200))
