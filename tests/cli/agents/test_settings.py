"""Files are written at once or not at all, and no key is shown."""

import pytest

from companion.cli.agents.errors import Impossible
from companion.cli.agents.settings import diff, look, make_folders, mask, missing_folders, put_in_place, remove_empty


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('"apiKey": "sk-ant-0123456789abcdef"', '"apiKey": "…cdef"'),
        ('"apiKey": "short"', '"apiKey": "…"'),
        ('Authorization = "Bearer cmp-' + "a" * 39 + 'wxyz"', 'Authorization = "Bearer cmp-…wxyz"'),
        ('"x": "cmp-' + "a" * 39 + 'wxyz"', '"x": "cmp-…wxyz"'),
        ('"AWS_SECRET": "abcdefgh"', '"AWS_SECRET": "…"'),
        ("env = { OPENAI_API_KEY = 'abcdefgh' }", "env = { OPENAI_API_KEY = '…' }"),
        ('["--token-like", "ghp_0123456789abcdefABCD"]', '["--token-like", "…ABCD"]'),
        ('"tokenSource": "manual"', '"tokenSource": "manual"'),
        ('"apiKey": "cmp-… made by companion connect"', '"apiKey": "cmp-… made by companion connect"'),
    ],
)
def test_keys_are_masked(text, shown):
    assert mask(text) == shown


def test_a_diff_steers_no_terminal(tmp_path):
    assert "\x1b" not in diff(tmp_path, b"a\n", b"a\n\x1b[31mb\n")
    assert diff(tmp_path, b"a\n", b"a\n") == ""
    assert diff(tmp_path, None, b"a\n").startswith("--- /dev/null\n")


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"theirs")
    with pytest.raises(Impossible, match="was changed while"):
        put_in_place(path, b"ours", 0o600, b"before")
    with pytest.raises(Impossible, match="was changed while"):
        put_in_place(path, b"ours", 0o600, None)
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]
    put_in_place(path, b"ours", 0o640, b"theirs", 10**18)
    assert (path.read_bytes(), path.stat().st_mode & 0o777, path.stat().st_mtime_ns) == (b"ours", 0o640, 10**18)


def test_what_is_no_file(tmp_path):
    with pytest.raises(Impossible, match="is not a file"):
        look(tmp_path)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(Impossible, match="loop"):
        look(loop)
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(5 * 1024 * 1024)
    with pytest.raises(Impossible, match="not that large"):
        look(big)


def test_a_link_to_nothing_is_a_file_to_make(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "there" / "f")
    found = look(link)
    assert (found.path, found.content, found.linked) == (tmp_path / "there" / "f", None, True)


def test_folders_are_made_private_and_taken_away_when_empty(tmp_path):
    inner = tmp_path / "a" / "b"
    made = missing_folders(inner)
    assert made == [tmp_path / "a", inner]
    make_folders(inner)
    assert {one.stat().st_mode & 0o777 for one in made} == {0o700}
    (tmp_path / "a" / "theirs").touch()
    remove_empty(made)
    assert [one.exists() for one in made] == [True, False]
