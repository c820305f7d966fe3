import pytest

from companion.policy.shell.read import read_command
from tests.support.shell import codes


@pytest.mark.parametrize(
    "command",
    [
        "touch a b",
        "touch -r a b",
        "mkdir -p a/b",
        "mkdir -m 755 a",
        "tee -a x",
        "cp a b",
        "cp -a a b",
        "mv a b",
        "mv -n a b c",
    ],
)
def test_harmless_options_name_nothing_but_paths(command: str):
    assert codes(command) == set()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("rm a", "delete"),
        ("rm -i a", "delete"),
        ("rm -r a", "rm-recursive"),
        ("rm -f a", "rm-recursive"),
        ("rm -vRf a", "rm-recursive"),
        ("rm --recursive a", "rm-recursive"),
        ("rm -rf -- -x", "rm-recursive"),
        ("rm -rf $x", "rm-recursive"),
        ("rm -rf *", "rm-recursive"),
        ("rm $(ls)", "unknown-path"),
        ("rm --recur a", "unknown-option"),
        ("rmdir a", "rm"),
        ("unlink a", "rm"),
        ("rmdir x", "rm"),
        ("cp -t a b", "unknown-option"),
        ("cp -s a b", "unknown-option"),
        ("cp a", "unknown-word"),
        ("cp a $1", "unknown-path"),
        ("mv --backup a b", "unknown-option"),
        ("chmod -R 777 .", "chmod-recursive"),
        ("chmod --recursive 777 .", "chmod-recursive"),
        ("chmod +x a", "ownership"),
        ("tee $1", "unknown-path"),
        ("tee *.x", "unknown-path"),
    ],
)
def test_the_rest_is_named(command: str, code: str):
    assert code in codes(command)


def test_what_moves_is_written_at_both_ends():
    written = {effect.target for effect in read_command("mv a/x b/ && cp c/y d") if effect.kind == "write"}
    assert written == {"a/x", "b", "b/x", "d", "d/y"}


def test_every_path_of_a_recursive_rm_is_told():
    assert {e.target for e in read_command("cd s && rm -rf a b/*.o") if e.kind == "delete"} == {"s/a", "s/b/*.o"}
