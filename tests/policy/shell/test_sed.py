import pytest

from companion.policy.shell.read import read_command
from tests.support.shell import codes


def told(command: str) -> set[tuple[str, str]]:
    return {(str(effect.kind), effect.target) for effect in read_command(command) if effect.kind in {"read", "write"}}


@pytest.mark.parametrize(
    ("command", "effects"),
    [
        ("sed s/a/b/ x", {("read", "x")}),
        ("sed 's|a/b|c|g; s#d#e#' x", {("read", "x")}),
        ("sed -n 1,5p x y", {("read", "x"), ("read", "y")}),
        ("sed -i s/a/b/ x", {("write", "x")}),
        ("sed -i 's|a|b|g' x y", {("write", "x"), ("write", "y")}),
        ("sed -i.bak 's/a/b/g' x", {("write", "x"), ("write", "x.bak")}),
        ("sed --in-place=.orig -e 1d -e s,a,b, x", {("write", "x"), ("write", "x.orig")}),
        ("sed -Ei s/a/b/ x", {("write", "x")}),
        ("sed -i '' s/a/b/ x", {("write", "x")}),
        ("cd sub && sed -i s/a/b/ x", {("write", "sub/x")}),
    ],
)
def test_a_plain_script_reads_or_writes_its_files(command: str, effects: set[tuple[str, str]]):
    assert told(command) == effects
    assert codes(command) == ({"sed-in-place"} if "write" in {kind for kind, _ in effects} else set())


@pytest.mark.parametrize(
    "command",
    [
        "sed -i 's/a/b/w y' x",
        "sed -i 's/a/b/e' x",
        "sed -i 's|a|b|;w y' x",
        "sed -i '1r y' x",
        "sed -i 'e rm y' x",
        "sed -i -f script x",
        "sed -i s/a/b/",
        "sed -i$y s/a/b/ x",
        "sed -i '../*' s/a/b/ x",
        "sed -i.bak/../y s/a/b/ x",
        "sed -i --follow-symlinks s/a/b/ x",
        "sed -i $(date) x",
        "sed -i s/a/b/ *.js",
        "sed 's/a/b/w y' x",
    ],
)
def test_what_may_do_more_is_asked_about(command: str):
    assert codes(command) & {"sed-in-place", "unknown-option", "unknown-path", "unknown-word"}


@pytest.mark.parametrize("sign", ["|", "#", ",", "@", "/"])
def test_no_sign_hides_a_flag(sign: str):
    for flag in ("e", "w y", "gw y", "me"):
        assert "unknown-option" in codes(f"sed 's{sign}a{sign}b{sign}{flag}' x")


IN_PROJECT = {"package.json": "{}", ".git/HEAD": "ref: x"}.get


@pytest.mark.parametrize(
    ("command", "written"),
    [
        ("sed -i 's/a/b/' x", {"x"}),
        ("sed -i.bak -E 's|a|b|g; 3d' x y", {"x", "x.bak", "y", "y.bak"}),
        ("sed -i '5i\\    z = 1' x", {"x"}),
        ("sed -i '/^import os$/a import sys' x", {"x"}),
        ("sed -i '2c\\\nz; w y' x", {"x"}),
        ("sed -i 's/a/b/' x && sed -i 's/a/b/' y", {"x", "y"}),
        ("for f in x y; do sed -i 's/a/b/' \"$f\"; done", {"x", "y"}),
    ],
)
def test_in_a_project_a_plain_script_in_place_is_a_write_like_any_other(command: str, written: set[str]):
    effects = read_command(command, "/ws", look=IN_PROJECT)
    assert {effect.code for effect in effects} == {""}
    assert {effect.target for effect in effects if effect.kind == "write"} == written
    assert "sed-in-place" in codes(command)


@pytest.mark.parametrize(
    "command",
    [
        "sed -i 's/a/b/w y' x",
        "sed -i 's/a/b/e' x",
        "sed -i 'a foo\n1w y' x",
        "sed -i 'a foo\\\n1e y' x",
        "sed -i '1r y' x",
        "sed -i 'W y' x",
        "sed -i -f y x",
        "sed -i $z x",
        "sed -i s/a/b/",
        "sed -i s/a/b/ *.js",
        "sed -i s/a/b/ $y",
        "find . | xargs sed -i s/a/b/",
        "sed -i -s --follow-symlinks s/a/b/ x",
        "cd $y && sed -i s/a/b/ x",
    ],
)
def test_in_a_project_too_all_else_is_asked_about(command: str):
    found = {effect.code for effect in read_command(command, "/ws", look=IN_PROJECT)}
    assert found & {"sed-in-place", "unknown-path"}
