import pytest

from companion.policy.shell.state import State, join


@pytest.mark.parametrize(
    ("folder", "path", "joined"),
    [
        ("", "a", "a"),
        ("s", "a", "s/a"),
        ("s", "../a", "s/../a"),
        ("s", "/a", "/a"),
        ("s", ".", "s"),
        ("/", "a", "/a"),
        ("s", "./", "s/"),
        ("", "", ""),
    ],
)
def test_join_leaves_dots_to_the_disk(folder: str, path: str, joined: str):
    assert join(folder, path) == joined


@pytest.mark.parametrize(
    ("steps", "folder"),
    [
        (["a", "b"], "a/b"),
        (["a", ".."], ""),
        ([".."], ".."),
        (["..", ".."], "../.."),
        (["/x", ".."], "/"),
        (["a/./b/../c"], "a/c"),
        (["/", "..", "a"], "/a"),
        (["../a", ".."], ".."),
    ],
)
def test_cd_takes_back_names_as_a_shell_does(steps: list[str], folder: str):
    state = State()
    for step in steps:
        state = state.enter(step)
    assert state.folders == (folder,)


def test_an_unknown_folder_stays_unknown_until_an_absolute_one():
    lost = State().enter(None)
    assert lost.locate("a") is None
    assert lost.locate("/a") == ("/a",)
    assert lost.enter("b").locate("a") is None
    assert lost.enter("/b").locate("a") == ("/b/a",)


def test_merging_keeps_what_both_agree_on():
    one, other = State().enter("a").set("x", "1").set("y", "2"), State().set("x", "1").set("y", "3")
    merged = one.merge(other)
    assert set(merged.locate("f") or ()) == {"f", "a/f"}
    assert merged.variables == {"x": "1", "y": None}


def test_a_loop_that_moves_may_be_anywhere():
    start = State()
    assert start.widen(start.enter("..")).folders is None
    assert start.widen(start).folders == ("",)


def test_too_many_folders_are_any_folder():
    state = State()
    for name in "abcdef":
        state = state.merge(State().enter(name))
    assert state.folders is None
