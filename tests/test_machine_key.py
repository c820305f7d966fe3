from __future__ import annotations

import stat

import pytest

from companion.edges.control.claim import Unclaimable
from companion.machine_key import hook_token_of, machine_key


def test_the_machine_key_is_made_once_and_is_the_users_alone(tmp_path):
    path = tmp_path / "machine.key"
    key = machine_key(path)
    assert len(key) == 32
    assert machine_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["machine.key"]


def test_what_a_killed_start_left_behind_is_in_nobodys_way(tmp_path):
    (tmp_path / "machine.new").write_bytes(b"half")
    assert len(machine_key(tmp_path / "machine.key")) == 32


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33])
def test_a_key_of_another_size_is_refused_with_the_way_out(tmp_path, content):
    path = tmp_path / "machine.key"
    path.write_bytes(content)
    with pytest.raises(Unclaimable, match=f"{len(content)} bytes long") as caught:
        machine_key(path)
    assert caught.value.next.startswith(f"mv {path} ")
    assert path.read_bytes() == content


def test_a_key_that_is_no_file_is_refused(tmp_path):
    (tmp_path / "machine.key").mkdir()
    with pytest.raises(Unclaimable, match="no file"):
        machine_key(tmp_path / "machine.key")
    (tmp_path / "other.key").symlink_to(tmp_path / "nowhere")
    with pytest.raises(Unclaimable, match="no file"):
        machine_key(tmp_path / "other.key")


def test_the_bearer_of_hooks_is_the_machines_own_and_tells_nothing_of_its_key():
    one, other = hook_token_of(b"a" * 32), hook_token_of(b"b" * 32)
    assert one == hook_token_of(b"a" * 32) != other
    assert one.startswith("cmph-")
    assert (b"a" * 32).hex() not in one
