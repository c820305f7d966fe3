"""Files that commands run, on disk."""

import hashlib
import os
import stat

from companion.scan.scripts import LARGEST, LARGEST_SHOWN, DiskScripts


def made(tmp_path) -> DiskScripts:
    return DiskScripts(tmp_path / "memory", str(tmp_path / "home"))


def test_the_bytes_are_hashed_and_text_is_shown(tmp_path):
    (tmp_path / "x.sh").write_text("echo 1\n")
    (tmp_path / "bin").write_bytes(b"\x00\xff")
    text, binary = made(tmp_path).read(["x.sh", "bin", "./x.sh", "nowhere", ".", "a\0b"], str(tmp_path))
    assert (text.sha256, text.text) == (hashlib.sha256(b"echo 1\n").hexdigest(), "echo 1\n")
    assert binary.text is None


def test_links_lead_to_the_file_and_globs_to_all(tmp_path):
    (tmp_path / "real.sh").write_text("1")
    (tmp_path / "link.sh").symlink_to("real.sh")
    found = made(tmp_path).read(["*.sh"], str(tmp_path))
    assert [script.path for script in found] == [os.path.realpath(tmp_path / "real.sh")]


def test_a_pipe_is_no_script_and_a_long_file_is_known_by_its_times(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "long").open("wb") as file:
        file.truncate(LARGEST + 1)
    (tmp_path / "middle").write_text("x" * (LARGEST_SHOWN + 1))
    long, middle = made(tmp_path).read(["pipe", "long", "middle"], str(tmp_path))
    assert long.sha256.startswith("large-")
    assert middle.text is None
    os.utime(tmp_path / "long", (1, 1))
    assert made(tmp_path).read(["long"], str(tmp_path))[0].sha256 != long.sha256


def test_what_was_approved_is_remembered_for_its_owner(tmp_path):
    scripts = made(tmp_path)
    (tmp_path / "x.sh").write_text("echo 1\n")
    found = scripts.read(["x.sh"], str(tmp_path))
    assert scripts.approved(found[0].path) is None
    scripts.remember(found)
    assert scripts.approved(found[0].path) == "echo 1\n"
    [kept] = (tmp_path / "memory").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_without_a_folder_only_absolute_paths_are_read(tmp_path):
    (tmp_path / "x.sh").write_text("1")
    assert made(tmp_path).read(["x.sh"], "") == ()
    assert len(made(tmp_path).read([str(tmp_path / "x.sh")], "")) == 1
