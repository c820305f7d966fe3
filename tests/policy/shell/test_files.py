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


def deleted(command: str) -> set[tuple[str, str]]:
    return {(effect.target, effect.code) for effect in read_command(command) if effect.kind == "delete"}


@pytest.mark.parametrize("word", ["$TMPDIR/x/y", "${TMPDIR}/x/y/", '"$TMPDIR/x/y"', '"${TMPDIR}/x/y"'])
def test_below_the_folder_for_temporary_things_or_where_there_is_none_at_the_root(word: str):
    assert codes(f"rm -rf {word}") == {"delete-tree", "delete-at-root"}
    assert deleted(f"rm -rf {word}") == {("/tmp/x/y", "delete-tree"), ("/x", "delete-at-root")}


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf $TMPDIR",
        'rm -rf "$TMPDIR/"',
        "rm -rf $TMPDIR/*",
        "rm -rf $TMPDIR/..",
        'rm -rf "$TMPDIR/a/../.."',
        "rm -rf $TMPDIR/a/.",
        "rm -rf $TMPDIRS/a",
        "rm -rf $TMP/a",
        "rm -rf ${TMPDIR:-/}/a",
        "rm -rf ${TMPDIR%x}/a",
        "rm -rf $TMPDIR/$x",
        "rm -rf $TMPDIR/a b",
        "rm -rf x$TMPDIR/a",
        "TMPDIR=/home; rm -rf $TMPDIR/a",
        "TMPDIR=/home rm -rf $TMPDIR/a",
        "read TMPDIR; rm -rf $TMPDIR/a",
        "for TMPDIR in /home; do rm -rf $TMPDIR/a; done",
        "unset TMPDIR; rm -rf $TMPDIR/a",
        "cat $TMPDIR/etc/shadow",
        "mv src $TMPDIR/a",
    ],
)
def test_every_other_word_with_that_folder_is_asked_about(command: str):
    assert codes(command) - {"delete-tree", "delete-at-root", "delete", "reads-environment"}


def test_a_dry_run_of_rsync_only_looks():
    assert codes("rsync -avn --delete src/ dst/") == set()
    assert {effect.code for effect in read_command("rsync -n src dst") if effect.kind == "read"} == {"names"}


@pytest.mark.parametrize(
    "command",
    [
        "rsync -a src dst",
        "rsync -n src host:dst",
        "rsync -n -e ./x src dst",
        "rsync -n --rsh=./x src dst",
        "rsync -n --log-file=x src dst",
        "rsync -n $x dst",
        "rsync --no-dry-run -n src dst",
        "rsync -n --write-batch=x src dst",
    ],
)
def test_rsync_in_earnest_or_to_a_host_is_asked_about(command: str):
    assert "file-change" in codes(command)
