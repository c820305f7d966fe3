import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.policy.acceptance import FOREVER, Acceptance, Acceptances, is_within

PRINT = "0a" * 16
names = st.text("ab", min_size=1, max_size=2)
paths = st.lists(names, max_size=4).map(lambda parts: "/" + "/".join(parts))


def never() -> str:
    raise AssertionError("nobody asked for a value")


@given(paths, paths)
def test_law_within_is_what_the_folders_say(place: str, scope: str) -> None:
    parts, wanted = [[part for part in path.split("/") if part] for path in (place, scope)]
    assert is_within(place, scope) == (parts[: len(wanted)] == wanted)


@pytest.mark.parametrize(
    ("place", "scope", "within"),
    [
        ("/w", "", True),
        ("", "", True),
        ("", "/w", False),
        ("/w", "/w", True),
        ("/w/", "/w", True),
        ("/w/a.py", "/w", True),
        ("/work", "/w", False),
        ("/", "/w", False),
        ("/w/../x", "/w", False),
        ("w/a", "/w", False),
        ("/w//a/./b", "/w/a", True),
        ("C:\\w\\a", "C:\\w", True),
        ("C:/w/a", "C:\\w", True),
    ],
)
def test_where_a_scope_reaches(place: str, scope: str, within: bool) -> None:
    assert is_within(place, scope) is within


@pytest.mark.parametrize(
    ("asked", "rule", "place", "now_ns", "covered"),
    [
        (Acceptance(PRINT), "any", "", 1, True),
        (Acceptance(PRINT), "", "/w", 1, True),
        (Acceptance("ff" * 16), "any", "/w", 1, False),
        (Acceptance(PRINT, scope="/w"), "any", "/w/x", 1, True),
        (Acceptance(PRINT, scope="/w"), "any", "/v", 1, False),
        (Acceptance(rule="r", scope="/w"), "r", "/w", 1, True),
        (Acceptance(rule="r", scope="/w"), "s", "/w", 1, False),
        (Acceptance(rule="r", scope="/w"), "", "/w", 1, False),
        (Acceptance(PRINT, expires_at_ns=5), "r", "", 4, True),
        (Acceptance(PRINT, expires_at_ns=5), "r", "", 5, False),
    ],
    ids=str,
)
def test_what_is_covered(asked: Acceptance, rule: str, place: str, now_ns: int, covered: bool) -> None:
    assert Acceptances([asked]).cover(lambda: PRINT, rule, place, now_ns) is covered


def test_no_value_is_hashed_where_no_value_is_accepted() -> None:
    assert not Acceptances([Acceptance(rule="r", scope="/w")]).cover(never, "s", "/w", 1)
    assert not Acceptances().cover(never, "s", "/w", 1)
    assert Acceptances([Acceptance(rule="r", expires_at_ns=FOREVER)]).cover(never, "r", "/w", 1)
